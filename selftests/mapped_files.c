// SPDX-License-Identifier: GPL-2.0-only
/*
 * An attach reads the file that is mapped, even if the path now leads to another file. Code in
 * memory that differs from its file gets no breakpoint, and a file that cannot be read is named.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

FIXTURE(file)
{
	struct mst_program prog;
	char library[300], preload[320];
	pid_t denier;
};

/* Copies the content of a file; if @to exists already, it is overwritten in place. */
static void copy_content(const char *from, const char *to)
{
	char bytes[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	if (in < 0 || out < 0)
		mst_die("%s or %s: %m", from, to);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, n) != n)
			mst_die("write %s: %m", to);
	close(in);
	close(out);
}

static const char *path_below(const char *dir, const char *name)
{
	static char path[4][300];
	static int turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void mount_overlay(const char *dir)
{
	char options[1024];

	mkdir(path_below(dir, "upper"), 0755);
	mkdir(path_below(dir, "work"), 0755);
	mkdir(path_below(dir, "merged"), 0755);
	snprintf(options, sizeof(options), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 dir, dir, dir);
	if (mount("overlay", path_below(dir, "merged"), "overlay", 0, options))
		mst_die("mount overlay: %m");
}

static void stop_denying(pid_t *denier)
{
	if (!*denier)
		return;
	kill(*denier, SIGKILL);
	waitpid(*denier, NULL, 0);
	*denier = 0;
}

FIXTURE_SETUP(file)
{
	const char *dir = mst_scratch();

	mst_fresh();
	/* The scratch directory may be on an overlay; mount a tmpfs there. */
	if (mount("tmpfs", dir, "tmpfs", 0, NULL))
		mst_die("mount tmpfs: %m");
	mkdir(path_below(dir, "lower"), 0755);
	copy_content(mst_here("programs/libtoy.so"), path_below(dir, "lower/libtoy.so"));
	mount_overlay(dir);
	snprintf(self->library, sizeof(self->library), "%s/merged/libtoy.so", dir);
	snprintf(self->preload, sizeof(self->preload), "LD_PRELOAD=%s", self->library);
	mst_spawn(&self->prog, self->preload, "chain", NULL);
}

FIXTURE_TEARDOWN(file)
{
	mst_fresh();
	stop_denying(&self->denier);
	umount2(path_below(mst_scratch(), "merged"), MNT_DETACH);
	umount2(mst_scratch(), MNT_DETACH);
}

/* "bytes_unwind_of_BUILDID": the counter of this library's unwind data in stats. */
static const char *name_in_stats(const char *library)
{
	static const unsigned char head[] = {
		4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0
	};
	static char name[2][80];
	static int turn;
	char *text = name[turn++ % 2];
	unsigned char bytes[4096], *id;
	int fd = open(library, O_RDONLY), i, n = sprintf(text, "bytes_unwind_of_");

	if (fd < 0 || read(fd, bytes, sizeof(bytes)) != sizeof(bytes))
		mst_die("%s: %m", library);
	close(fd);
	id = memmem(bytes, sizeof(bytes) - 20, head, sizeof(head));
	if (!id)
		mst_die("%s has no build-id", library);
	for (i = 0; i < 20; i++)
		n += sprintf(text + n, "%02x", id[sizeof(head) + i]);
	return text;
}

static bool has_unwind_data_of(const char *library)
{
	char *stats = mst_text("stats");
	bool has = strstr(stats, name_in_stats(library));

	free(stats);
	return has;
}

static void trace_two_steps(struct mst_program *prog, bool *exact)
{
	mst_step(prog, "go");
	*exact = mst_exact(prog);
	mst_step(prog, "go");
	*exact &= mst_exact(prog);
}

/*
 * The library is overwritten through the overlay while it is mapped. Its path now leads to a new
 * file with the functions at other offsets; the mapping still has the file of the lower layer.
 */
TEST_F(file, copied_up_is_traced_as_mapped)
{
	const char *moved = mst_here("programs/libtoy_moved.so");
	bool exact;

	copy_content(moved, self->library);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	trace_two_steps(&self->prog, &exact);
	EXPECT_TRUE(exact);
	EXPECT_TRUE(has_unwind_data_of(mst_here("programs/libtoy.so")));
	EXPECT_FALSE(has_unwind_data_of(moved));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* A process started after the copy-up maps the new file, at the same path. */
TEST_F(file, of_one_path_and_its_copy_are_traced_at_once)
{
	struct mst_program late;
	bool exact;

	copy_content(mst_here("programs/libtoy_moved.so"), self->library);
	mst_spawn(&late, self->preload, "chain", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d", late.pid));
	trace_two_steps(&self->prog, &exact);
	EXPECT_TRUE(exact);
	trace_two_steps(&late, &exact);
	EXPECT_TRUE(exact);
	EXPECT_EQ(0, mst_end(&late));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Return: the address in the target of the probe that control shows: "FUNC libtoy.so+0xOFFSET". */
static unsigned long address_of_probe(pid_t pid, const char *library, const char *func)
{
	char line[16384], wanted[100], maps[64], path[512];
	unsigned long address, begin, offset, base = 0;
	const char *at;
	FILE *file;

	if (!mst_line(mst_id(pid), line, sizeof(line)))
		mst_die("pid %d is not in control", pid);
	snprintf(wanted, sizeof(wanted), " %s libtoy.so+0x", func);
	at = strstr(line, wanted);
	if (!at || sscanf(at + strlen(wanted), "%lx", &address) != 1)
		mst_die("no probe \"%s\" in the target's line: %s", wanted, line);
	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	file = fopen(maps, "r");
	while (file && !base && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-%*x %*s %lx %*s %*s %511s", &begin, &offset, path) == 3 &&
		    !offset && !strcmp(path, library))
			base = begin;
	if (!base)
		mst_die("%s is not mapped in process %d", library, pid);
	fclose(file);
	return base + address;
}

/* Flips the bits @change of the word at @addr of a stopped process. */
static void change_code(pid_t pid, unsigned long addr, long change)
{
	long word = ptrace(PTRACE_PEEKTEXT, pid, (void *)addr, NULL);

	if (ptrace(PTRACE_POKETEXT, pid, (void *)addr, (void *)(word ^ change)))
		mst_die("PTRACE_POKETEXT: %m");
}

/* Like a program that patches its own functions, but patched from outside. */
TEST_F(file, that_differs_from_code_in_memory_is_refused)
{
	static const char *const functions[] = { "malloc", "free", "realloc" };
	bool exact;
	size_t i;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		unsigned long addr = address_of_probe(self->prog.pid, self->library, functions[i]);
		char reason[100];
		int status;

		mst_fresh();
		ASSERT_EQ(0, ptrace(PTRACE_ATTACH, self->prog.pid, NULL, NULL));
		ASSERT_EQ(self->prog.pid, waitpid(self->prog.pid, &status, 0));
		change_code(self->prog.pid, addr, 0x10);
		EXPECT_EQ(EFAULT, mst_command("attach %d", self->prog.pid));
		snprintf(reason, sizeof(reason),
			 "the code of %s of libtoy.so in memory differs from its file",
			 functions[i]);
		EXPECT_CONTAINS(mst_refusal, reason);
		EXPECT_EQ(0, mst_stat(0, "probes"));
		change_code(self->prog.pid, addr, 0x10);
		ASSERT_EQ(0, ptrace(PTRACE_DETACH, self->prog.pid, NULL, NULL));
		/* The refusal leaves nothing behind: the next attach is exact. */
		ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	}
	trace_two_steps(&self->prog, &exact);
	EXPECT_TRUE(exact);
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Starts a child that denies opening @path. Returns when it is ready. */
static pid_t deny_opening(const char *path)
{
	int ready[2], group;
	pid_t pid;
	char c;

	if (pipe(ready))
		mst_die("pipe: %m");
	pid = fork();
	if (pid) {
		close(ready[1]);
		if (read(ready[0], &c, 1) != 1)
			mst_die("fanotify cannot deny opening %s", path);
		close(ready[0]);
		return pid;
	}
	group = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);
	if (group < 0 || fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, path))
		_exit(1);
	if (write(ready[1], "", 1) != 1)
		_exit(1);
	for (;;) {
		struct fanotify_event_metadata event;
		struct fanotify_response answer = { .response = FAN_DENY };

		if (read(group, &event, sizeof(event)) != sizeof(event))
			_exit(0);
		answer.fd = event.fd;
		if (write(group, &answer, sizeof(answer)) != sizeof(answer))
			_exit(1);
		close(event.fd);
	}
}

/* The refusal and the report name the file, whose allocator is not traced. */
TEST_F(file, that_cannot_be_read_is_named)
{
	const char *library = path_below(mst_scratch(), "plain.so");
	char preload[320], *report;

	EXPECT_EQ(0, mst_end(&self->prog));
	copy_content(mst_here("programs/libtoy.so"), library);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
	mst_spawn(&self->prog, preload, "chain", NULL);
	self->denier = deny_opening(library);
	EXPECT_EQ(ENOENT, mst_command("attach %d object=plain.so", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "plain.so cannot be read (EPERM)");
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	report = mst_text("report");
	EXPECT_CONTAINS(report, "\nunseen unreadable plain.so: its file cannot be read "
				"(EPERM), so it may define an allocator\n");
	free(report);
	mst_fresh();
	stop_denying(&self->denier);
	/* The file is read again: the failure was not cached. */
	EXPECT_ACCEPTED(mst_command("attach %d object=plain.so", self->prog.pid));
	EXPECT_EQ(0, mst_end(&self->prog));
}

static bool is_refused_with_list(pid_t pid, const char *object, const char *why)
{
	bool refused = mst_command("attach %d object=%s", pid, object) == ENOENT;
	const char *list = strstr(mst_refusal, "(allocators: ");

	if (refused && list && strstr(mst_refusal, why) && strstr(list, "libtoy.so") &&
	    strstr(list, mst_libc()))
		return true;
	mst_say("expected ENOENT, \"%s\" and a list with libtoy.so and %s, got: %s", why,
		mst_libc(), mst_refusal);
	return false;
}

/* The answer to a typing error in object= lists the names of the allocators. */
TEST_F(file, that_is_no_allocator_is_refused_with_a_list)
{
	pid_t pid = self->prog.pid;

	EXPECT_TRUE(is_refused_with_list(pid, "libtoi.so", "no object libtoi.so is mapped"));
	EXPECT_TRUE(is_refused_with_list(pid, "chain", "chain does not define malloc and free"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
