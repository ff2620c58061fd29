// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets that run out of memory, and C++ programs that throw: exceptions unwind through functions
 * that allocate, a failed allocation is caught, and a target that the OOM killer kills leaves a
 * complete and exact report.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define CGROUP "/sys/fs/cgroup/mlu_test"
#define BLOCK 30000
#define BLOCKS 65536

FIXTURE(memory)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(memory)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(memory)
{
	mst_fresh();
	rmdir(CGROUP);
}

/* The program survives and exits with 0, and exactly the blocks that it keeps are listed. */
static bool throws_exactly(struct mst_program *prog, const char *name)
{
	bool exact;
	int id;

	mst_spawn(prog, "throws", name, NULL);
	id = mst_attach(prog->pid);
	mst_step(prog, "go");
	exact = mst_exact(prog) && mst_sound(id);
	if (mst_stat(id, "failed") != (long long)prog->failed) {
		mst_say("the program saw %llu allocations fail, the counter failed is %lld",
			(unsigned long long)prog->failed, mst_stat(id, "failed"));
		exact = false;
	}
	if (mst_stat(id, "uncertain")) {
		mst_say("expected uncertain=0, got %lld", mst_stat(id, "uncertain"));
		exact = false;
	}
	return mst_ends_well(prog) && exact;
}

TEST_F(memory, exceptions_through_allocating_frames_leave_us_exact)
{
	EXPECT_TRUE(throws_exactly(&self->prog, "frames"));
}

TEST_F(memory, nested_exceptions_leave_us_exact)
{
	EXPECT_TRUE(throws_exactly(&self->prog, "nested"));
}

TEST_F(memory, a_throwing_new_handler_leaves_us_exact)
{
	EXPECT_TRUE(throws_exactly(&self->prog, "handler"));
}

TEST_F(memory, a_caught_bad_alloc_leaves_us_exact)
{
	EXPECT_TRUE(throws_exactly(&self->prog, "exhausted"));
}

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return n == (ssize_t)strlen(text);
}

/* Limits further memory of a process. Return: false if the kernel does not support that. */
static bool limit_memory(pid_t pid)
{
	char number[16];

	sprintf(number, "%d", pid);
	write_to("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) || access(CGROUP "/memory.max", W_OK))
		return false;
	write_to(CGROUP "/memory.swap.max", "0");
	return write_to(CGROUP "/memory.max", "24M") && write_to(CGROUP "/cgroup.procs", number);
}

static uint64_t *open_list(char *path, size_t size)
{
	uint64_t *list;
	int fd;

	snprintf(path, size, "%s/list", mst_scratch());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, BLOCKS * sizeof(*list)))
		mst_die("%s: %m", path);
	list = mmap(NULL, BLOCKS * sizeof(*list), PROT_READ, MAP_SHARED, fd, 0);
	if (list == MAP_FAILED)
		mst_die("mmap: %m");
	close(fd);
	return list;
}

/* Every block of the list has a row; one row more may be a block not yet added to the list. */
static bool lists_all_blocks(const struct mst_rows *rows, const uint64_t *list)
{
	size_t n, i, found = 0;

	for (n = 0; list[n]; n++) {
		for (i = 0; i < rows->count && rows->row[i].addr != list[n]; i++)
			;
		found += i < rows->count && rows->row[i].size == BLOCK;
	}
	if (found == n && rows->count - n <= 1)
		return true;
	mst_say("expected a row for each of %zu blocks and at most one more: %zu have one, %zu rows",
		n, found, rows->count);
	return false;
}

/* The OOM reaper unmaps memory of a target concurrently, and must not be blocked. */
TEST_F(memory, oom_killed_target_leaves_an_exact_report)
{
	struct mst_rows rows;
	char path[128];
	uint64_t *list = open_list(path, sizeof(path));
	int status;

	mst_spawn(&self->prog, "glutton", path, NULL);
	if (!limit_memory(self->prog.pid)) {
		mst_kill(&self->prog);
		SKIP(return, "no cgroup2 memory controller");
	}
	self->id = mst_attach(self->prog.pid);
	mst_go(&self->prog, "go");
	ASSERT_EQ(self->prog.pid, waitpid(self->prog.pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	mst_rows(&rows, "targets/%d/allocations", self->id);
	EXPECT_GT(rows.count, 500);
	EXPECT_TRUE(lists_all_blocks(&rows, list));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_stat(self->id, "lost_memory"));
	EXPECT_EQ(0, mst_stat(0, "probes"));
	mst_rows_free(&rows);
	unlink(path);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
