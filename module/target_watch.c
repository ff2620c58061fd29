// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mmu notifier of a target: the end of its mm, and parts of it that are unmapped.
 *
 * Contexts: the callbacks run in the target, or in the task that drops the last reference on the
 * mm, with SRCU held, and under mmap_lock for an unmap. They take leaf spinlocks, set flags and
 * queue work. All else is called from the worker.
 */
#include <linux/slab.h>
#include <linux/wait.h>

#include "mappings.h"
#include "process.h"
#include "target_watch.h"

/* Connects a target and its mm. Freed by SRCU, maybe after both. */
struct mlu_watch {
	struct mmu_notifier mn;
	struct mlu_target *target; /* with a reference; NULL until it is set up */
	struct workqueue_struct *wq;
	struct work_struct free_work;
};

static atomic_t nr_watches;
static DECLARE_WAIT_QUEUE_HEAD(no_watches);

static struct mlu_target *watch_target(const struct mlu_watch *watch)
{
	/* Pairs with mlu_target_watch(). */
	return smp_load_acquire(&watch->target);
}

static void watch_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct mlu_watch *watch = container_of(mn, struct mlu_watch, mn);
	struct mlu_target *target = watch_target(watch);
	bool execed;

	if (!target)
		return;
	mlu_target_set_gate(target, false);
	mlu_target_unpublish(target);
	/* May run in any task that drops the last reference on the mm, so current says nothing. */
	execed = mlu_process_has_execed(target->pid, mm);
	WRITE_ONCE(target->end_state, execed ? MLU_EXEC : MLU_EXITED);
	/* Runs once: the mm drops its notifiers after this. The work has its own reference. */
	mlu_target_get(target);
	queue_work(watch->wq, &target->end_work);
}

/*
 * The OOM reaper sends MMU_NOTIFY_UNMAP too, but must not be blocked, and does not free addresses.
 *
 * Records are cut before mmap_lock is released, so before another thread can get the addresses. A
 * detach closes the gate and waits for RCU before it drops what is used here.
 */
static int watch_invalidate(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct mlu_watch *watch = container_of(mn, struct mlu_watch, mn);
	struct mlu_target *target = watch_target(watch);

	if (target && range->event == MMU_NOTIFY_UNMAP && mmu_notifier_range_blockable(range) &&
	    !READ_ONCE(target->end_state)) {
		mlu_maps_unmap(&target->maps, range->start, range->end);
		rcu_read_lock();
		if (READ_ONCE(target->gate))
			mlu_mappings_unmap(target, range->start, range->end);
		rcu_read_unlock();
	}
	return 0;
}

static struct mmu_notifier *watch_alloc(struct mm_struct *mm)
{
	struct mlu_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);

	if (!watch)
		return ERR_PTR(-ENOMEM);
	atomic_inc(&nr_watches);
	return &watch->mn;
}

static void watch_free_work(struct work_struct *work)
{
	struct mlu_watch *watch = container_of(work, struct mlu_watch, free_work);

	if (watch->target)
		mlu_target_put(watch->target);
	kfree(watch);
	if (atomic_dec_and_test(&nr_watches))
		wake_up_all(&no_watches);
}

/*
 * Called by SRCU, in atomic context, when no callback of this watch runs any more. A watch whose
 * set-up failed has no workqueue and no target.
 */
static void watch_free(struct mmu_notifier *mn)
{
	struct mlu_watch *watch = container_of(mn, struct mlu_watch, mn);

	INIT_WORK(&watch->free_work, watch_free_work);
	if (watch->wq)
		queue_work(watch->wq, &watch->free_work);
	else
		watch_free_work(&watch->free_work);
}

static const struct mmu_notifier_ops watch_ops = {
	.release = watch_release,
	.invalidate_range_start = watch_invalidate,
	.alloc_notifier = watch_alloc,
	.free_notifier = watch_free,
};

/**
 * mlu_target_watch() - get notified when the target's mm is released or a part of it is unmapped
 * @target: the target
 * @mm: its mm, with a reference on mm_users: it stays alive meanwhile
 * @end_work: the function of the target's end_work, which is queued when the mm is released
 * @wq: the workqueue for @end_work
 *
 * Context: The worker, which has no signals pending: registering would fail with one.
 * Return: 0 or a negative errno.
 */
int mlu_target_watch(struct mlu_target *target, struct mm_struct *mm, work_func_t end_work,
		     struct workqueue_struct *wq)
{
	struct mmu_notifier *mn = mmu_notifier_get(&watch_ops, mm);

	if (IS_ERR(mn))
		return PTR_ERR(mn);
	INIT_WORK(&target->end_work, end_work);
	target->watch = container_of(mn, struct mlu_watch, mn);
	target->watch->wq = wq;
	/* Pairs with watch_target(): the callbacks find a watch that is set up. */
	smp_store_release(&target->watch->target, mlu_target_get(target));
	return 0;
}

/**
 * mlu_target_unwatch() - undo mlu_target_watch()
 * @target: the target; one that was made in a handler may not be watched
 *
 * The notifier's reference on the target is dropped later, after an SRCU grace period.
 *
 * Context: The worker; may sleep.
 */
void mlu_target_unwatch(struct mlu_target *target)
{
	if (target->watch)
		mmu_notifier_put(&target->watch->mn);
}

/**
 * mlu_target_watch_exit() - wait until all notifiers have been freed
 *
 * Context: Module exit. May sleep.
 */
void mlu_target_watch_exit(void)
{
	wait_event(no_watches, !atomic_read(&nr_watches));
	mmu_notifier_synchronize();
}
