// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets: their lifetime, the hash by mm in which handlers find them, and the mmu notifier.
 *
 * Contexts: handlers and the filter look up targets by mm, under RCU. The mmu notifier runs in
 * the target, or in the task that drops the last reference on the mm, with SRCU held, and under
 * mmap_lock for an unmap. It takes leaf spinlocks, sets flags and queues work. All else is
 * called from the worker and from readers.
 *
 * Locks: mlu_targets_lock (mutex) protects the list, the states and the replacing of epochs;
 * hash_lock (spinlock) protects changes of the hash. Neither is held while a uprobe is
 * registered or unregistered.
 *
 * The end of a target, as a proof: first the gate is closed and the target unpublished. A
 * handler that looks it up later does not find it. A handler that has found it runs within
 * rcu_read_lock(), so it has ended when synchronize_rcu() returns. Then the calls in flight are
 * drained and the files released. The target is freed with its last reference: those of the
 * list, of the notifier, which free_notifier() drops when no callback runs any more, and of
 * readers.
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

/* Protects the list, the states and the replacing of epochs. */
DEFINE_MUTEX(mlu_targets_lock);
LIST_HEAD(mlu_targets);

static DEFINE_SPINLOCK(hash_lock);
static DEFINE_HASHTABLE(by_mm, TARGET_BITS);
static atomic_t last_id;

const struct mlu_options mlu_default_options = {
	.max = U64_MAX,
	.depth = 64,
};

/* Connects a target and its mm. Freed by SRCU, maybe after both. */
struct mlu_watch {
	struct mmu_notifier mn;
	struct mlu_target *target; /* with a reference; NULL until it is set up */
	struct workqueue_struct *wq;
	struct work_struct free_work;
};

static atomic_t nr_watches;
static DECLARE_WAIT_QUEUE_HEAD(no_watches);

/**
 * mlu_state_name() - the name of a state in the debugfs files
 * @state: the state
 *
 * Return: the name.
 */
const char *mlu_state_name(enum mlu_state state)
{
	static const char *const names[] = {
		[MLU_ATTACHING] = "attaching", [MLU_TRACING] = "tracing",
		[MLU_DETACHING] = "detaching", [MLU_DETACHED] = "detached",
		[MLU_EXITED] = "exited",       [MLU_EXEC] = "exec",
	};

	return names[state];
}

/**
 * mlu_target_now() - the time from which the ages of a target's records are counted
 * @target: the target
 *
 * Return: the time of the target's end, or the current time if it has not ended.
 */
u64 mlu_target_now(const struct mlu_target *target)
{
	u64 ended = READ_ONCE(target->ended_ns);

	return ended ? ended : ktime_get_ns();
}

/**
 * mlu_target_new() - allocate a target
 * @pid: the thread group
 * @task: any of its threads
 * @options: the keys of the attach command
 *
 * The target is neither listed nor published, and has no mm.
 *
 * Context: Process context. May sleep.
 * Return: the target with one reference, or ERR_PTR(-ENOMEM).
 */
struct mlu_target *mlu_target_new(struct pid *pid, struct task_struct *task,
				  const struct mlu_options *options)
{
	struct mlu_target *target;
	struct mlu_epoch *epoch;

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	epoch = mlu_epoch_new();
	if (!epoch)
		goto err_target;
	target->inflight = mlu_inflight_new();
	if (!target->inflight)
		goto err_epoch;
	refcount_set(&target->refs, 1);
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

err_epoch:
	mlu_epoch_put(epoch);
err_target:
	kfree(target);
	return ERR_PTR(-ENOMEM);
}

/**
 * mlu_target_get() - take a reference on a target
 * @target: the target
 *
 * Return: @target.
 */
struct mlu_target *mlu_target_get(struct mlu_target *target)
{
	refcount_inc(&target->refs);
	return target;
}

/**
 * mlu_target_put() - drop a reference on a target
 * @target: the target
 *
 * Context: Process context. May sleep.
 */
void mlu_target_put(struct mlu_target *target)
{
	if (!refcount_dec_and_test(&target->refs))
		return;
	mlu_inflight_free(target->inflight);
	mlu_epoch_put(rcu_dereference_protected(target->epoch, !refcount_read(&target->refs)));
	mlu_maps_exit(&target->maps);
	put_pid(target->pid);
	kfree_rcu(target, rcu);
}

