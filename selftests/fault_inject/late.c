// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail while exit probes are added to a traced process that a return probe would
 * end from now on: for fault_inject.c.
 */
#include "fault_inject.h"

/* The calls that are recorded, that have failed, or that could not be followed. */
static long long count_calls(int id)
{
	return mst_stat(id, "allocated") + mst_stat(id, "failed") + mst_stat(id, "lost_inflight");
}

/* A step with any exit probes makes as many calls as one with return probes, @made. */
static bool counts_step(struct fault_test *f, int id, long long made)
{
	long long before = count_calls(id), calls;

	mst_step(&f->other, "go");
	calls = count_calls(id) - before;
	if (calls == made && !mst_stat(id, "uncertain"))
		return mst_sound(id);
	mst_say("expected %lld calls that are recorded or lost_inflight, found %lld", made, calls);
	return false;
}

/* Returns true if calls are followed if, and only if, the exits have been added. */
static bool follows_calls(struct fault_test *f, int id, long long made, bool added)
{
	long long before = mst_stat(id, "lost_inflight"), lost;

	if (!counts_step(f, id, made))
		return false;
	lost = mst_stat(id, "lost_inflight") - before;
	if (!lost == added)
		return true;
	mst_say("exits were %s, but %lld calls are lost_inflight", added ? "added" : "not added",
		lost);
	return false;
}

/*
 * The first call after the dispatch has been turned on requests the exits. The worker adds them
 * before it executes a command; an attach to a target is refused.
 */
static bool add_exits_at(struct fault_test *f, struct fault_site *site, int id)
{
	long long made = mst_stat(id, "allocated") + mst_stat(id, "failed");
	int failed, err;
	bool good;

	mst_step(&f->other, "dispatch");
	fault_arm(site);
	good = counts_step(f, id, made);
	err = mst_command("attach %d", f->other.pid);
	failed = inject_disable();
	if (failed)
		site->failed = true;
	if (!err)
		mst_say("expected the attach to a target to be refused");
	if (failed && !fault_is_fatal(site))
		return counts_step(f, id, made) && err && good;
	return follows_calls(f, id, made, !failed) && err && good;
}

/**
 * fault_try_late_exits() - let a traced process need exit probes while a site fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if each call was recorded or counted as lost, and the process has survived.
 */
bool fault_try_late_exits(struct fault_test *f, struct fault_site *site)
{
	bool good;
	int id;

	fault_spawn_shaped(f, "programs/libshaped_plain.so");
	if (mst_command("attach %d", f->other.pid))
		mst_die("%s", mst_refusal);
	id = mst_id(f->other.pid);
	mst_step(&f->other, "go");
	good = mst_exact(&f->other) && add_exits_at(f, site, id);
	if (mst_command("detach %d", f->other.pid) || mst_command("clear %d", f->other.pid))
		mst_die("%s", mst_refusal);
	mst_step(&f->other, "go");
	good = !mst_end(&f->other) && good;
	f->other.pid = 0;
	return good;
}
