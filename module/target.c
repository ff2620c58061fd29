// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets: their life, the hash by mm in which handlers find them, and how their end is told.
 *
 * Contexts: handlers and the filter look up by mm, under RCU.  The mmu notifier runs in the target
 * (or in whoever drops its mm last), with SRCU held, and under mmap_lock when it tells of an unmap:
 * it takes leaf spinlocks, marks, and queues work.  All else is the worker and readers.
 *
 * Locks: mlu_targets_lock (mutex) guards the list and the states; hash_lock (spinlock) the changes
 * of the hash.  Neither is held while a uprobe is registered or unregistered.
 *
 * A target's end, as a proof.  First the gate is closed and the target unpublished.  A handler
 * that looks for it after that does not find it.  One that has found it runs within
 * rcu_read_lock(): after synchronize_rcu() there is none.  Then its calls in flight are drained
 * and its files let go.  The target itself goes with its last reference: the list's, the
 * notifier's, put from free_notifier(), when no callback runs any more, and those of readers.
 */
#include <linux/hashtable.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "mem.h"
#include "process.h"
#include "target.h"

#define TARGET_BITS 8

/* Guards the list of targets and their states. */
DEFINE_MUTEX(mlu_targets_lock);
LIST_HEAD(mlu_targets);

static DEFINE_SPINLOCK(hash_lock);
static DEFINE_HASHTABLE(by_mm, TARGET_BITS);
static atomic_t last_id;

const struct mlu_options mlu_default_options = {
	.max = U64_MAX,
	.depth = 64,
};

/* Between a target and its mm: the notifier outlives both ends of their relation. */
struct mlu_watch {
	struct mmu_notifier mn;
	struct mlu_target *target; /* with a reference; NULL while it is being set up */
	struct workqueue_struct *wq;
	struct work_struct free_work;
};

static atomic_t nr_watches;
static DECLARE_WAIT_QUEUE_HEAD(no_watches);

const char *mlu_state_name(enum mlu_state state)
{
	static const char *const names[] = {
		[MLU_ATTACHING] = "attaching", [MLU_TRACING] = "tracing",
		[MLU_DETACHING] = "detaching", [MLU_DETACHED] = "detached",
		[MLU_EXITED] = "exited",       [MLU_EXEC] = "exec",
	};

	return names[state];
}

/* mlu_target_now() - the time up to which ages count: a target's end, or now */
u64 mlu_target_now(const struct mlu_target *target)
{
	u64 ended = READ_ONCE(target->ended_ns);

	return ended ? ended : ktime_get_ns();
}

/*
 * mlu_target_new() - a target that nobody knows of yet, with one reference
 * @pid: of the thread group
 * @task: any of its threads
 *
 * Context: may sleep.  Return: NULL without memory, or at the limit.
 */
struct mlu_target *mlu_target_new(struct pid *pid, struct task_struct *task,
				  const struct mlu_options *options)
{
	struct mlu_target *target = kzalloc(sizeof(*target), GFP_KERNEL);
	struct mlu_epoch *epoch = mlu_epoch_new();

	if (target)
		target->inflight = mlu_inflight_new();
	if (!target || !epoch || !target->inflight) {
		if (target)
			mlu_inflight_free(target->inflight);
		mlu_epoch_put(epoch);
		kfree(target);
		return NULL;
	}
	kref_init(&target->refs);
	INIT_LIST_HEAD(&target->node);
	INIT_HLIST_NODE(&target->hash_node);
	mlu_maps_init(&target->maps);
	mlu_deferred_init(&target->deferred, &target->maps);
	RCU_INIT_POINTER(target->epoch, epoch);
	target->id = atomic_inc_return(&last_id);
	target->pid = get_pid(pid);
	get_task_comm(target->comm, task);
	target->options = *options;
	target->attached_ns = ktime_get_ns();
	return target;
}

struct mlu_target *mlu_target_get(struct mlu_target *target)
{
	kref_get(&target->refs);
	return target;
}

static void target_release(struct kref *refs)
{
	struct mlu_target *target = container_of(refs, struct mlu_target, refs);

	mlu_inflight_free(target->inflight);
	mlu_epoch_put(rcu_dereference_protected(target->epoch, true));
	mlu_maps_exit(&target->maps);
	put_pid(target->pid);
	kfree_rcu(target, rcu);
}

/** mlu_target_put() - the last one frees. Context: may sleep. */
void mlu_target_put(struct mlu_target *target)
{
	kref_put(&target->refs, target_release);
}

/** mlu_target_publish() - handlers and the filter find it by its mm from now on */
void mlu_target_publish(struct mlu_target *target)
{
	spin_lock(&hash_lock);
	hash_add_rcu(by_mm, &target->hash_node, (unsigned long)target->mm);
	spin_unlock(&hash_lock);
}

/** mlu_target_unpublish() - and from now on no more; any number of times, any context */
void mlu_target_unpublish(struct mlu_target *target)
{
	spin_lock(&hash_lock);
	hash_del_rcu(&target->hash_node);
	spin_unlock(&hash_lock);
}