/**
 * mlu_target_publish() - let handlers and the filter find a target by its mm
 * @target: the target
 *
 * Context: The worker. Takes and releases hash_lock.
 */
void mlu_target_publish(struct mlu_target *target)
{
	spin_lock(&hash_lock);
	hash_add_rcu(by_mm, &target->hash_node, (unsigned long)target->mm);
	spin_unlock(&hash_lock);
}

/**
 * mlu_target_unpublish() - hide a target from handlers and the filter
 * @target: the target; may be unpublished already
 *
 * Handlers that have found the target before may run until synchronize_rcu().
 *
 * Context: Process context. Does not sleep. Takes and releases hash_lock.
 */
void mlu_target_unpublish(struct mlu_target *target)
{
	spin_lock(&hash_lock);
	hash_del_rcu(&target->hash_node);
	spin_unlock(&hash_lock);
}

/**
 * mlu_target_of_mm() - look up the published target of an mm
 * @mm: the mm; compared only
 *
 * Context: Any, within rcu_read_lock().
 * Return: the target, valid until rcu_read_unlock(), or NULL.
 */
struct mlu_target *mlu_target_of_mm(const struct mm_struct *mm)
{
	struct mlu_target *target;

	hash_for_each_possible_rcu(by_mm, target, hash_node, (unsigned long)mm)
		if (target->mm == mm)
			return target;
	return NULL;
}

/**
 * mlu_target_drop_records() - free the records of a target that is no longer listed
 * @target: the target; has been detached
 *
 * Readers that have a reference on the epoch keep it.
 *
 * Context: The worker; may sleep.
 */
void mlu_target_drop_records(struct mlu_target *target)
{
	struct mlu_epoch *epoch;

	mutex_lock(&mlu_targets_lock);
	epoch = rcu_replace_pointer(target->epoch, NULL, lockdep_is_held(&mlu_targets_lock));
	mutex_unlock(&mlu_targets_lock);
	mlu_epoch_put(epoch);
}

/**
 * mlu_target_epoch_get() - take a reference on the current epoch of a target
 * @target: the target; listed and mlu_targets_lock held, or the caller is the worker
 *
 * Context: Process context.
 * Return: the epoch.
 */
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

/**
 * mlu_target_new_epoch() - discard what was recorded
 * @target: the target
 *
 * Handlers that still use the old epoch are waited for before it is put. A call in flight that
 * refers to the old epoch remembers its id, and does not use it if the id is not the current one.
 *
 * Context: The worker; may sleep.
 * Return: 0 or -ENOMEM.
 */
int mlu_target_new_epoch(struct mlu_target *target)
{
	struct mlu_epoch *epoch = mlu_epoch_new();
	struct mlu_epoch *old;

	if (!epoch)
		return -ENOMEM;
	mutex_lock(&mlu_targets_lock);
	old = rcu_replace_pointer(target->epoch, epoch, lockdep_is_held(&mlu_targets_lock));
	mutex_unlock(&mlu_targets_lock);
	synchronize_rcu();
	mlu_epoch_put(old);
	return 0;
}

/**
 * mlu_target_drain() - end all calls in flight: their returns will not be seen
 * @target: the target; no handler runs for it any more
 *
 * A record that such a call has taken is put back.
 *
 * Context: The worker; may sleep.
 */
void mlu_target_drain(struct mlu_target *target)
{
	struct mlu_epoch *epoch = mlu_target_epoch_get(target);
	struct mlu_call *call;

	while ((call = mlu_inflight_pop_any(target->inflight)))
		mlu_epoch_abandon(epoch, call);
	mlu_epoch_put(epoch);
	mlu_inflight_free(target->inflight);
	target->inflight = NULL;
}

/* === The mmu notifier === */

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

/* The OOM reaper sends MMU_NOTIFY_UNMAP too, but must not be blocked, and unmaps no code. */
static int watch_invalidate(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct mlu_watch *watch = container_of(mn, struct mlu_watch, mn);
	struct mlu_target *target = watch_target(watch);

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
 * @target: the target
 *
 * The notifier's reference on the target is dropped later, after an SRCU grace period.
 *
 * Context: The worker; may sleep.
 */
void mlu_target_unwatch(struct mlu_target *target)
{
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
