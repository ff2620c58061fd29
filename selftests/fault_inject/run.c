// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of fault_inject.c have in common: the traced program, going through the sites of a
 * phase, and what must be so before and after a failure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

/* Every so many allocations at a site one fails; 1: all of them do. */
static int every = 1;

void failing_attach(struct failing *f)
{
	if (mst_command("attach %d", f->l.pid))
		mst_die("%s", mst_refusal);
	f->id = mst_id(f->l.pid);
}

void failing_clear(struct failing *f)
{
	if (mst_command("clear %d", f->l.pid))
		mst_die("%s", mst_refusal);
}

/* A test that came to a bad end may have left anything. */
void failing_setup(struct failing *f)
{
	failing_off();
	mst_load("");
	failing_locate();
	mst_fresh();
	snprintf(f->code, sizeof(f->code), "%s/code", mst_scratch());
	/* An object that nobody looks into: none of its pages is in memory for long. */
	mst_spawn(&f->l, "pulse", f->code, mst_here("programs/libtwo.so"), NULL);
	failing_attach(f);
	mst_step(&f->l, "go");
	if (!mst_exact(&f->l))
		mst_die("not exact before anything has failed");
	f->made = mst_stat(f->id, "allocated");
}

/* Nothing uses memory when there is no target, as after insmod.  What has leaked is told once. */
bool failing_is_as_before(void)
{
	static long long leaked;

	if (!mst_wait_stat("targets", 0) || !mst_wait_stat("probes", 0))
		return false;
	if (mst_wait_stat("bytes_used", leaked))
		return true;
	leaked = mst_stat(0, "bytes_used");
	return false;
}

/* The programs live until here, and find their blocks as they must be. */
bool failing_teardown(struct failing *f)
{
	failing_off();
	mst_step(&f->l, "code");
	if (f->other.pid)
		mst_step(&f->other, "code");
	mst_fresh();
	unlink(f->code);
	failing_kill_other(f);
	return mst_end(&f->l) == 0 && failing_is_as_before();
}

void failing_spawn_other(struct failing *f, const char *program)
{
	failing_kill_other(f);
	mst_spawn(&f->other, program, f->code, NULL);
}

void failing_kill_other(struct failing *f)
{
	if (f->other.pid)
		mst_kill(&f->other);
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
	mst_say("^ when %s fails in %s", site->callee, site->function);
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
	long long recorded = mst_stat(f->id, "allocated");
	long long lost = mst_stat(f->id, "lost_memory");

	if (recorded + lost == made && !mst_stat(f->id, "lost_limit") &&
	    !mst_stat(f->id, "uncertain"))
		return true;
	mst_say("made %lld, recorded %lld, lost %lld", made, recorded, lost);
	return false;
}

/* A step in which nothing fails. */
bool failing_exact(struct failing *f, const char *step)
{
	failing_clear(f);
	mst_step(&f->l, step);
	return failing_counted(f, strcmp(step, "go") ? 1 : f->made) &&
	       !mst_stat(f->id, "lost_memory") && mst_exact(&f->l);
}

/* Refused for want of memory, with a sentence that says so, or done. */
bool failing_refused_or_done(int err)
{
	if (!err || (err == ENOMEM && strstr(mst_refusal, " (ENOMEM), written by ")))
		return true;
	mst_say("%s: '%s'", strerror(err), mst_refusal);
	return false;
}

/*
 * How many allocations have failed, and the command's errno.  The refusal before it is another one,
 * which must not be taken for its own.
 */
int failing_command_at(struct failing_site *site, const char *command, int *err)
{
	int failed;

	mst_command("nonsense");
	failing_arm(site);
	*err = mst_command("%s", command);
	failed = failing_off();
	if (failed)
		site->failed = true;
	return failed;
}
