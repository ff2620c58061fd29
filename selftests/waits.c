// SPDX-License-Identifier: GPL-2.0-only
/*
 * What takes the kernel long: a target that hangs within a breakpoint makes the
 * taking out of probes wait.  The writer is told so after five seconds, can be
 * killed meanwhile, and the work goes on without him.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mlu.h"

FIXTURE(wait)
{
	struct mlu_leaker l;
	int id;
};

FIXTURE_SETUP(wait)
{
	mlu_fresh();
	mlu_spawn(&self->l, "stuck", NULL);
	if (mlu_command("attach %d", self->l.pid))
		mlu_die("%s", mlu_refusal);
	self->id = mlu_id(self->l.pid);
	mlu_step(&self->l, "get stuck");
}

FIXTURE_TEARDOWN(wait)
{
	mlu_kill(&self->l);
	mlu_wait_stat("tracing", 0);
	mlu_fresh();
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* A kernel that does not have to wait is all the better. */
TEST_F_TIMEOUT(wait, a_detach_that_must_wait_says_so, 60)
{
	long long start = now_ms();
	int err = mlu_command("detach %d", self->l.pid);
	char *report;

	ASSERT_TRUE(err == 0 || err == EINPROGRESS);
	if (err) {
		EXPECT_GE(now_ms() - start, 4900);
		EXPECT_NE(NULL, strstr(mlu_refusal, "(EINPROGRESS)"));
		EXPECT_STREQ("detaching", mlu_state(self->id));
	}
	/* Readers do not wait for anything of this. */
	start = now_ms();
	report = mlu_text("report");
	EXPECT_NE(NULL, strstr(report, err ? " stuck detaching " : " stuck detached "));
	free(report);
	free(mlu_text("targets/%d/allocations", self->id));
	EXPECT_LT(now_ms() - start, 3000);
	mlu_step(&self->l, "give");
	EXPECT_TRUE(mlu_wait_state(self->id, "detached"));
	EXPECT_EQ(0, mlu_stat(0, "probes"));
}

TEST_F_TIMEOUT(wait, a_writer_that_waits_can_be_killed, 60)
{
	long long start;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(mlu_command("detach %d", self->l.pid));
	usleep(300000);
	start = now_ms();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_LT(now_ms() - start, 3000);
	mlu_step(&self->l, "give");
	EXPECT_TRUE(mlu_wait_state(self->id, "detached"));
}

/* The target itself may die of it, and is an ended one then. */
TEST_F_TIMEOUT(wait, a_target_that_hangs_can_be_killed, 60)
{
	kill(self->l.pid, SIGKILL);
	EXPECT_TRUE(mlu_wait_state(self->id, "exited"));
	EXPECT_TRUE(mlu_sound(self->id));
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
