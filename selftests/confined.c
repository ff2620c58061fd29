// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets whose system calls are confined: by seccomp filters, by strict mode,
 * redirected to themselves, emulated by a tracer.  On newer kernels a return
 * probe is a system call of the target: it must not be its death.  A target is
 * refused by name, or lives and is counted exactly.
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

/* What the target says is what it got; the calls that were not followed are told. */
static bool is_exact_or_says_not(const struct mst_program *prog, int id)
{
	return mst_stat(id, "lost_inflight") > 0 || mst_exact(prog);
}

/*
 * Whoever was confined at the attach is refused on the kernels that would kill it, and
 * is an ordinary target on all others.
 */
static bool lives_exactly_or_is_refused(struct mst_program *prog, const char *name)
{
	bool good;
	int err;

	mst_spawn(prog, "confined", name, NULL);
	err = mst_command("attach %d", prog->pid);
	good = !err || (err == EOPNOTSUPP && strstr(mst_refusal, "seccomp"));
	if (err)
		mst_say("%s", mst_refusal);
	mst_step(prog, "go");
	mst_step(prog, "allocate");
	if (!err)
		good = mst_exact(prog) && mst_sound(mst_id(prog->pid)) && good;
	return mst_end(prog) == 0 && good;
}

TEST_F(confined, by_an_allow_list)
{
	EXPECT_TRUE(lives_exactly_or_is_refused(&self->prog, "filter"));
}

TEST_F(confined, by_strict_mode)
{
	EXPECT_TRUE(lives_exactly_or_is_refused(&self->prog, "strict"));
}

/* The attach names the process; one of its threads is enough to be hurt. */
TEST_F(confined, in_one_of_its_threads)
{
	EXPECT_TRUE(lives_exactly_or_is_refused(&self->prog, "thread"));
}

/* There is nobody to refuse any more: it lives, and what was not followed is said. */
static bool lives_when_confined_later(struct mst_program *prog, const char *name)
{
	bool good;

	mst_spawn(prog, "confined", name, NULL);
	mst_attach(prog->pid);
	mst_step(prog, "confine");
	mst_step(prog, "allocate");
	good = is_exact_or_says_not(prog, mst_id(prog->pid)) && mst_sound(mst_id(prog->pid));
	return mst_end(prog) == 0 && good;
}

TEST_F(confined, by_an_allow_list_after_the_attach)
{
	EXPECT_TRUE(lives_when_confined_later(&self->prog, "filter_later"));
}

TEST_F(confined, by_strict_mode_after_the_attach)
{
	EXPECT_TRUE(lives_when_confined_later(&self->prog, "strict_later"));
}

TEST_F(confined, in_one_of_its_threads_after_the_attach)
{
	EXPECT_TRUE(lives_when_confined_later(&self->prog, "thread_later"));
}

TEST_F(confined, by_redirection_to_itself_after_the_attach)
{
	if (!mst_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	EXPECT_TRUE(lives_when_confined_later(&self->prog, "dispatch_later"));
}

static bool wait_for_stop(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
}

/* Its next system call, which it was waiting in, stops it and is not carried out. */
static bool emulate_system_calls(pid_t pid)
{
	return !ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) &&
	       !ptrace(PTRACE_INTERRUPT, pid, 0, 0) && wait_for_stop(pid) &&
	       !ptrace(PTRACE_SYSEMU, pid, 0, 0) && wait_for_stop(pid);
}

/* Lets it do that system call by itself, and go. */
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

TEST_F(confined, by_a_tracer_that_emulates)
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
