// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail while a target's events are handled, and while the files of its mappings
 * are read for the first time: for fault_inject.c.
 */
#include <stdlib.h>
#include <string.h>

#include "fault_inject.h"

static const struct failing_window nowhere;

/*
 * The table of stacks is made larger by a worker in time; only where that fails is an event the one
 * that asks for memory.
 */
static void arm(const struct failing_site *site)
{
	if (!strcmp(site->callee, "rhashtable_insert_slow"))
		failing_on(failing_kernel("bucket_table_alloc"), nowhere, 1, FAILING_ALWAYS);
	else
		failing_arm(site);
}

bool failing_events(struct failing *f, struct failing_site *site)
{
	bool lost;

	failing_clear(f);
	arm(site);
	mst_step(&f->l, "go");
	site->failed = failing_off() > 0;
	lost = mst_stat(f->id, "lost_memory");
	if (!strcmp(site->callee, "rhashtable_insert_slow"))
		site->failed = lost;
	return failing_counted(f, f->made) && (!site->failed || failing_exact(f, "code"));
}

/* What waits on each CPU from the first event on is asked for by the first event only. */
bool failing_first_events(struct failing *f, struct failing_site *site)
{
	mst_fresh();
	mst_reload("");
	failing_locate();
	failing_attach(f);
	return failing_events(f, site);
}

/*
 * Neither a pool nor what refills it gets anything, but for one user of the pools.  The first step
 * stores the stacks.  Return: how many events were lost, -1 if some are not accounted for.
 */
long long failing_drain(struct failing *f, struct failing_window spared)
{
	struct failing_window pools = failing_of("insmod", "kmem_cache_alloc_noprof",
						 "pool_refill");
	int i;

	pools.end = failing_of("handlers", "kmem_cache_alloc_noprof", "mlu_pool_alloc").end;
	failing_clear(f);
	mst_step(&f->l, "go");
	failing_on(pools, spared, 1, FAILING_ALWAYS);
	for (i = 0; i < FAILING_DRAINING; i++)
		mst_step(&f->l, "go");
	failing_off();
	if (!failing_counted(f, (1 + FAILING_DRAINING) * f->made))
		return -1;
	return mst_stat(f->id, "lost_memory");
}

static bool shows_the_code(const struct failing *f)
{
	char *report = mst_text("targets/%d/report", f->id);
	bool shows = mst_count(report, " code+0x") == 1 && mst_count(report, f->code) == 1;

	if (!shows)
		mst_say("the code's file is not shown: %s", report);
	free(report);
	return shows;
}

/* The report waits for what is being read. */
bool failing_learn(struct failing *f, struct failing_site *site)
{
	bool good;

	failing_clear(f);
	failing_arm(site);
	mst_step(&f->l, "code");
	good = mst_sound(f->id);
	site->failed = failing_off() > 0;
	good = failing_counted(f, 1) && good;
	return failing_exact(f, "code") && shows_the_code(f) && good;
}
