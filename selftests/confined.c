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

FIXTURE(confined)
{
	struct mst_program l;
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
static bool is_exact_or_says_not(const struct mst_program *l, int id)
{
	return mst_stat(id, "lost_inflight") > 0 || mst_exact(l);
}

/*
 * Whoever was confined at the attach is refused on the kernels that would kill it, and
 * is an ordinary target on all others.
 */
static bool lives_exactly_or_is_refused(struct mst_program *l, const char *name)
{
	bool good;
	int err;

	mst_spawn(l, "confined", name, NULL);
	err = mst_command("attach %d", l->pid);
	good = !err || (err == EOPNOTSUPP && strstr(mst_refusal, "seccomp"));
	if (err)
		mst_say("%s", mst_refusal);
	mst_step(l, "go");
	mst_step(l, "allocate");
	if (!err)
		good = mst_exact(l) && mst_sound(mst_id(l->pid)) && good;
	return mst_end(l) == 0 && good;
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
static bool lives_when_confined_later(struct mst_program *l, const char *name)
{
	bool good;

	mst_spawn(l, "confined", name, NULL);
	if (mst_command("attach %d", l->pid))
		mst_die("%s", mst_refusal);
	mst_step(l, "confine");
	mst_step(l, "allocate");
	good = is_exact_or_says_not(l, mst_id(l->pid)) && mst_sound(mst_id(l->pid));
	return mst_end(l) == 0 && good;
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
	if (!mst_has_user_dispatch())
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
	mst_spawn(&self->l, "life", "idle", NULL);
	if (!emulate(self->l.pid))
		SKIP(return, "no PTRACE_SYSEMU");
	EXPECT_EQ(EOPNOTSUPP, mst_command("attach %d", self->l.pid));
	EXPECT_NE(NULL, strstr(mst_refusal, "PTRACE_SYSEMU"))
	{
		TH_LOG("%s", mst_refusal);
	}
	EXPECT_EQ(0, mst_stat(0, "probes"));
	ASSERT_TRUE(let_go(self->l.pid));
	ASSERT_EQ(0, mst_command("attach %d", self->l.pid));
	mst_step(&self->l, "go");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_EQ(0, mst_end(&self->l));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
