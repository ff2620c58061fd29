// SPDX-License-Identifier: GPL-2.0-only
/* Names of generated code: the text of a perf map, and the file that a process has. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit_names.h"
#include "perf_map.h"
#include "tap.h"
#include "top_tree.h"

#define MAP "root/tmp/perf-7.map"

static void check_map(const char *text, uint64_t address, const char *wanted, const char *claim)
{
	struct mu_perf_map *map = mu_perf_map_new(mu_strndup(text, strlen(text)), strlen(text));
	uint64_t offset;
	char *name = mu_perf_map_name(map, address, &offset);
	char *got = name ? mu_format("%s+0x%" PRIx64, name, offset) : mu_format("none");

	is_text(got, wanted, claim);
	free(name);
	free(got);
	mu_perf_map_free(map);
}

static void test_lines(void)
{
	check_map("1000 10 one\n2000 20 two\n", 0x1000, "one+0x0", "a function's first byte");
	check_map("1000 10 one\n2000 20 two\n", 0x100f, "one+0xf", "its last byte");
	check_map("1000 10 one\n2000 20 two\n", 0x1010, "none", "the byte behind it");
	check_map("1000 10 one\n2000 20 two\n", 0xfff, "none", "the byte before it");
	check_map("0x7f0000001000 0xFf LazyCompile:*f /a b.js:1:2\n", 0x7f00000010fe,
		  "LazyCompile:*f /a b.js:1:2+0xfe", "numbers with 0x, and names with spaces");
	check_map("1000 10 a\\b\033[2J\351\n", 0x1000, "a\\134b\\033[2J\\351+0x0",
		  "names are escaped");
	check_map("1000 10 one\n2000 20 tw", 0x2000, "none", "a line that is not whole is skipped");
	check_map("", 0x1000, "none", "an empty map");
	check_map("ffffffffffffff00 ff end\n", 0xfffffffffffffffe, "end+0xfe",
		  "the end of the address space");
}

static void test_malformed_lines(void)
{
	static const char *const lines[] = {
		"\n",
		"1000\n",
		"1000 10\n",
		"1000 10 \n",
		"1000 10  \n",
		" 1 2 x\n",
		"1000\t10 one\n",
		"1000 0 one\n",
		"zz 10 one\n",
		"1000 1g one\n",
		"0x 10 a\n",
		"1000 0x a\n",
		"-1 10 one\n",
		"10000000000000000 1 one\n",
		"ffffffffffffffff 1 one\n",
		"1000 ffffffffffffffff one\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *text = mu_format("%s3000 10 good\n", lines[i]);

		check_map(text, 0x3001, "good+0x1", "the line behind a malformed one is used");
		if (i != 4)
			check_map(text, 0x1000, "none", "a malformed line is not");
		free(text);
	}
}

static void test_overlaps(void)
{
	const char *inside = "1000 100 outer\n1020 10 inner\n";
	const char *around = "1020 10 inner\n1000 100 outer\n";
	const char *shifted = "1000 100 first\n1080 100 second\n1040 20 third\n1048 80 fourth\n";

	check_map(inside, 0x1010, "outer+0x10", "a function before a later one inside it");
	check_map(inside, 0x1020, "inner+0x0", "the later one");
	check_map(inside, 0x1030, "outer+0x30", "the function behind the later one");
	check_map(around, 0x1024, "outer+0x24", "a later function replaces a smaller one");
	check_map("1000 10 old\n1000 10 new\n", 0x1004, "new+0x4", "the same function once more");
	check_map("1000 10 old\n1000 8 new\n", 0x1008, "old+0x8", "what the new one leaves");
	check_map(shifted, 0x1040, "third+0x0", "four functions: the third");
	check_map(shifted, 0x105f, "fourth+0x17", "the fourth over the third");
	check_map(shifted, 0x10c7, "fourth+0x7f", "the fourth over the second");
	check_map(shifted, 0x10c8, "second+0x48", "the second behind the fourth");
	check_map(shifted, 0x103f, "first+0x3f", "the first");
}

/* More lines than are kept: the first ones are left out. */
static void test_many_lines(void)
{
	size_t nr = (1 << 20) + 1, len = 0;
	char *text = mu_zalloc(nr * 16 + 1);
	struct mu_perf_map *map;
	uint64_t offset;
	char *name;

	for (size_t i = 0; i < nr; i++)
		len += sprintf(text + len, "%zx 1 f\n", i + 1);
	map = mu_perf_map_new(text, len);
	name = mu_perf_map_name(map, 1, &offset);
	tap_ok(!name, "of too many lines, the first one is left out");
	name = mu_perf_map_name(map, nr, &offset);
	is_text(name, "f", "and the last one is used");
	free(name);
	name = mu_perf_map_name(map, 2, &offset);
	is_text(name, "f", "and the second one");
	free(name);
	mu_perf_map_free(map);
	text = mu_zalloc(5000);
	memset(text, 'n', 5000);
	memcpy(text, "1 1 ", 4);
	text[4999] = '\n';
	map = mu_perf_map_new(text, 5000);
	name = mu_perf_map_name(map, 1, &offset);
	is_number(strlen(name), 2047, "a name is truncated");
	free(name);
	mu_perf_map_free(map);
}

/* === The file === */

static void put_status(unsigned int uid)
{
	char *text = mu_format("Name:\tNSpid:\t1\nUid:\t99\t%u\t99\t99\nNSpid:\t4711\t52\t7\n",
			       uid);

	put_file("status", text);
	free(text);
}

