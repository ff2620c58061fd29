// SPDX-License-Identifier: GPL-2.0-only
/*
 * What takes the kernel long: a target that hangs within a breakpoint makes the taking out of
 * probes wait.  The writer is told so after five seconds, can be killed meanwhile, and the work
 * goes on without him.  And files that a daemon lets nobody open.
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

/* A kernel that does not have to wait is all the better. */
TEST_F_TIMEOUT(wait, a_detach_that_must_wait_says_so, 60)
{
	long long start = mst_now_ms();
	int err = mst_command("detach %d", self->prog.pid);
	char *report;

	ASSERT_TRUE(err == 0 || err == EINPROGRESS);
	if (err) {
		EXPECT_GE(mst_now_ms() - start, 4900);
		EXPECT_CONTAINS(mst_refusal, "(EINPROGRESS)");
		EXPECT_STREQ("detaching", mst_state(self->id));
	}
	/* Readers do not wait for anything of this. */
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

TEST_F_TIMEOUT(wait, a_writer_that_waits_can_be_killed, 60)
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

/* The target itself may die of it, and is an ended one then. */
TEST_F_TIMEOUT(wait, a_target_that_hangs_can_be_killed, 60)
{
	kill(self->prog.pid, SIGKILL);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(mst_sound(self->id));
}

/* === Files that are kept from being read === */

#define SECOND 1000 /* what each is waited for, in ms */
#define TRIES 10

struct scene {
	char path[2][512];
	struct mst_program prog, daemon[2];
};

FIXTURE(file)
{
	struct scene scene;
};

static void keep_closed(struct mst_program *daemon, const char *path)
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
		keep_closed(&s->daemon[i], s->path[i]);
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
 * The first file is needed, the second a bit later; when the first has been waited for long enough
 * the second is let go.  False: this machine was too slow for that.
 */
static bool needed_one_after_the_other(struct scene *s)
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

TEST_F_TIMEOUT(file, is_waited_for_in_a_second_of_its_own, 120)
{
	unsigned int tries = 1;

	while (!needed_one_after_the_other(&self->scene)) {
		ASSERT_LT(tries++, TRIES);
		scene_end(&self->scene);
		scene_start(&self->scene);
	}
	free(mst_text("report"));
	EXPECT_EQ(2, mst_stat(0, "deferred"));
	EXPECT_EQ(1, mst_stat(0, "walk_unread"));
	EXPECT_EQ(1, mst_stat(0, "walk_end"));
}

/* And no longer by a reader. */
TEST_F_TIMEOUT(file, is_waited_for_by_readers, 60)
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
