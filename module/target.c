// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets: their lifetime.
 *
 * Contexts: a handler identifies a spare target that the worker has allocated (adopt.c). All else
 * is called from the worker and from readers.
 *
 * Locks: mlu_targets_lock (mutex) protects the list, the states and the replacing of epochs. It is
 * not held while a uprobe is registered or unregistered.
 *
 * The end of a target, as a proof: first the gate is closed and the target unpublished. A
 * handler that looks it up later does not find it. A handler that has found it runs within
 * rcu_read_lock(), so it has ended when synchronize_rcu() returns. Then the calls in flight are
 * drained and the files released. The target is freed with its last reference: those of the
 * list, of the notifier, which free_notifier() drops when no callback runs any more, and of
 * readers.
 */
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "group.h"
#include "mem.h"
#include "target.h"

/* Protects the list, the states and the replacing of epochs. */
DEFINE_MUTEX(mlu_targets_lock);
LIST_HEAD(mlu_targets);

static atomic_t last_id;

const struct mlu_options mlu_default_options = {
	.max = U64_MAX,
	.depth = 64,
};

/**
 * mlu_state_name() - the name of a state in the files
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

	return ended ? ended : mlu_now_ns();
}

/**
 * mlu_target_new_id() - get the id of a new target or group
 *
 * Context: Any. Does not sleep.
 * Return: the id, which is never reused.
 */
u32 mlu_target_new_id(void)
{
	return atomic_inc_return(&last_id);
}

/**
 * mlu_target_new_spare() - allocate a target that is no process's yet
 * @options: the keys of the attach command
 *
 * The target is neither listed nor published, and has no mm.
 *
 * Context: Process context. May sleep.
 * Return: the target with one reference, or NULL without memory.
 */
struct mlu_target *mlu_target_new_spare(const struct mlu_options *options)
{
	struct mlu_target *target;
	struct mlu_names *names;
	struct mlu_epoch *epoch;

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return NULL;
	epoch = mlu_epoch_new();
	if (!epoch)
		goto err_target;
	target->inflight = mlu_inflight_new();
	if (!target->inflight)
		goto err_epoch;
	/* Each call is "one of one". */
	if (mlu_sampler_init(&target->sampler, options->sample,
			     options->every > 1 ? options->every : 0))
		goto err_inflight;
	names = mlu_names_get(&options->names);
	if (IS_ERR(names))
		goto err_sampler;
	refcount_set(&target->refs, 1);
	INIT_LIST_HEAD(&target->node);
	INIT_LIST_HEAD(&target->uses);
	INIT_LIST_HEAD(&target->old_uses);
	INIT_LIST_HEAD(&target->untraced);
	INIT_LIST_HEAD(&target->late.pending);
	INIT_HLIST_NODE(&target->hash_node);
	mlu_maps_init(&target->maps, names);
	mlu_deferred_init(&target->deferred, &target->maps);
	RCU_INIT_POINTER(target->epoch, epoch);
	target->options = *options;
	target->skips = options->min || options->max < U64_MAX ||
			mlu_sampler_is_used(&target->sampler);
	return target;

err_sampler:
	mlu_sampler_exit(&target->sampler);
err_inflight:
	mlu_inflight_free(target->inflight);
err_epoch:
	mlu_epoch_put(epoch);
err_target:
	kfree(target);
	return NULL;
}

/**
 * mlu_target_identify() - make a spare target that of a process
 * @target: the target
 * @pid: the thread group
 * @comm: the name of the process
 *
 * Context: Any. Does not sleep.
 */
void mlu_target_identify(struct mlu_target *target, struct pid *pid, const char *comm)
{
	target->id = mlu_target_new_id();
	target->pid = get_pid(pid);
	strscpy(target->comm, comm, sizeof(target->comm));
	target->attached_ns = mlu_now_ns();
}

/**
 * mlu_target_new() - allocate a target
 * @pid: the thread group
 * @task: any of its threads
 * @options: the keys of the attach command
 *
 * Context: Process context. May sleep.
 * Return: as mlu_target_new_spare(), or ERR_PTR(-ENOMEM).
 */
struct mlu_target *mlu_target_new(struct pid *pid, struct task_struct *task,
				  const struct mlu_options *options)
{
	struct mlu_target *target = mlu_target_new_spare(options);
	char comm[TASK_COMM_LEN];

	if (!target)
		return ERR_PTR(-ENOMEM);
	get_task_comm(comm, task);
	mlu_target_identify(target, pid, comm);
	return target;
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
	struct mlu_untraced *untraced, *tmp;

	if (!refcount_dec_and_test(&target->refs))
		return;
	list_for_each_entry_safe(untraced, tmp, &target->untraced, node)
		kfree(untraced);
	mlu_inflight_free(target->inflight);
	mlu_epoch_put(rcu_dereference_protected(target->epoch, !refcount_read(&target->refs)));
	mlu_maps_exit(&target->maps);
	mlu_sampler_exit(&target->sampler);
	put_pid(target->pid);
	mlu_group_put(target->group);
	kfree_rcu(target, rcu);
}

/**
 * mlu_target_want_exits() - request exit probes where there are return probes
 * @target: current's target
 *
 * Context: Handler, within rcu_read_lock(): the target is published, so it has references.
 */
void mlu_target_want_exits(struct mlu_target *target)
{
	/* The worker has not set up the work of a new target. */
	if (smp_load_acquire(&target->is_new))
		return;
	if (READ_ONCE(target->exits_wanted) || xchg(&target->exits_wanted, true))
		return;
	queue_work(target->wq, &mlu_target_get(target)->exits_work);
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
 * mlu_target_skip_of() - mlu_target_skip() for a target that does not record all allocations
 * @target: current's target
 * @size: bytes that are requested
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the reason, or MLU_SKIP_NONE.
 */
enum mlu_skip mlu_target_skip_of(struct mlu_target *target, u64 size)
{
	if (size < target->options.min || size > target->options.max)
		return MLU_SKIP_SIZE;
	if (mlu_sampler_is_used(&target->sampler) && !mlu_sampler_takes(&target->sampler, size))
		return MLU_SKIP_SAMPLE;
	return READ_ONCE(target->frozen) ? MLU_SKIP_FROZEN : MLU_SKIP_NONE;
}

/**
 * mlu_target_count_maybe_late() - count a free of a block that a late library may have made before
 * @target: current's target, which has had a late library
 * @epoch: its epoch
 * @start: start of the function that frees
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_target_count_maybe_late(struct mlu_target *target, struct mlu_epoch *epoch,
				 unsigned long start)
{
	const struct mlu_mapping *mapping = mlu_maps_find(&target->maps, start);

	if (mapping && READ_ONCE(mapping->late))
		mlu_count(epoch->counters, late_free);
	else
		mlu_count(epoch->counters, unknown_free);
}

/**
 * mlu_target_set_frozen() - stop recording allocations, or start again
 * @target: the target
 * @frozen: stop
 *
 * Calls that have been entered are recorded at their return.
 *
 * Context: Process context. The caller holds mlu_targets_lock.
 */
void mlu_target_set_frozen(struct mlu_target *target, bool frozen)
{
	lockdep_assert_held(&mlu_targets_lock);
	if (frozen && !target->frozen)
		target->frozen_ns = mlu_now_ns();
	WRITE_ONCE(target->frozen, frozen);
	/* Frees of blocks that were not recorded meanwhile are seen long after a thaw. */
	if (frozen)
		WRITE_ONCE(target->skips, true);
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
