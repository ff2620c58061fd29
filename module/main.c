// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak_user: outstanding allocations of running programs, with their stacks.
 *
 * Init and exit as mirror images, and the module's parameters; nothing else.
 *
 * Exit as a proof: every open file of ours has the module as its owner, so none is open, and none
 * can be opened any more.  The worker ends and forgets all targets: no breakpoint, no consumer and
 * no notifier of ours is left.  What RCU still has to free is waited for before the caches go.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "allocs.h"
#include "debugfs.h"
#include "deferred.h"
#include "dso.h"
#include "epoch.h"
#include "events.h"
#include "inflight.h"
#include "maps.h"
#include "mem.h"
#include "worker.h"

static unsigned int max_memory;
module_param(max_memory, uint, 0444);
MODULE_PARM_DESC(max_memory, "MiB of kernel memory for all targets; 0: 5 % of the machine's");

static unsigned int max_targets = 1024;
module_param(max_targets, uint, 0444);
MODULE_PARM_DESC(max_targets, "targets that are traced at once (default 1024)");

static unsigned int max_ended = 64;
module_param(max_ended, uint, 0444);
MODULE_PARM_DESC(max_ended, "ended targets that are kept, the oldest goes first (default 64)");

static const struct mlu_worker_ops worker_ops = {
	.target_added = mlu_debugfs_born,
	.target_removed = mlu_debugfs_gone,
};

static int __init memleak_user_init(void)
{
	int err;

	mlu_mem_init(max_memory);
	err = mlu_allocs_pool_init();
	if (err)
		return err;
	err = mlu_inflight_pool_init();
	if (err)
		goto err_allocs;
	err = mlu_events_init();
	if (err)
		goto err_inflight;
	err = mlu_epoch_init();
	if (err)
		goto err_events;
	err = mlu_dso_init();
	if (err)
		goto err_epoch;
	err = mlu_maps_wq_init();
	if (err)
		goto err_dso;
	err = mlu_deferred_wq_init();
	if (err)
		goto err_maps;
	mlu_debugfs_init();
	err = mlu_worker_init(&worker_ops, max_targets, max_ended);
	if (err)
		goto err_debugfs;
	mlu_debugfs_open_control();
	return 0;

err_debugfs:
	mlu_debugfs_exit();
	mlu_deferred_wq_exit();
err_maps:
	mlu_maps_wq_exit();
err_dso:
	mlu_dso_exit();
err_epoch:
	mlu_epoch_exit();
err_events:
	mlu_events_exit();
err_inflight:
	mlu_inflight_pool_exit();
err_allocs:
	mlu_allocs_pool_exit();
	return err;
}

static void __exit memleak_user_exit(void)
{
	mlu_debugfs_close_control();
	mlu_worker_exit();
	mlu_debugfs_exit();
	rcu_barrier();
	mlu_deferred_wq_exit();
	mlu_maps_wq_exit();
	mlu_dso_exit();
	mlu_epoch_exit();
	mlu_events_exit();
	mlu_inflight_pool_exit();
	mlu_allocs_pool_exit();
}

module_init(memleak_user_init);
module_exit(memleak_user_exit);

MODULE_DESCRIPTION("Outstanding allocations of running programs, with their stacks");
MODULE_AUTHOR("memleak_user maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(MLU_VERSION);
