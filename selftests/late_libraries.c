// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocators that a target maps after the attach: they are probed within a second, what they have
 * allocated before is counted, and their probes are removed when they are gone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define ALLOCATOR "programs/liblate_alloc.so"
#define FILES 10

static char path[FILES][200];

FIXTURE(late)
{
	struct mst_program prog, daemon, other;
	int id;
};

/* Ten files with the same allocator. */
FIXTURE_SETUP(late)
{
	char command[600];
	int i;

	mst_fresh();
	for (i = 0; i < FILES; i++)
		snprintf(path[i], sizeof(path[i]), "%s/lib%d.so", mst_scratch(), i + 1);
	snprintf(command, sizeof(command), "for i in $(seq %d); do cp %s %s/lib$i.so; done", FILES,
		 mst_here(ALLOCATOR), mst_scratch());
	if (system(command))
		mst_die("%s", command);
}

FIXTURE_TEARDOWN(late)
{
	char mnt[200];

	mst_fresh();
	if (self->daemon.pid)
		mst_kill(&self->daemon);
	if (self->prog.pid)
		mst_kill(&self->prog);
	if (self->other.pid)
		mst_kill(&self->other);
	snprintf(mnt, sizeof(mnt), "%s/mnt", mst_scratch());
	umount2(mnt, MNT_DETACH);
}

/* Return: the id of the target. */
static int start_program(struct mst_program *prog, const char *options)
{
	mst_spawn(prog, "libraries", path[0], path[1], path[2], path[3], path[4], path[5], path[6],
		  path[7], path[8], NULL);
	if (mst_command("attach %d%s", prog->pid, options))
		mst_die("%s", mst_refusal);
	return mst_id(prog->pid);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool control_has(const char *text)
{
	char *control = mst_text("control");
	bool has = strstr(control, text);

	free(control);
	return has;
}

/* Return: how many milliseconds it takes until control has (or lacks) a text; -1: too many. */
static long wait_for(const char *text, bool wanted)
{
	long begin = now_ms();

	if (MST_WAIT_UNTIL(control_has(text) == wanted))
		return now_ms() - begin;
	mst_say("control does not %s \"%s\"", wanted ? "have" : "lack", text);
	return -1;
}

/* Return: how many milliseconds it takes until a library is probed; -1: it was not. */
static long time_until_probed(int number)
{
	char line[64];
	long ms;

	snprintf(line, sizeof(line), "unseen late lib%d.so: ", number);
	ms = wait_for(line, true);
	mst_say("lib%d.so was probed after %ld ms", number, ms);
	return ms;
}

static bool is_probed(int number)
{
	return time_until_probed(number) >= 0;
}

/* Return: true if exactly the blocks are shown that the chosen library allocates from now on. */
static bool is_exact_from_now(struct mst_program *prog)
{
	if (mst_command("clear %d", prog->pid))
		mst_die("%s", mst_refusal);
	mst_step(prog, "keep");
	return mst_sound(mst_id(prog->pid));
}

static size_t rows_of_3000(int id)
{
	struct mst_rows rows;
	size_t i, n = 0;

	mst_rows(&rows, "targets/%d/allocations", id);
	for (i = 0; i < rows.count; i++)
		n += rows.row[i].size == 3000;
	mst_rows_free(&rows);
	return n;
}

/* Most of them are: a busy host delays all of the machine for a while. */
TEST_F(late, an_opened_allocator_is_probed_within_a_second)
{
	char step[2] = "";
	int i, in_time = 0;

	self->id = start_program(&self->prog, "");
	for (i = 1; i <= 5; i++) {
		long ms;

		step[0] = '0' + i;
		mst_step(&self->prog, step);
		mst_step(&self->prog, "open");
		ms = time_until_probed(i);
		ASSERT_GE(ms, 0);
		in_time += ms < mst_time(1000, 10000);
	}
	EXPECT_GE(in_time, 3);
}

TEST_F(late, an_opened_allocator_is_traced_and_reported)
{
	char *report;

	self->id = start_program(&self->prog, "");
	mst_step(&self->prog, "open");
	ASSERT_TRUE(is_probed(1));
	EXPECT_TRUE(control_has("malloc lib1.so+0x"));
	EXPECT_TRUE(control_has("free lib1.so+0x"));
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
	report = mst_text("report");
	EXPECT_CONTAINS(report, "unseen late lib1.so: its malloc and free are traced since ");
	EXPECT_CONTAINS(report, "3000 bytes in 1 allocations from stack");
	EXPECT_CONTAINS(report, "libraries+0x");
	EXPECT_LACKS(report, "unseen allocator");
	free(report);
	EXPECT_EQ(0, mst_end(&self->prog));
	self->prog.pid = 0;
}

/* The line says how long the library was not traced, at most; it cannot be less than it was. */
TEST_F(late, what_it_allocated_before_is_counted)
{
	self->id = start_program(&self->prog, "");
	mst_step(&self->prog, "open");
	mst_step(&self->prog, "before");
	ASSERT_TRUE(is_probed(1));
	EXPECT_EQ(0, mst_stat(self->id, "late_free"));
	mst_step(&self->prog, "free");
	EXPECT_EQ(3, mst_stat(self->id, "late_free"));
	EXPECT_EQ(0, mst_stat(self->id, "unknown_free"));
	mst_step(&self->prog, "before");
	mst_step(&self->prog, "free");
	EXPECT_EQ(3, mst_stat(self->id, "late_free"));
	EXPECT_TRUE(mst_sound(self->id));
}

TEST_F(late, one_that_comes_back_elsewhere_is_traced)
{
	self->id = start_program(&self->prog, "");
	mst_step(&self->prog, "open");
	ASSERT_TRUE(is_probed(1));
	mst_step(&self->prog, "close");
	mst_step(&self->prog, "place");
	mst_step(&self->prog, "open");
	/* Its file still has probes: the kernel puts them there at once. */
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "close");
	EXPECT_GE(wait_for("malloc lib1.so+0x", false), 0);
	mst_step(&self->prog, "open");
	ASSERT_TRUE(is_probed(1));
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_EQ(1, rows_of_3000(self->id));
}

