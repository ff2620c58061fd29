// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail in event handlers, and in the works that read the files of new mappings:
 * for fault_inject.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

static const struct inject_window nowhere;

/*
 * rhashtable_insert_slow() allocates in a handler only if the worker that enlarges the table of
 * stacks in time has failed: so let the worker's allocation fail.
 */
static void arm_handler_site(const struct fault_site *site)
{
	if (!strcmp(site->callee, "rhashtable_insert_slow"))
		inject_enable(fault_window_of_kernel("bucket_table_alloc"), nowhere, 1,
			      INJECT_ALWAYS);
	else
		fault_arm(site);
}

/**
 * fault_try_events() - let the program allocate while a site in the handlers fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if each event was recorded or counted as lost, and the next ones are recorded.
 */
bool fault_try_events(struct fault_test *f, struct fault_site *site)
{
	bool lost;

	fault_clear(f);
	arm_handler_site(site);
	mst_step(&f->l, "go");
	site->failed = inject_disable() > 0;
	lost = mst_stat(f->id, "lost_memory");
	if (!strcmp(site->callee, "rhashtable_insert_slow"))
		site->failed = lost;
	return fault_is_counted(f, f->made) && (!site->failed || fault_is_exact(f, "code"));
}

/**
 * fault_try_first_events() - the same, directly after the module was loaded
 * @f: the test
 * @site: the site that fails
 *
 * The objects that are cached for each CPU are allocated by the first event only.
 *
 * Return: as fault_try_events().
 */
bool fault_try_first_events(struct fault_test *f, struct fault_site *site)
{
	mst_fresh();
	mst_reload("");
	fault_sites_locate();
	fault_attach(f);
	return fault_try_events(f, site);
}

static bool try_nested_step(struct fault_test *f, struct fault_site *site, const char *step)
{
	mst_fresh();
	mst_reload("");
	fault_sites_locate();
	fault_attach(f);
	fault_clear(f);
	arm_handler_site(site);
	mst_step(&f->l, step);
	site->failed |= inject_disable() > 0;
	/* If the stack cannot be walked, whether the inner call is nested is uncertain. */
	return mst_stat(f->id, "allocated") + mst_stat(f->id, "lost_memory") == 2;
}

/**
 * fault_try_nested_events() - let the program call functions that call other ones of the allocator
 * @f: the test
 * @site: the site that fails
 *
 * Calls in flight of one thread are allocated only if they are nested, and reused by the next one.
 *
 * Return: true if each allocation was recorded or counted as lost, and no nested call was.
 */
bool fault_try_nested_events(struct fault_test *f, struct fault_site *site)
{
	return try_nested_step(f, site, "nested") && try_nested_step(f, site, "mapped");
}

/**
 * fault_try_growth() - let a program keep so many blocks that the table of records has to grow
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if all blocks are recorded or counted as lost.
 */
bool fault_try_growth(struct fault_test *f, struct fault_site *site)
{
	bool good;
	int id;

	fault_kill_other(f);
	mst_spawn(&f->other, "many", "4000", "1", NULL);
	if (mst_command("attach %d%s", f->other.pid, f->options))
		mst_die("%s", mst_refusal);
	id = mst_id(f->other.pid);
	arm_handler_site(site);
	mst_step(&f->other, "go");
	site->failed |= inject_disable() > 0;
	good = mst_stat(id, "allocated") + mst_stat(id, "lost_memory") == 4000;
	if (mst_command("detach %d", f->other.pid) || mst_command("clear %d", f->other.pid))
		mst_die("%s", mst_refusal);
	fault_kill_other(f);
	return good;
}

/**
 * fault_try_mappings() - let the program map and copy mappings while a site in the handlers fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if each allocation was recorded or counted as lost.
 */
bool fault_try_mappings(struct fault_test *f, struct fault_site *site)
{
	mst_fresh();
	mst_reload("");
	fault_sites_locate();
	fault_attach(f);
	fault_clear(f);
	arm_handler_site(site);
	mst_step(&f->l, "remap");
	site->failed |= inject_disable() > 0;
	return mst_stat(f->id, "allocated") + mst_stat(f->id, "lost_memory") == 3;
}

/**
 * fault_try_refill() - let the program map while a site in the work fails that allocates spares
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if all is recorded as if nothing had failed, or if it is another work's site.
 */
bool fault_try_refill(struct fault_test *f, struct fault_site *site)
{
	if (strcmp(site->function, "mlu_ranges_refill") &&
	    strcmp(site->function, "mlu_pool_alloc_slowly"))
		return true;
	fault_clear(f);
	fault_arm(site);
	mst_step(&f->l, "remap");
	usleep(200000);
	site->failed = inject_disable() > 0;
	if (!mst_exact(&f->l))
		return false;
	fault_clear(f);
	mst_step(&f->l, "remap");
	return mst_exact(&f->l);
}

/**
 * fault_drain_pools() - let all allocations of and for the pools fail during some steps
 * @f: the test
 * @spared: a user of the pools whose allocations do not fail
 *
 * The stacks are stored in a step before.
 *
 * Return: the number of events that were lost, or -1 if not all events are counted.
 */
long long fault_drain_pools(struct fault_test *f, struct inject_window spared)
{
	struct inject_window pools = fault_window_of("insmod", "kmem_cache_alloc_noprof",
						     "pool_refill");
	int i;

	pools.end = fault_window_of("handlers", "kmem_cache_alloc_noprof", "mlu_pool_alloc").end;
	fault_clear(f);
	mst_step(&f->l, "go");
	inject_enable(pools, spared, 1, INJECT_ALWAYS);
	for (i = 0; i < FAULT_DRAIN_STEPS; i++)
		mst_step(&f->l, "go");
	inject_disable();
	if (!fault_is_counted(f, (1 + FAULT_DRAIN_STEPS) * f->made))
		return -1;
	return mst_stat(f->id, "lost_memory");
}

static bool shows_the_code(const struct fault_test *f)
{
	char *report = mst_text("targets/%d/report", f->id);
	bool shows = mst_count(report, " code+0x") == 1 && mst_count(report, f->code) == 1;

	if (!shows)
		mst_say("expected one frame and one mapping of %s in the report: %s", f->code,
			report);
	free(report);
	return shows;
}

/**
 * fault_try_learning() - let the program call new code while a site in the works fails
 * @f: the test
 * @site: the site that fails
 *
 * Reading the report in mst_sound() waits for the works.
 *
 * Return: true if the event is counted, and the file of the code is read the next time.
 */
bool fault_try_learning(struct fault_test *f, struct fault_site *site)
{
	bool good;

	fault_clear(f);
	fault_arm(site);
	mst_step(&f->l, "code");
	good = mst_sound(f->id);
	site->failed = inject_disable() > 0;
	good = fault_is_counted(f, 1) && good;
	return fault_is_exact(f, "code") && shows_the_code(f) && good;
}