/** mlu_target_of_mm() - the published target of an mm, or NULL. Context: within rcu_read_lock(). */
struct mlu_target *mlu_target_of_mm(const struct mm_struct *mm)
{
	struct mlu_target *target;

	hash_for_each_possible_rcu(by_mm, target, hash_node, (unsigned long)mm)
		if (target->mm == mm)
			return target;
	return NULL;
}

/* mlu_target_drop_records() - a forgotten target's memory goes, but for what readers hold */
void mlu_target_drop_records(struct mlu_target *target)
{
	struct mlu_epoch *epoch = rcu_dereference_protected(target->epoch, true);

	RCU_INIT_POINTER(target->epoch, NULL);
	mlu_epoch_put(epoch);
}

/** mlu_target_epoch_get() - the current epoch with a reference, for a reader */
struct mlu_epoch *mlu_target_epoch_get(struct mlu_target *target)
{
	struct mlu_epoch *epoch;

	rcu_read_lock();
	do {
		epoch = rcu_dereference(target->epoch);
	} while (!refcount_inc_not_zero(&epoch->refs));
	rcu_read_unlock();
	return epoch;
}

/*
 * mlu_target_new_epoch() - forget what was recorded
 *
 * Context: worker.  Handlers that still use the old epoch are waited for before it is put; what
 * calls in flight hold of it is told by its id and not looked at any more.
 */
int mlu_target_new_epoch(struct mlu_target *target)
{
	struct mlu_epoch *epoch = mlu_epoch_new();
	struct mlu_epoch *old = rcu_dereference_protected(target->epoch, true);

	if (!epoch)
		return -ENOMEM;
	rcu_assign_pointer(target->epoch, epoch);
	synchronize_rcu();
	mlu_epoch_put(old);
	return 0;
}

/** mlu_target_drain() - put back what calls hold whose return will not be seen; no handler runs */
void mlu_target_drain(struct mlu_target *target)
{
	struct mlu_epoch *epoch = rcu_dereference_protected(target->epoch, true);
	struct mlu_call *call;

	while ((call = mlu_inflight_pop_any(target->inflight)))
		mlu_epoch_abandon(epoch, call);
	mlu_inflight_free(target->inflight);
	target->inflight = NULL;
}

/* === The mmu notifier === */

static struct mlu_target *watched(const struct mlu_watch *watch)
{
	/* Pairs with mlu_target_watch(). */
	return smp_load_acquire(&watch->target);
}

/* Not always told by who ends it: the last to let the mm go may be anybody who looked at it. */
static enum mlu_state why_ended(const struct mlu_target *target, const struct mm_struct *mm)
{
	return mlu_process_has_execed(target->pid, mm) ? MLU_EXEC : MLU_EXITED;
}

static void watch_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct mlu_watch *watch = container_of(mn, struct mlu_watch, mn);
	struct mlu_target *target = watched(watch);

	if (!target)
		return;
	mlu_target_gate(target, false);
	mlu_target_unpublish(target);
	WRITE_ONCE(target->end_state, why_ended(target, mm));
	/* Once only: the mm drops its notifiers after this. The work has a reference of its own. */
	mlu_target_get(target);
	queue_work(watch->wq, &target->end_work);
}

/* The OOM reaper tells of an unmap too, but may not be made to wait, and unmaps no executable. */
static int watch_invalidate(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct mlu_watch *watch = container_of(mn, struct mlu_watch, mn);
	struct mlu_target *target = watched(watch);

	if (target && range->event == MMU_NOTIFY_UNMAP && mmu_notifier_range_blockable(range) &&
	    !READ_ONCE(target->end_state))
		mlu_maps_unmap(&target->maps, range->start, range->end);
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
 * Called by SRCU, where nothing may sleep, when no callback of this watch runs any more.  A watch
 * whose set-up failed has no workqueue yet, and no target.
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

/*
 * mlu_target_watch() - be told when the target's mm goes, or a part of it
 * @mm: with a reference on its users, so that it cannot go meanwhile
 * @ended: the target's end_work, queued on @wq
 *
 * Context: worker (without signals: registering fails with one pending).
 */
int mlu_target_watch(struct mlu_target *target, struct mm_struct *mm,
		     void (*ended)(struct work_struct *work), struct workqueue_struct *wq)
{
	struct mmu_notifier *mn = mmu_notifier_get(&watch_ops, mm);

	if (IS_ERR(mn))
		return PTR_ERR(mn);
	INIT_WORK(&target->end_work, ended);
	target->watch = container_of(mn, struct mlu_watch, mn);
	target->watch->wq = wq;
	/* Pairs with watched(): the callbacks find a watch that is set up. */
	smp_store_release(&target->watch->target, mlu_target_get(target));
	return 0;
}

void mlu_target_unwatch(struct mlu_target *target)
{
	mmu_notifier_put(&target->watch->mn);
}

/** mlu_target_watch_exit() - wait until every notifier's end has come; before the module goes */
void mlu_target_watch_exit(void)
{
	wait_event(no_watches, !atomic_read(&nr_watches));
	mmu_notifier_synchronize();
}
