// SPDX-License-Identifier: GPL-2.0-only
/* Files that are replaced as a whole, and what remains after an error. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "output.h"
#include "tap.h"

#define TEXT_MAX 64

static char *dir;

static char *in_dir(const char *name)
{
	return mu_format("%s/%s", dir, name);
}

/* Return: the contents, valid until the next call. */
static const char *read_contents(const char *path)
{
	static char text[TEXT_MAX];
	FILE *in = fopen(path, "r");

	memset(text, 0, sizeof(text));
	if (!in)
		return NULL;
	if (!fread(text, 1, sizeof(text) - 1, in))
		text[0] = '\0';
	fclose(in);
	return text;
}

static bool write_text(const char *path, const char *text, bool keep)
{
	struct mu_output output = { .path = path };
	FILE *out = mu_output_begin(&output);

	if (!out)
		return false;
	fputs(text, out);
	return mu_output_end(&output, keep);
}

static size_t count_files(void)
{
	DIR *d = opendir(dir);
	size_t nr = 0;

	while (readdir(d))
		nr++;
	closedir(d);
	return nr - 2;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode;
}

static void test_files(void)
{
	char *path = in_dir("file"), *link = in_dir("link");
	struct mu_output output = { .path = path };

	umask(027);
	tap_ok(write_text(path, "one\n", true), "a new file is written");
	is_text(read_contents(path), "one\n", "with its contents");
	is_number(mode_of(path) & 0777, 0640, "and the mode of a new file");
	chmod(path, 0604);
	fputs("two\n", mu_output_begin(&output));
	is_text(read_contents(path), "one\n", "until the end the old contents are there");
	tap_ok(mu_output_end(&output, true), "a file is replaced");
	is_text(read_contents(path), "two\n", "by the new contents");
	is_number(mode_of(path) & 0777, 0604, "and keeps its mode");
	tap_ok(!write_text(path, "three\n", false), "what is not complete is not kept");
	is_text(read_contents(path), "two\n", "and the old contents stay");
	tap_ok(!symlink("file", link) && write_text(link, "four\n", true), "a link is written");
	tap_ok(S_ISLNK(mode_of(link)), "and stays a link");
	is_text(read_contents(path), "four\n", "to the new contents");
	is_number(count_files(), 2, "no other files are left");
	unlink(link);
	unlink(path);
	free(link);
	free(path);
}

/* Another user may own the directory. */
static void test_textfiles(void)
{
	char *path = in_dir("a.prom"), *other = in_dir("other");
	struct mu_output output = { .path = path, .is_textfile = true };
	FILE *out;

	umask(077);
	out = mu_output_begin(&output);
	fputs("one\n", out);
	tap_ok(strcmp(output.temporary + strlen(output.temporary) - 5, ".prom"),
	       "a textfile has another name while it is written");
	tap_ok(mu_output_end(&output, true), "a textfile is written");
	is_number(mode_of(path) & 0777, 0644, "everybody can read it");
	unlink(path);
	write_text(other, "other\n", true);
	tap_ok(!symlink("other", path), "another user makes a link of its name");
	fputs("two\n", mu_output_begin(&output));
	tap_ok(mu_output_end(&output, true) && S_ISREG(mode_of(path)), "which is replaced");
	is_text(read_contents(other), "other\n", "and not followed");
	unlink(path);
	tap_ok(!mkfifo(path, 0666), "another user makes a FIFO of its name");
	fputs("three\n", mu_output_begin(&output));
	tap_ok(mu_output_end(&output, true) && S_ISREG(mode_of(path)), "which is replaced, too");
	mu_output_remove(&output);
	mu_output_remove(&output);
	is_number(mode_of(path), 0, "a textfile is removed at the end");
	unlink(other);
	is_number(count_files(), 0, "nothing else is left");
	free(other);
	free(path);
}

static void test_errors(void)
{
	char *missing = in_dir("missing/file");

	tap_ok(!write_text(missing, "x", true), "a missing directory is an error");
	tap_ok(!write_text(dir, "x", true), "so is a directory");
	tap_ok(!write_text("/dev/full", "x", true), "so is a full device");
	tap_ok(S_ISCHR(mode_of("/dev/full")), "which is not replaced");
	tap_ok(write_text("/dev/null", "x", true), "a device is written itself");
	is_number(count_files(), 0, "nothing is left");
	free(missing);
}

int main(void)
{
	char template[] = "/tmp/mu-output-XXXXXX";

	dir = mkdtemp(template);
	if (!dir)
		return 1;
	test_files();
	test_textfiles();
	test_errors();
	rmdir(dir);
	return done_testing();
}
