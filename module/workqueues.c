// SPDX-License-Identifier: GPL-2.0-only
/*
 * The unbound workqueues of the module.
 *
 * A workqueue executes at most max_active works at once (256 by default), so a work must not
 * share a queue with works that it waits for, nor with works that may block for ever if its own
 * delay matters to others. That is why there are three:
 *
 * mlu_read_wq: reads mapped files, one work per file (dso.c). A work blocks for as long as the
 * file's server does not respond, possibly for ever. Everything that waits for such a work has a
 * timeout. Were other works on this queue, a process that maps 256 files of a hung FUSE daemon
 * would stop them for all targets.
 *
 * mlu_close_wq: records the path and the dso of newly learned mappings and closes their files,
 * one work per target (maps_resolve.c). Closing may be the last close of the file and then blocks
 * if a network server does not respond. Waiters have a timeout.
 *
 * mlu_compute_wq: deferred walks, one work per target (deferred.c), and the freeing of epochs
 * (epoch.c). Freeing waits for nothing. A walk waits for works of both other queues, with a
 * timeout, and never for a work of this queue. So each work on this queue ends, whatever files
 * do. The worker depends on that: at a detach it flushes the target's walks without a timeout.
 * Walks cannot share mlu_close_wq: with more targets than max_active, all running works could be
 * walks that wait for closing works queued behind them.
 *
 * Exit: no target is left, so no work is queued from outside a work. mlu_compute_wq is destroyed
 * first: its walks wait for the other two queues, and the epochs that they put are freed on the
 * same queue, which destroy_workqueue() drains. Then mlu_close_wq, whose works queue reads, then
 * mlu_read_wq. A read that was given up on holds a reference on the module, so it has ended.
 */
#include <linux/errno.h>

#include "workqueues.h"

struct workqueue_struct *mlu_read_wq;
struct workqueue_struct *mlu_close_wq;
struct workqueue_struct *mlu_compute_wq;

/**
 * mlu_workqueues_init() - allocate the workqueues
 *
 * Return: 0 or -ENOMEM.
 */
int mlu_workqueues_init(void)
{
	mlu_read_wq = alloc_workqueue("mlu_read", WQ_UNBOUND, 0);
	if (!mlu_read_wq)
		return -ENOMEM;
	mlu_close_wq = alloc_workqueue("mlu_close", WQ_UNBOUND, 0);
	if (!mlu_close_wq)
		goto err_read;
	mlu_compute_wq = alloc_workqueue("mlu_compute", WQ_UNBOUND, 0);
	if (!mlu_compute_wq)
		goto err_close;
	return 0;

err_close:
	destroy_workqueue(mlu_close_wq);
err_read:
	destroy_workqueue(mlu_read_wq);
	return -ENOMEM;
}

/**
 * mlu_workqueues_exit() - wait for all works and destroy the workqueues
 *
 * Context: Module exit, after mlu_worker_exit() and rcu_barrier(). May sleep.
 */
void mlu_workqueues_exit(void)
{
	destroy_workqueue(mlu_compute_wq);
	destroy_workqueue(mlu_close_wq);
	destroy_workqueue(mlu_read_wq);
}
