// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that wait long: a target that hangs within a breakpoint delays removing probes. The
 * write returns EINPROGRESS after five seconds, the writer can be killed meanwhile, and the work
 * continues without it. Also, files that a fanotify daemon does not let anyone open.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(wait)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(wait)
{
	mst_fresh();
	mst_spawn(&self->prog, "stuck", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "get stuck");
}

FIXTURE_TEARDOWN(wait)
{
	mst_kill(&self->prog);
	mst_wait_stat("tracing", 0);
	mst_fresh();
}

/* Some kernels do not have to wait; then the detach succeeds at once. */
TEST_F(wait, for_a_detach_ends_with_einprogress)
{
	long long start = mst_now_ms();
	int err = mst_command("detach %d", self->prog.pid);
	char *report;

	ASSERT_TRUE(err == 0 || err == EINPROGRESS)
	{
		TH_LOG("%s", mst_refusal);
	}
	if (err) {
		EXPECT_GE(mst_now_ms() - start, 4900);
		EXPECT_CONTAINS(mst_refusal, "(EINPROGRESS)");
		EXPECT_STREQ("detaching", mst_state(self->id));
	}
	/* Readers do not wait for the detach. */
	start = mst_now_ms();
	report = mst_text("report");
	EXPECT_CONTAINS(report, err ? " stuck detaching " : " stuck detached ");
	free(report);
	free(mst_text("targets/%d/allocations", self->id));
	EXPECT_LT(mst_now_ms() - start, 3000);
	mst_step(&self->prog, "give");
	EXPECT_TRUE(mst_wait_state(self->id, "detached"));
	EXPECT_EQ(0, mst_stat(0, "probes"));
}

TEST_F(wait, for_a_detach_can_be_killed)
{
	long long start;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(mst_command("detach %d", self->prog.pid));
	usleep(300000);
	start = mst_now_ms();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_LT(mst_now_ms() - start, 3000);
	mst_step(&self->prog, "give");
	EXPECT_TRUE(mst_wait_state(self->id, "detached"));
}

/* The target is then an ended one. */
TEST_F(wait, in_a_hanging_target_ends_when_it_is_killed)
{
	kill(self->prog.pid, SIGKILL);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(mst_sound(self->id));
}

/* === Files that cannot be opened for a while === */

#define SECOND 1000 /* how long the module waits for each file, in ms */
#define TRIES 10

struct scene {
	char path[2][512];
	struct mst_program prog, daemon[2];
};

FIXTURE(file)
{
	struct scene scene;
};

/* Starts a daemon that blocks opening @path until its step "answer". */
static void block_opening(struct mst_program *daemon, const char *path)
{
	mst_spawn(daemon, "daemon", "fanotify", path, NULL);
	mst_step(daemon, "hang");
}

static void scene_start(struct scene *s)
{
	int i;

	mst_fresh();
	for (i = 0; i < 2; i++) {
		snprintf(s->path[i], sizeof(s->path[i]), "%s/file%d", mst_scratch(), i);
		unlink(s->path[i]);
	}
	mst_spawn(&s->prog, "late", s->path[0], s->path[1], NULL);
	for (i = 0; i < 2; i++)
		block_opening(&s->daemon[i], s->path[i]);
	mst_attach(s->prog.pid);
}

static void scene_end(struct scene *s)
{
	mst_kill(&s->daemon[0]);
	mst_kill(&s->daemon[1]);
	mst_kill(&s->prog);
}

FIXTURE_SETUP(file)
{
	scene_start(&self->scene);
}

FIXTURE_TEARDOWN(file)
{
	scene_end(&self->scene);
	mst_fresh();
}

static void wait_until(long long ms)
{
	while (mst_now_ms() < ms)
		usleep(1000);
}

/*
 * The first file is needed, the second 0.6 s later. The second can be opened when the wait for the
 * first one has timed out. Return: false if this machine was too slow for these times.
 */
static bool need_both_in_time(struct scene *s)
{
	long long first = mst_now_ms(), first_done, second;

	mst_step(&s->prog, "first");
	first_done = mst_now_ms();
	wait_until(first + SECOND * 6 / 10);
	second = mst_now_ms();
	mst_step(&s->prog, "second");
	if (mst_now_ms() - first >= SECOND)
		return false;
	wait_until(first_done + SECOND + 200);
	mst_step(&s->daemon[1], "answer");
	return mst_now_ms() - second < SECOND * 9 / 10;
}

TEST_F(file, that_blocks_is_waited_for_a_second_each)
{
	unsigned int tries = 1;

	while (!need_both_in_time(&self->scene)) {
		ASSERT_LT(tries++, TRIES)
		{
			TH_LOG("this machine is too slow for the times of this test");
		}
		scene_end(&self->scene);
		scene_start(&self->scene);
	}
	free(mst_text("report"));
	EXPECT_EQ(2, mst_stat(0, "deferred"));
	EXPECT_EQ(1, mst_stat(0, "walk_unread"));
	EXPECT_EQ(1, mst_stat(0, "walk_end"));
}

/* A reader does not wait longer either. */
TEST_F(file, that_blocks_delays_readers_by_a_second)
{
	long long begin = mst_now_ms();

	mst_step(&self->scene.prog, "first");
	free(mst_text("report"));
	EXPECT_GE(mst_now_ms() - begin, SECOND * 9 / 10);
	EXPECT_LT(mst_now_ms() - begin, 8 * SECOND);
	EXPECT_EQ(1, mst_stat(0, "walk_unread"));
	mst_step(&self->scene.daemon[0], "answer");
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
