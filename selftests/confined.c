// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets whose system calls are restricted: by seccomp filters, by strict mode, by syscall user
 * dispatch, or by a tracer that emulates them. On newer kernels a return probe makes a system call
 * in the target, which must not kill it. Such a target has exit probes, survives and is counted
 * exactly; where the kernel does not support exit probes, it is refused with the reason.
 */
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

/* Only a kernel without exit probes may refuse the target, and only for this reason. */
static bool is_accepted_or_refused(int err, const char *reason)
{
	if (!err || (!mst_has_exits() && err == EOPNOTSUPP && strstr(mst_refusal, reason)))
		return true;
	mst_say("expected success%s%s, got errno %d: %s",
		mst_has_exits() ? "" : ", or EOPNOTSUPP because of ", mst_has_exits() ? "" : reason,
		err, mst_refusal);
	return false;
}

/* A program that is confined before the attach. */
static bool is_exact_or_refused(struct mst_program *prog, const char *name, const char *reason)
{
	bool good;
	int err;

	mst_spawn(prog, "confined", name, NULL);
	err = mst_command("attach %d", prog->pid);
	good = is_accepted_or_refused(err, reason);
	mst_step(prog, "go");
	mst_step(prog, "allocate");
	if (!err)
		good = mst_exact(prog) && mst_sound(mst_id(prog->pid)) && good;
	return mst_ends_well(prog) && good;
}

TEST_F(confined, with_an_allow_list_is_exact_or_refused)
{
	EXPECT_TRUE(is_exact_or_refused(&self->prog, "filter", "seccomp"));
}

TEST_F(confined, with_strict_mode_is_exact_or_refused)
{
	EXPECT_TRUE(is_exact_or_refused(&self->prog, "strict", "seccomp"));
}

/* One confined thread is enough, whichever thread the attach names. */
TEST_F(confined, in_one_thread_is_exact_or_refused)
{
	EXPECT_TRUE(is_exact_or_refused(&self->prog, "thread", "seccomp"));
}

TEST_F(confined, with_user_dispatch_is_exact_or_refused)
{
	if (!mst_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	EXPECT_TRUE(is_exact_or_refused(&self->prog, "dispatch", "PR_SET_SYSCALL_USER_DISPATCH"));
}

/*
 * Confined when already traced: the target survives. Calls that return probes do not follow are
 * counted; exit probes follow all.
 */
static bool survives_confinement_later(struct mst_program *prog, const char *name,
				       const char *exits)
{
	bool good;
	int id;

	mst_spawn(prog, "confined", name, NULL);
	if (mst_command("attach %d %s", prog->pid, exits))
		mst_die("attach %s: %s", exits, mst_refusal);
	id = mst_id(prog->pid);
	mst_step(prog, "confine");
	mst_step(prog, "allocate");
	good = (*exits ? mst_exact(prog) : is_exact_or_says_not(prog, id)) && mst_sound(id);
	if (!good)
		mst_say("%s %s is not exact", name, exits);
	return mst_ends_well(prog) && good;
}

static bool survives_in_each_mode(struct mst_program *prog, const char *name)
{
	bool good = survives_confinement_later(prog, name, "");

	if (mst_has_exits())
		good = survives_confinement_later(prog, name, "exits=always") && good;
	return good;
}

TEST_F(confined, with_an_allow_list_after_the_attach_survives)
{
	EXPECT_TRUE(survives_in_each_mode(&self->prog, "filter_later"));
}

TEST_F(confined, with_strict_mode_after_the_attach_survives)
{
	EXPECT_TRUE(survives_in_each_mode(&self->prog, "strict_later"));
}

TEST_F(confined, in_one_thread_after_the_attach_survives)
{
	EXPECT_TRUE(survives_in_each_mode(&self->prog, "thread_later"));
}

TEST_F(confined, with_user_dispatch_after_the_attach_survives)
{
	if (!mst_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	EXPECT_TRUE(survives_in_each_mode(&self->prog, "dispatch_later"));
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

/* The tracer stops emulating before the target allocates, as it can do nothing else before. */
TEST_F(confined, under_ptrace_sysemu_is_exact_or_refused)
{
	int err;

	mst_spawn(&self->prog, "life", "idle", NULL);
	if (!emulate_system_calls(self->prog.pid))
		SKIP(return, "no PTRACE_SYSEMU");
	err = mst_command("attach %d", self->prog.pid);
	EXPECT_TRUE(is_accepted_or_refused(err, "PTRACE_SYSEMU"));
	EXPECT_EQ(!err, mst_stat(0, "probes") > 0);
	ASSERT_TRUE(stop_emulating(self->prog.pid));
	if (err) {
		err = mst_command("attach %d", self->prog.pid);
		ASSERT_ACCEPTED(err);
	}
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Emulates the pending read of one byte, and continues to the next system call. */
static bool answer_read(pid_t pid, char byte)
{
#ifdef __x86_64__
	struct user_regs_struct regs;
	long word;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) || regs.orig_rax != SYS_read || regs.rdx != 1)
		return false;
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, regs.rsi, 0);
	if (errno || ptrace(PTRACE_POKEDATA, pid, regs.rsi, (word & ~0xffl) | byte))
		return false;
	regs.rax = 1;
	return !ptrace(PTRACE_SETREGS, pid, 0, &regs) && !ptrace(PTRACE_SYSEMU, pid, 0, 0) &&
	       wait_for_stop(pid);
#else
	return false;
#endif
}

/* The tracer emulates the reads that start the step, and lets the target print its blocks. */
TEST_F(confined, under_ptrace_sysemu_allocates_exactly)
{
	if (!mst_has_exits())
		SKIP(return, "the kernel does not support exit probes");
	mst_spawn(&self->prog, "confined", "never", NULL);
	if (!emulate_system_calls(self->prog.pid))
		SKIP(return, "no PTRACE_SYSEMU");
	mst_attach(self->prog.pid);
	ASSERT_TRUE(answer_read(self->prog.pid, 'g'));
	ASSERT_TRUE(answer_read(self->prog.pid, '\n'));
	ASSERT_TRUE(stop_emulating(self->prog.pid));
	mst_wait_done(&self->prog);
	EXPECT_EQ(20, self->prog.count);
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_stat(mst_id(self->prog.pid), "lost_inflight"));
	mst_step(&self->prog, "go");
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
