// SPDX-License-Identifier: GPL-2.0-only
/*
 * Add exit probes to a target.
 *
 * If a return probe would end a thread of the target, because of a change since the attach, the
 * worker adds exit probes, which the entry handler uses from then on. They are uses of the target
 * as all others, and end with them. If that fails, the calls of such threads stay lost.
 *
 * Context: The worker; may sleep. Waits for mmap_locks and for the uprobe core, and holds no lock
 * of the module meanwhile.
 */
#include "insert.h"
#include "late_exits.h"

static int insert_exits(struct mlu_target *target, const struct mlu_sites *sites,
			struct mlu_uses *uses)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < sites->nr && !err; i++)
		err = mlu_insert_probe(NULL, target, &sites->site[i], uses);
	mlu_probe_sync();
	return err ? err : mlu_insert_check(NULL, target, uses);
}

/**
 * mlu_late_exits_work() - probe the exits of the functions that have return probes
 * @work: the target's exits_work, which has a reference on the target
 *
 * Context: The worker; may sleep.
 */
void mlu_late_exits_work(struct work_struct *work)
{
	struct mlu_target *target = container_of(work, struct mlu_target, exits_work);
	struct mlu_sites *sites = mlu_sites_new(NULL);
	struct mlu_uses *uses;

	if (!sites)
		goto out;
	/* Of a target that has been detached nothing is found. */
	if (!mlu_sites_find_exits(target, sites) || sites->too_many || !sites->nr)
		goto out;
	uses = mlu_uses_new(MLU_USES_EXITS, sites->nr);
	if (!uses)
		goto out;
	if (insert_exits(target, sites, uses)) {
		mlu_uses_remove(target, uses);
		goto out;
	}
	mlu_uses_add(target, uses);
	/* Pairs with enter_without_return_probe(). */
	smp_store_release(&target->has_exits, true);
out:
	mlu_sites_free(sites);
	mlu_target_put(target);
}