/* Neither probes nor files pile up. */
TEST_F(late, ten_different_ones_in_turn_leave_nothing)
{
	long long probes;
	char step[2] = "";
	int i;

	self->id = start_program(&self->prog, "");
	probes = mst_stat(0, "probes");
	for (i = 1; i < FILES; i++) {
		step[0] = '0' + i;
		mst_step(&self->prog, step);
		mst_step(&self->prog, "open");
		EXPECT_TRUE(is_probed(i));
		/* They may all have the same place, and so their blocks. */
		EXPECT_TRUE(is_exact_from_now(&self->prog));
		EXPECT_EQ(1, rows_of_3000(self->id));
		mst_step(&self->prog, "close");
	}
	EXPECT_GE(wait_for(".so+0x", true), 0);
	EXPECT_GE(wait_for("malloc lib9.so+0x", false), 0);
	EXPECT_GE(wait_for("malloc lib8.so+0x", false), 0);
	/* Lines leave control before the probes are removed. */
	EXPECT_TRUE(mst_wait_stat("probes", probes));
	EXPECT_TRUE(mst_sound(self->id));
}

TEST_F(late, several_at_once_are_traced)
{
	char step[2] = "", line[64];
	int i;

	self->id = start_program(&self->prog, "");
	mst_step(&self->prog, "all");
	for (i = 1; i < FILES; i++) {
		snprintf(line, sizeof(line), "unseen late lib%d.so: ", i);
		EXPECT_GE(wait_for(line, true), 0);
	}
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	for (i = 2; i < FILES; i++) {
		step[0] = '0' + i;
		mst_step(&self->prog, step);
		mst_step(&self->prog, "keep");
	}
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* A file system with such a library can be unmounted when it is gone. */
TEST_F(late, a_closed_library_does_not_keep_its_file_system_busy)
{
	char mnt[200], library[256], command[700];

	snprintf(mnt, sizeof(mnt), "%s/mnt", mst_scratch());
	mkdir(mnt, 0755);
	ASSERT_EQ(0, mount("none", mnt, "tmpfs", 0, NULL));
	snprintf(library, sizeof(library), "%s/libmounted.so", mnt);
	snprintf(command, sizeof(command), "cp %s %s", mst_here(ALLOCATOR), library);
	ASSERT_EQ(0, system(command));
	mst_spawn(&self->prog, "libraries", library, NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "open");
	ASSERT_GE(wait_for("unseen late libmounted.so: ", true), 0);
	EXPECT_NE(0, umount(mnt));
	mst_step(&self->prog, "close");
	EXPECT_TRUE(MST_WAIT_UNTIL(!umount(mnt)));
}

/* The probes of libc are in its file: those of a second one are there at once. */
TEST_F(late, a_second_libc_is_traced_at_once)
{
	char *control;

	mst_spawn(&self->prog, "libraries", "libc.so.6", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "new");
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
	usleep(1000000);
	control = mst_text("control");
	EXPECT_LACKS(control, "\nunseen ");
	free(control);
}

TEST_F(late, an_allocator_mapped_by_hand_is_traced)
{
	self->id = start_program(&self->prog, "");
	mst_step(&self->prog, "map");
	ASSERT_TRUE(is_probed(1));
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
}

TEST_F(late, one_that_becomes_executable_later_is_traced)
{
	self->id = start_program(&self->prog, "");
	mst_step(&self->prog, "read");
	usleep(1000000);
	EXPECT_FALSE(control_has("lib1.so"));
	mst_step(&self->prog, "EXEC");
	ASSERT_TRUE(is_probed(1));
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
}

TEST_F(late, object_excludes_it)
{
	char options[100];

	snprintf(options, sizeof(options), " object=%s", mst_libc());
	self->id = start_program(&self->prog, options);
	mst_step(&self->prog, "open");
	EXPECT_GE(wait_for("unseen allocator lib1.so: its malloc and free are not traced, since "
			   "object= names another object",
			   true),
		  0);
	usleep(1000000);
	EXPECT_FALSE(control_has("malloc lib1.so+0x"));
	mst_step(&self->prog, "keep");
	EXPECT_EQ(0, rows_of_3000(self->id));
}

TEST_F(late, it_is_sampled_and_filtered_as_all_others)
{
	self->id = start_program(&self->prog, " min=3001");
	mst_step(&self->prog, "open");
	ASSERT_TRUE(is_probed(1));
	mst_step(&self->prog, "keep");
	EXPECT_EQ(0, rows_of_3000(self->id));
	EXPECT_GE(mst_stat(self->id, "filtered"), 1);
}

/* With exit probes its returns are seen there, as those of the others. */
TEST_F(late, exits_are_used_on_request)
{
	if (!mst_has_exits())
		SKIP(return, "this kernel has no exit probes");
	self->id = start_program(&self->prog, " exits=always");
	mst_step(&self->prog, "open");
	ASSERT_TRUE(is_probed(1));
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* Two targets with the same library share its probes; each has its own end. */
TEST_F(late, two_targets_share_its_probes)
{
	long long probes;

	self->id = start_program(&self->prog, "");
	mst_step(&self->prog, "open");
	ASSERT_TRUE(is_probed(1));
	probes = mst_stat(0, "probes");
	mst_spawn(&self->other, "libraries", path[0], NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->other.pid));
	mst_step(&self->other, "open");
	usleep(mst_time(1000000, 5000000));
	EXPECT_EQ(probes, mst_stat(0, "probes"));
	mst_step(&self->other, "keep");
	EXPECT_EQ(1, rows_of_3000(mst_id(self->other.pid)));
	ASSERT_ACCEPTED(mst_command("detach %d", self->other.pid));
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* The server of its file hangs: the worker does not wait, and probes it when it has been read. */
TEST_F(late, one_that_is_read_late_delays_no_other_target)
{
	char mnt[200], file[256], original[256];
	long begin;

	if (access("/dev/fuse", F_OK) && system("modprobe -q fuse"))
		mst_say("this kernel has no FUSE");
	snprintf(mnt, sizeof(mnt), "%s/mnt", mst_scratch());
	mkdir(mnt, 0755);
	snprintf(original, sizeof(original), "%s", mst_here(ALLOCATOR));
	snprintf(file, sizeof(file), "%s/file", mnt);
	mst_spawn(&self->daemon, "daemon", "fuse", mnt, original, NULL);
	mst_spawn(&self->prog, "libraries", file, NULL);
	mst_spawn(&self->other, "life", "idle", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "open");
	mst_step(&self->daemon, "hang");
	begin = now_ms();
	while (now_ms() - begin < 2000) {
		EXPECT_ACCEPTED(mst_command("attach %d", self->other.pid));
		EXPECT_ACCEPTED(mst_command("detach %d", self->other.pid));
		EXPECT_ACCEPTED(mst_command("clear %d", self->other.pid));
		usleep(50000);
	}
	mst_step(&self->daemon, "answer");
	ASSERT_GE(wait_for("unseen late file: ", true), 0);
	EXPECT_TRUE(is_exact_from_now(&self->prog));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* It has more exits than a target may have probes. Nothing of it is probed. */
TEST_F(late, one_with_too_many_exits_is_reported)
{
	long long probes;

	if (!mst_has_exits())
		SKIP(return, "this kernel has no exit probes");
	mst_spawn(&self->prog, "libraries", mst_here("programs/libmany_exits.so"), path[0], NULL);
	ASSERT_ACCEPTED(mst_command("attach %d exits=always", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	probes = mst_stat(0, "probes");
	mst_step(&self->prog, "open");
	EXPECT_GE(wait_for("unseen allocator libmany_exits.so: its malloc and free are not traced, "
			   "since more than 1024 functions and exits would be probed",
			   true),
		  0);
	EXPECT_EQ(probes, mst_stat(0, "probes"));
	mst_step(&self->prog, "2");
	mst_step(&self->prog, "open");
	EXPECT_TRUE(is_probed(1));
}

/* Whenever it ends: before, while and after its library is probed. */
TEST_F(late, exit_exec_and_detach_at_any_moment)
{
	int i, id;

	for (i = 0; i < 24; i++) {
		self->id = start_program(&self->prog, "");
		id = self->id;
		mst_go(&self->prog, "all");
		usleep(i * 30000);
		switch (i % 3) {
		case 0:
			kill(self->prog.pid, SIGKILL);
			EXPECT_TRUE(mst_wait_state(id, "exited"));
			break;
		case 1:
			mst_wait_done(&self->prog);
			mst_go(&self->prog, "turn");
			EXPECT_TRUE(mst_wait_state(id, "exec"));
			break;
		default:
			EXPECT_ACCEPTED(mst_command("detach %d", self->prog.pid));
		}
		mst_kill(&self->prog);
		mst_fresh();
	}
	self->prog.pid = 0;
	EXPECT_EQ(0, mst_stat(0, "probes"));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