static void check_name(struct mu_jit_names *names, const char *wanted, const char *claim)
{
	uint64_t offset = 0;
	const char *name = mu_jit_names_find(names, 0x1004, &offset);

	is_text(name ? name : "none", wanted, claim);
	if (name)
		is_number(offset, 4, "with its offset");
}

static void hold_and_check(struct mu_jit_names *names, const char *wanted, const char *claim)
{
	mu_jit_names_hold(names);
	check_name(names, wanted, claim);
}

static void test_changes(void)
{
	struct mu_jit_names *names = mu_jit_names_new(tree_fd);

	hold_and_check(names, "none", "a process without a map has no names");
	put_file(MAP, "1000 10 one\n");
	check_name(names, "none", "a new map is not read within a table");
	hold_and_check(names, "one", "but for the next one");
	put_file(MAP, "1000 10 one\n2000 10 two\n1000 8 three\n");
	check_name(names, "one", "nor is one that has grown");
	hold_and_check(names, "three", "it is read again for the next table");
	hold_and_check(names, "three", "an unchanged map has the same names");
	unlinkat(tree_fd, MAP, 0);
	hold_and_check(names, "three", "a map that is removed stays in use");
	put_file(MAP, "1000 10 four\n");
	hold_and_check(names, "four", "until there is another one");
	put_file(MAP, "");
	hold_and_check(names, "none", "a map that was emptied has no names");
	put_file(MAP, "1000 10 five\n");
	mu_jit_names_hold(names);
	unlinkat(tree_fd, "status", 0);
	unlinkat(tree_fd, MAP, 0);
	hold_and_check(names, "five", "a process that has exited keeps its map");
	is_number(mu_jit_names_errors(names), 0, "nothing of this is an error");
	mu_jit_names_free(names);
}

static void check_refused(const char *claim)
{
	struct mu_jit_names *names = mu_jit_names_new(tree_fd);

	mu_jit_names_hold(names);
	is_number(mu_jit_names_errors(names), 0, "a map that is not needed is no error");
	check_name(names, "none", claim);
	hold_and_check(names, "none", "also for the next table");
	is_number(mu_jit_names_errors(names), 1, "and is reported once");
	mu_jit_names_free(names);
	unlinkat(tree_fd, MAP, 0);
}

static void test_refused(void)
{
	put_status(geteuid());
	put_file("root/tmp/other", "1000 10 secret\n");
	put_link(MAP, "other");
	check_refused("a link is not followed");
	put_link(MAP, "/etc/passwd");
	check_refused("nor is one that would lead out of the root");
	mkfifoat(tree_fd, MAP, 0600);
	check_refused("a fifo is not opened");
	mkdirat(tree_fd, MAP, 0700);
	check_refused("nor is a directory");
	unlinkat(tree_fd, MAP, AT_REMOVEDIR);
	put_status(geteuid() + 1);
	put_file(MAP, "1000 10 one\n");
	if (!geteuid() && fchownat(tree_fd, MAP, 12345, 12345, 0))
		perror(MAP);
	check_refused("a file of another user is not used");
}

/* /tmp leads to another directory of the root: a link on the way is followed inside the root. */
static void test_root(void)
{
	struct mu_jit_names *names;

	put_status(geteuid());
	unlinkat(tree_fd, "root/tmp/other", 0);
	unlinkat(tree_fd, "root/tmp", AT_REMOVEDIR);
	put_link("root/tmp", "/var/tmp");
	put_file("root/var/tmp/perf-7.map", "1000 10 inside\n");
	names = mu_jit_names_new(tree_fd);
	hold_and_check(names, "inside", "a link to a directory stays inside the root");
	mu_jit_names_free(names);
}

/* A map of more than 64 MiB: its end is read, and its first line there is not whole. */
static void test_large(void)
{
	const off_t behind = (off_t)64 << 20;
	const char *cut = "1000 10 cut\n1000 10 last\n", *hidden = "1 0";
	struct mu_jit_names *names;
	int fd = openat(tree_fd, "root/var/tmp/perf-7.map", O_WRONLY | O_TRUNC);
	bool good = fd >= 0 && pwrite(fd, "1000 10 first\n", 14, 0) == 14 &&
		    pwrite(fd, cut, strlen(cut), behind) == (ssize_t)strlen(cut) &&
		    pwrite(fd, hidden, 3, strlen(cut)) == 3;

	tap_ok(good, "a large map is written");
	names = mu_jit_names_new(tree_fd);
	hold_and_check(names, "last", "its end is read");
	mu_jit_names_free(names);
	good = !ftruncate(fd, 0) && pwrite(fd, "1000 10 first\n", 14, 0) == 14 &&
	       pwrite(fd, "2000 10 last\n", 13, behind) == 13;
	tap_ok(good, "and once more");
	names = mu_jit_names_new(tree_fd);
	hold_and_check(names, "none", "and its beginning is not");
	mu_jit_names_free(names);
	close(fd);
}

int main(void)
{
	test_lines();
	test_malformed_lines();
	test_overlaps();
	test_many_lines();
	if (!make_tree())
		return 1;
	put_status(geteuid());
	put_file("root/tmp/empty", "");
	unlinkat(tree_fd, "root/tmp/empty", 0);
	test_changes();
	test_refused();
	test_root();
	test_large();
	remove_tree();
	return done_testing();
}
