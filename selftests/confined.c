// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets whose system calls are restricted: by seccomp filters, by strict mode, by syscall user
 * dispatch, or by a tracer that emulates them. On newer kernels a return probe makes a system call
 * in the target, which must not kill it. Such a target is either refused with the reason, or it
 * survives and is counted exactly.
 */
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(confined)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(confined)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(confined)
{
	mst_fresh();
}

/* The records are exact, or the calls that could not be followed are counted as lost. */
static bool is_exact_or_says_not(const struct mst_program *prog, int id)
{
	return mst_stat(id, "lost_inflight") > 0 || mst_exact(prog);
}

/*
 * A program confined before the attach is refused on kernels that would kill it, and is an ordinary
 * target on all others.
 */
static bool is_exact_or_refused(struct mst_program *prog, const char *name)
{
	bool good;
	int err;

	mst_spawn(prog, "confined", name, NULL);
	err = mst_command("attach %d", prog->pid);
	good = !err || (err == EOPNOTSUPP && strstr(mst_refusal, "seccomp"));
	if (!good)
		mst_say("expected success, or EOPNOTSUPP because of seccomp, got errno %d", err);
	if (err)
		mst_say("%s", mst_refusal);
	mst_step(prog, "go");
	mst_step(prog, "allocate");
	if (!err)
		good = mst_exact(prog) && mst_sound(mst_id(prog->pid)) && good;
	return mst_ends_well(prog) && good;
}

TEST_F(confined, with_an_allow_list_is_exact_or_refused)
{
	EXPECT_TRUE(is_exact_or_refused(&self->prog, "filter"));
}

TEST_F(confined, with_strict_mode_is_exact_or_refused)
{
	EXPECT_TRUE(is_exact_or_refused(&self->prog, "strict"));
}

/* One confined thread is enough, whichever thread the attach names. */
TEST_F(confined, in_one_thread_is_exact_or_refused)
{
	EXPECT_TRUE(is_exact_or_refused(&self->prog, "thread"));
}

/* Confined when already traced: the target survives, and calls not followed are counted. */
static bool survives_confinement_later(struct mst_program *prog, const char *name)
{
	bool good;

	mst_spawn(prog, "confined", name, NULL);
	mst_attach(prog->pid);
	mst_step(prog, "confine");
	mst_step(prog, "allocate");
	good = is_exact_or_says_not(prog, mst_id(prog->pid)) && mst_sound(mst_id(prog->pid));
	return mst_ends_well(prog) && good;
}

TEST_F(confined, with_an_allow_list_after_the_attach_survives)
{
	EXPECT_TRUE(survives_confinement_later(&self->prog, "filter_later"));
}

TEST_F(confined, with_strict_mode_after_the_attach_survives)
{
	EXPECT_TRUE(survives_confinement_later(&self->prog, "strict_later"));
}

TEST_F(confined, in_one_thread_after_the_attach_survives)
{
	EXPECT_TRUE(survives_confinement_later(&self->prog, "thread_later"));
}

TEST_F(confined, with_user_dispatch_after_the_attach_survives)
{
	if (!mst_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	EXPECT_TRUE(survives_confinement_later(&self->prog, "dispatch_later"));
}

static bool wait_for_stop(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
}

/* Stops the target at its pending system call, which is not executed. */
static bool emulate_system_calls(pid_t pid)
{
	return !ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) &&
	       !ptrace(PTRACE_INTERRUPT, pid, 0, 0) && wait_for_stop(pid) &&
	       !ptrace(PTRACE_SYSEMU, pid, 0, 0) && wait_for_stop(pid);
}

/* Restarts that system call, without the tracer. */
static bool stop_emulating(pid_t pid)
{
#ifdef __x86_64__
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
		return false;
	regs.rip -= 2;
	regs.rax = regs.orig_rax;
	return !ptrace(PTRACE_SETREGS, pid, 0, &regs) && !ptrace(PTRACE_DETACH, pid, 0, 0);
#else
	return false;
#endif
}

TEST_F(confined, under_ptrace_sysemu_is_refused)
{
	mst_spawn(&self->prog, "life", "idle", NULL);
	if (!emulate_system_calls(self->prog.pid))
		SKIP(return, "no PTRACE_SYSEMU");
	EXPECT_EQ(EOPNOTSUPP, mst_command("attach %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "PTRACE_SYSEMU");
	EXPECT_EQ(0, mst_stat(0, "probes"));
	ASSERT_TRUE(stop_emulating(self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
