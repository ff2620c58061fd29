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
#include "mlu.h"

FIXTURE(confined)
{
	struct mlu_leaker l;
	int id;
};

FIXTURE_SETUP(confined)
{
	mlu_fresh();
}

FIXTURE_TEARDOWN(confined)
{
	mlu_fresh();
}

/* What the target says is what it got; the calls that were not followed are told. */
static bool is_exact_or_says_not(const struct mlu_leaker *l, int id)
{
	return mlu_stat(id, "lost_inflight") > 0 || mlu_exact(l);
}

/*
 * Whoever was confined at the attach is refused on the kernels that would kill it, and
 * is an ordinary target on all others.
 */
static bool lives_exactly_or_is_refused(struct mlu_leaker *l, const char *name)
{
	bool good;
	int err;

	mlu_spawn(l, "confined", name, NULL);
	err = mlu_command("attach %d", l->pid);
	good = !err || (err == EOPNOTSUPP && strstr(mlu_refusal, "seccomp"));
	if (err)
		mlu_say("%s", mlu_refusal);
	mlu_step(l, "go");
	mlu_step(l, "allocate");
	if (!err)
		good = mlu_exact(l) && mlu_sound(mlu_id(l->pid)) && good;
	return mlu_end(l) == 0 && good;
}

TEST_F(confined, by_an_allow_list)
{
	EXPECT_TRUE(lives_exactly_or_is_refused(&self->l, "filter"));
}

TEST_F(confined, by_strict_mode)
{
	EXPECT_TRUE(lives_exactly_or_is_refused(&self->l, "strict"));
}

/* The attach names the process; one of its threads is enough to be hurt. */
TEST_F(confined, in_one_of_its_threads)
{
	EXPECT_TRUE(lives_exactly_or_is_refused(&self->l, "thread"));
}

/* There is nobody to refuse any more: it lives, and what was not followed is said. */
static bool lives_when_confined_later(struct mlu_leaker *l, const char *name)
{
	bool good;

	mlu_spawn(l, "confined", name, NULL);
	if (mlu_command("attach %d", l->pid))
		mlu_die("%s", mlu_refusal);
	mlu_step(l, "confine");
	mlu_step(l, "allocate");
	good = is_exact_or_says_not(l, mlu_id(l->pid)) && mlu_sound(mlu_id(l->pid));
	return mlu_end(l) == 0 && good;
}

TEST_F(confined, by_an_allow_list_after_the_attach)
{
	EXPECT_TRUE(lives_when_confined_later(&self->l, "filter_later"));
}

TEST_F(confined, by_strict_mode_after_the_attach)
{
	EXPECT_TRUE(lives_when_confined_later(&self->l, "strict_later"));
}

TEST_F(confined, in_one_of_its_threads_after_the_attach)
{
	EXPECT_TRUE(lives_when_confined_later(&self->l, "thread_later"));
}

TEST_F(confined, by_redirection_to_itself_after_the_attach)
{
	if (!mlu_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	EXPECT_TRUE(lives_when_confined_later(&self->l, "dispatch_later"));
}

static bool stops(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
}

/* Its next system call, which it was waiting in, stops it and is not carried out. */
static bool emulate(pid_t pid)
{
	return !ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) &&
	       !ptrace(PTRACE_INTERRUPT, pid, 0, 0) && stops(pid) &&
	       !ptrace(PTRACE_SYSEMU, pid, 0, 0) && stops(pid);
}

/* Lets it do that system call by itself, and go. */
static bool let_go(pid_t pid)
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
	mlu_spawn(&self->l, "life", "idle", NULL);
	if (!emulate(self->l.pid))
		SKIP(return, "no PTRACE_SYSEMU");
	EXPECT_EQ(EOPNOTSUPP, mlu_command("attach %d", self->l.pid));
	EXPECT_NE(NULL, strstr(mlu_refusal, "PTRACE_SYSEMU"))
	{
		TH_LOG("%s", mlu_refusal);
	}
	EXPECT_EQ(0, mlu_stat(0, "probes"));
	ASSERT_TRUE(let_go(self->l.pid));
	ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_EQ(0, mlu_end(&self->l));
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
