// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of failing.c have in common: the traced leaker, going through the sites of a
 * phase, and what must be so before and after a failure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"

/* Every so many allocations at a site one fails; 1: all of them do. */
static int every = 1;

void failing_attach(struct failing *f)
{
	if (mlu_command("attach %d", f->l.pid))
		mlu_die("%s", mlu_refusal);
	f->id = mlu_id(f->l.pid);
}

void failing_clear(struct failing *f)
{
	if (mlu_command("clear %d", f->l.pid))
		mlu_die("%s", mlu_refusal);
}

/* A test that came to a bad end may have left anything. */
void failing_setup(struct failing *f)
{
	failing_off();
	mlu_load("");
	failing_locate();
	mlu_fresh();
	snprintf(f->code, sizeof(f->code), "%s/code", mlu_scratch());
	/* An object that nobody looks into: none of its pages is in memory for long. */
	mlu_spawn(&f->l, "pulse", f->code, mlu_here("leakers/libtwo.so"), NULL);
	failing_attach(f);
	mlu_step(&f->l, "go");
	if (!mlu_exact(&f->l))
		mlu_die("not exact before anything has failed");
	f->made = mlu_stat(f->id, "allocated");
}

/* Nothing uses memory when there is no target, as after insmod.  What has leaked is told once. */
bool failing_is_as_before(void)
{
	static long long leaked;

	if (!mlu_wait_stat("targets", 0) || !mlu_wait_stat("probes", 0))
		return false;
	if (mlu_wait_stat("bytes_used", leaked))
		return true;
	leaked = mlu_stat(0, "bytes_used");
	return false;
}

/* The leakers live until here, and find their blocks as they must be. */
bool failing_teardown(struct failing *f)
{
	failing_off();
	mlu_step(&f->l, "code");
	if (f->other.pid)
		mlu_step(&f->other, "code");
	mlu_fresh();
	unlink(f->code);
	failing_kill_other(f);
	return mlu_end(&f->l) == 0 && failing_is_as_before();
}

void failing_spawn_other(struct failing *f, const char *leaker)
{
	failing_kill_other(f);
	mlu_spawn(&f->other, leaker, f->code, NULL);
}

void failing_kill_other(struct failing *f)
{
	if (f->other.pid)
		mlu_kill(&f->other);
	f->other.pid = 0;
}

void failing_arm(const struct failing_site *site)
{
	const struct failing_window nowhere = { 0 };

	failing_on(failing_at(site), nowhere, every, every > 1 ? 1 : FAILING_ALWAYS);
}

/* Must it be refused?  The kernel itself can do without some of what it asks for. */
bool failing_is_fatal(const struct failing_site *site)
{
	return every == 1 && !failing_tolerated(site);
}

static bool try_one(struct failing *f, struct failing_site *site, failing_attempt attempt)
{
	if (attempt(f, site))
		return true;
	mlu_say("^ when %s fails in %s", site->callee, site->function);
	return false;
}

/* Each site of a phase that has not failed yet; false if one of the attempts was. */
bool failing_each(struct failing *f, const char *phase, failing_attempt attempt)
{
	bool good = true;
	size_t i;

	for (i = 0; i < failing_sites->count; i++) {
		struct failing_site *site = &failing_sites->site[i];

		if (!strcmp(site->phase, phase) && !site->failed && !failing_reason(site))
			good = try_one(f, site, attempt) && good;
	}
	return good;
}

static struct failing_site *first_failed(const char *phase, const char *callee)
{
	size_t i;

	for (i = 0; i < failing_sites->count; i++) {
		struct failing_site *site = &failing_sites->site[i];

		if (site->failed && !strcmp(site->phase, phase) && !strcmp(site->callee, callee))
			return site;
	}
	return NULL;
}

/* Callees that allocate several times: not the first time fails, but a later one. */
bool failing_inside(struct failing *f, const char *phase, failing_attempt attempt)
{
	static const char *const callees[] = { "uprobe_register", "dentry_open", "mlu_pool_init",
					       "alloc_workqueue" };
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(callees) / sizeof(callees[0]); i++) {
		struct failing_site *site = first_failed(phase, callees[i]);

		for (every = 2; site && every <= 5; every += 3)
			good = try_one(f, site, attempt) && good;
		every = 1;
	}
	return good;
}

/* Of @made events each is recorded or counted as lost. */
bool failing_counted(struct failing *f, long long made)
{
	long long recorded = mlu_stat(f->id, "allocated");
	long long lost = mlu_stat(f->id, "lost_memory");

	if (recorded + lost == made && !mlu_stat(f->id, "lost_limit") &&
	    !mlu_stat(f->id, "uncertain"))
		return true;
	mlu_say("made %lld, recorded %lld, lost %lld", made, recorded, lost);
	return false;
}

/* A step in which nothing fails. */
bool failing_exact(struct failing *f, const char *step)
{
	failing_clear(f);
	mlu_step(&f->l, step);
	return failing_counted(f, strcmp(step, "go") ? 1 : f->made) &&
	       !mlu_stat(f->id, "lost_memory") && mlu_exact(&f->l);
}

/* Refused for want of memory, with a sentence that says so, or done. */
bool failing_refused_or_done(int err)
{
	if (!err || (err == ENOMEM && strstr(mlu_refusal, " (ENOMEM), written by ")))
		return true;
	mlu_say("%s: '%s'", strerror(err), mlu_refusal);
	return false;
}

/*
 * How many allocations have failed, and the command's errno.  The refusal before it is another one,
 * which must not be taken for its own.
 */
int failing_command_at(struct failing_site *site, const char *command, int *err)
{
	int failed;

	mlu_command("nonsense");
	failing_arm(site);
	*err = mlu_command("%s", command);
	failed = failing_off();
	if (failed)
		site->failed = true;
	return failed;
}
