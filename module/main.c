// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak_user: outstanding allocations of running programs, with their stacks.
 *
 * Module parameters, and init and exit in mirrored order.
 *
 * Exit, as a proof: each open file of the module holds a reference on it (debugfs.c, procfs.c), so
 * none is open, and none can be opened while the module is being unloaded. A release() that is
 * returning has ended by the time /proc's files are removed. The worker ends and forgets all
 * targets: no breakpoint, consumer or notifier is left. RCU callbacks and works end before the
 * caches that they free into are destroyed.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "allocs.h"
#include "debugfs.h"
#include "files_internal.h"
#include "inflight.h"
#include "mem.h"
#include "procfs.h"
#include "target_list.h"
#include "ranges.h"
#include "unwind.h"
#include "worker.h"
#include "workqueues.h"

static unsigned int max_memory;
module_param(max_memory, uint, 0444);
MODULE_PARM_DESC(max_memory, "MiB of kernel memory for all targets; 0: 5 % of the machine's");

static bool walk_cache = true;
module_param(walk_cache, bool, 0444);
MODULE_PARM_DESC(walk_cache, "remember frames of recent walks (default Y)");

static unsigned int max_targets = 1024;
module_param(max_targets, uint, 0444);
MODULE_PARM_DESC(max_targets, "targets that are traced at once (default 1024)");

static unsigned int max_ended = 64;
module_param(max_ended, uint, 0444);
MODULE_PARM_DESC(max_ended,
		 "ended targets that are kept; the oldest is dropped first (default 64)");

static const struct mlu_list_ops list_ops = {
	.target_added = mlu_debugfs_add_target,
	.target_removed = mlu_debugfs_remove_target,
};

/*
 * Create the files, when everything else works: one directory is enough. Not inlined, so that the
 * fault injection test finds its calls.
 */
static noinline int __init open_files(void)
{
	bool has_proc = mlu_procfs_open();
	bool has_debugfs = mlu_debugfs_open();

	if (has_proc || has_debugfs)
		return 0;
	pr_err("no files can be created, neither in /proc nor in debugfs: not loaded\n");
	return -ENODEV;
}

static int __init memleak_user_init(void)
{
	int err;

	mlu_mem_init(max_memory);
	err = mlu_allocs_pool_init();
	if (err)
		return err;
	err = mlu_ranges_pool_init();
	if (err)
		goto err_allocs;
	err = mlu_inflight_pool_init();
	if (err)
		goto err_ranges;
	err = mlu_unwind_init(walk_cache);
	if (err)
		goto err_inflight;
	err = mlu_workqueues_init();
	if (err)
		goto err_unwind;
	mlu_list_init(&list_ops, max_ended);
	err = mlu_worker_init(max_targets);
	if (err)
		goto err_workqueues;
	err = open_files();
	if (err)
		goto err_worker;
	return 0;

err_worker:
	mlu_worker_exit();
	rcu_barrier();
err_workqueues:
	mlu_workqueues_exit();
err_unwind:
	mlu_unwind_exit();
err_inflight:
	mlu_inflight_pool_exit();
err_ranges:
	mlu_ranges_pool_exit();
err_allocs:
	mlu_allocs_pool_exit();
	return err;
}

static void __exit memleak_user_exit(void)
{
	mlu_procfs_close();
	mlu_debugfs_close_control();
	mlu_control_exit();
	mlu_worker_exit();
	mlu_debugfs_close();
	rcu_barrier();
	mlu_workqueues_exit();
	mlu_unwind_exit();
	mlu_inflight_pool_exit();
	mlu_ranges_pool_exit();
	mlu_allocs_pool_exit();
}

module_init(memleak_user_init);
module_exit(memleak_user_exit);

MODULE_DESCRIPTION("Outstanding allocations of running programs, with their stacks");
MODULE_AUTHOR("memleak_user maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(MLU_VERSION);
