// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turn calls of a target into records: what is done at the entry of a call.
 *
 *   call                 at its entry                     at its return
 *   malloc and the like  -                                an address: insert it
 *   free                 remove the record                (no probe)
 *   realloc(p, n)        take p's record: still charged,  an address: drop the old one, insert
 *                        still shown, but not found by    the new one; NULL: put it back, but
 *                        other calls                      drop it if n is 0
 *   strdup and the like  -                                the same; its size is not known before
 *   mmap and the like    -                                see mappings.c
 *
 * The record has to be taken at the entry: realloc frees the old address before its return probe is
 * hit, and by then another thread's malloc may have got that address and been recorded with it.
 *
 * Only outermost calls count (calls.c).
 *
 * Context: Called from uprobe handlers, in the target's context, within rcu_read_lock(). Does not
 * sleep, fault or wait.
 * Locking: A call in flight is used by its own thread only. Records are protected by the locks of
 * their tables.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/overflow.h>

#include "arch.h"
#include "calls.h"
#include "compat.h"
#include "events.h"
#include "events_internal.h"
#include "frees.h"
#include "mappings.h"
#include "mem.h"
#include "umem.h"
#include "unwind.h"

/*
 * Find the stored stack of a call at its entry in the cache of walks.
 *
 * Return: the stack, which is counted as walked, or NULL if a walk is needed.
 */
static struct mlu_stack *cached_stack(struct mlu_target *target, struct mlu_epoch *epoch,
				      const struct mlu_call *call, const struct pt_regs *regs)
{
	struct mlu_walk_cache *cache = mlu_walk_cache_get();
	struct mlu_stack *stack = NULL;
	struct mlu_cached_frame *f;

	/* The cache does not have the return addresses that return probes have replaced. */
	if (!cache || mlu_return_instances(false))
		goto out;
	f = mlu_cached_frame_find(cache, mlu_maps_version(&target->maps), call->sp + sizeof(long),
				  call->ret);
	if (!f || f->epoch != epoch->id || f->kind != call->kind || f->nr > target->options.depth ||
	    (f->needs_fp && f->fp != mlu_arch_fp(regs)) || !mlu_cached_frame_is_linked(cache, f) ||
	    mlu_cached_frame_changed(f))
		goto out;
	stack = f->stack;
	mlu_count(epoch->counters, walk_end);
	mlu_count_add(epoch->counters, frames_by_rule, f->nr - f->nr_by_pointer);
	if (f->nr_by_pointer)
		mlu_count_add(epoch->counters, frames_by_pointer, f->nr_by_pointer);
out:
	mlu_walk_cache_put();
	return stack;
}

/* The stack of a call at its entry. Return: the stack, or NULL, which is counted. */
static struct mlu_stack *store_stack(struct mlu_target *target, struct mlu_epoch *epoch,
				     const struct mlu_call *call, const struct pt_regs *regs)
{
	struct mlu_stack *stack = cached_stack(target, epoch, call, regs);

	return stack ? stack : mlu_event_walk(target, epoch, call, regs, call->ret, false);
}

static unsigned long size_of(const struct mlu_prototype *proto, const struct pt_regs *regs)
{
	unsigned long size = mlu_arch_arg(regs, proto->size);

	if (proto->times != MLU_NO_ARG &&
	    check_mul_overflow(size, mlu_arch_arg(regs, proto->times), &size))
		return ULONG_MAX;
	return size;
}

static __always_inline void fill_call(struct mlu_call *call, const struct mlu_epoch *epoch,
				      const struct mlu_function *function,
				      const struct pt_regs *regs, const bool is_mapping)
{
	const struct mlu_prototype *proto = function->proto;

	mlu_call_read(call, function, regs);
	call->epoch = epoch->id;
	call->size = size_of(proto, regs);
	call->kind = MLU_KIND_HEAP;
	if (is_mapping)
		mlu_mappings_read_call(call, regs);
	else if (proto->type == MLU_CALL_MEMALIGN)
		call->arg = mlu_arch_arg(regs, proto->block);
}

/*
 * Take the record of the block that the call may free, and store the stack of the new block, unless
 * its @skip is decided already.
 */
static __always_inline void enter_outermost(struct mlu_target *target, struct mlu_epoch *epoch,
					    struct mlu_call *call, const struct pt_regs *regs,
					    bool is_decided)
{
	const struct mlu_prototype *proto = call->proto;

	if (mlu_call_may_free(call))
		mlu_frees_take(epoch, call, mlu_arch_arg(regs, proto->block));
	if (!is_decided)
		call->skip = mlu_target_skip(target, call->size);
	if (call->skip)
		return;
	call->stack = store_stack(target, epoch, call, regs);
	call->lost = !call->stack;
}

/*
 * A call whose return will not be seen: the block that it returns is lost, and the one that realloc
 * moves is no longer where it was. @err: why, as for count_failure(); 0: it must not or cannot be
 * followed.
 */
static void enter_unfollowed(struct mlu_epoch *epoch, const struct mlu_function *function,
			     const struct pt_regs *regs, long err)
{
	const struct mlu_prototype *proto = function->proto;
	struct mlu_alloc *alloc = NULL;

	if (proto->type == MLU_CALL_REALLOC)
		alloc = mlu_allocs_remove(&epoch->heap, mlu_arch_arg(regs, proto->block));
	if (alloc)
		mlu_epoch_forget(epoch, alloc);
	if (err)
		mlu_event_count_failure(epoch, err);
	else
		mlu_count(epoch->counters, lost_inflight);
}

/*
 * A call that cannot be in flight: the kernel follows no return of calls within @outer, or there is
 * no memory for it. A nested call does not count.
 */
static noinline void enter_without_call(struct mlu_target *target, struct mlu_epoch *epoch,
					const struct mlu_call *outer,
					const struct mlu_function *function,
					const struct pt_regs *regs, long err)
{
	struct mlu_call call = {};

	if (outer)
		mlu_call_read(&call, function, regs);
	if (outer && mlu_call_is_nested(target, epoch, outer, &call, regs))
		mlu_count(epoch->counters, nested);
	else
		enter_unfollowed(epoch, function, regs, err);
}

/*
 * Return: true if calls that are not recorded are not followed to their return, either. Then calls
 * that an allocator makes within them find no call in flight.
 */
static inline bool may_decline(const struct mlu_target *target)
{
	return MLU_CAN_DECLINE_RETURN && READ_ONCE(target->skips);
}

/* Return: true if a call without an outer one in flight is made within one that is not. */
static noinline bool enter_in_unseen(struct mlu_target *target, struct mlu_epoch *epoch,
				     struct mlu_call *call, const struct pt_regs *regs)
{
	if (call->lost || !mlu_call_is_by_allocator(target, epoch, call->ret))
		return false;
	if (!call->stack)
		call->stack = mlu_event_walk(target, epoch, call, regs, call->ret, false);
	call->lost = !call->stack;
	return !call->lost && mlu_call_is_in_unseen(target, call);
}

/* Inlined for most calls and for others, since mappings and strings need more and are rare. */
static __always_inline bool enter_call(struct mlu_target *target,
				       const struct mlu_function *function, struct pt_regs *regs,
				       const bool is_mapping, const bool is_late,
				       const bool by_exit)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	enum mlu_skip skip = MLU_SKIP_NONE;
	struct mlu_call *outer, *call;
	bool is_decided;

	if (!READ_ONCE(target->gate))
		return true;
	outer = mlu_inflight_top(target->inflight);
	if (outer)
		outer = mlu_call_outer_of_entry(target, epoch, mlu_arch_entry_sp(regs),
						mlu_call_start_of(function, regs));
	if (outer && outer->depth + 1 >= MLU_INFLIGHT_DEPTH) {
		enter_without_call(target, epoch, outer, function, regs, 0);
		return true;
	}
	is_decided = !is_mapping && !outer && may_decline(target) &&
		     function->proto->type == MLU_CALL_ALLOC;
	if (is_decided) {
		skip = mlu_target_skip(target, size_of(function->proto, regs));
		if (skip && !mlu_call_is_by_allocator(target, epoch, mlu_call_return_of(regs))) {
			mlu_event_count_skipped(epoch, skip);
			return false;
		}
	}
	call = mlu_call_new(target->inflight, !outer);
	if (IS_ERR(call)) {
		enter_without_call(target, epoch, outer, function, regs, PTR_ERR(call));
		return true;
	}
	fill_call(call, epoch, function, regs, is_mapping);
	call->skip = skip;
	if (by_exit)
		call->by_exit = true;
	if (outer) {
		call->depth = outer->depth + 1;
		call->nested = mlu_call_is_nested(target, epoch, outer, call, regs);
		/* @outer has jumped to it, and ends first, when the common return is executed. */
		call->unseen = call->nested && outer->by_exit && !by_exit && outer->sp == call->sp;
	} else if (is_mapping) {
		call->nested = mlu_call_is_nested(target, epoch, NULL, call, regs);
	}
	if (!call->nested && !is_late)
		enter_outermost(target, epoch, call, regs, is_decided);
	if (!outer && (is_mapping || may_decline(target))) {
		if (!call->nested)
			call->nested = enter_in_unseen(target, epoch, call, regs);
		call->unseen = call->nested;
	}
	/* What it allocates, and so whether it is recorded, is known at its return. */
	if (is_late)
		call->stack = NULL;
	mlu_inflight_push(target->inflight, call);
	return true;
}

static noinline bool enter_rare(struct mlu_target *target, const struct mlu_function *function,
				struct pt_regs *regs, bool by_exit)
{
	bool is_mapping = mlu_prototype_is_mapping(function->proto);
	bool is_late = mlu_prototype_is_late(function->proto);

	return enter_call(target, function, regs, is_mapping, is_late, by_exit);
}

/**
 * mlu_event_enter() - handle the entry of a call whose return is followed
 * @target: current's target
 * @function: the function
 * @regs: the registers at its probe
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: false if the return must not be probed; only if MLU_CAN_DECLINE_RETURN.
 */
bool mlu_event_enter(struct mlu_target *target, const struct mlu_function *function,
		     struct pt_regs *regs)
{
	if (mlu_prototype_is_rare(function->proto))
		return enter_rare(target, function, regs, false);
	return enter_call(target, function, regs, false, false, false);
}

/**
 * mlu_event_enter_by_exit() - handle the entry of a call whose return is seen by exit probes
 * @target: current's target
 * @function: the function
 * @regs: the registers at its probe
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_event_enter_by_exit(struct mlu_target *target, const struct mlu_function *function,
			     struct pt_regs *regs)
{
	if (mlu_prototype_is_rare(function->proto))
		enter_rare(target, function, regs, true);
	else
		enter_call(target, function, regs, false, false, true);
}

/**
 * mlu_event_unfollowed() - handle the entry of a call whose return must not be probed
 * @target: current's target
 * @function: the function
 * @regs: the registers at its probe
 *
 * Calls that it makes itself count too, since it is not in flight.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_event_unfollowed(struct mlu_target *target, const struct mlu_function *function,
			  struct pt_regs *regs)
{
	if (READ_ONCE(target->gate))
		enter_unfollowed(rcu_dereference(target->epoch), function, regs, 0);
}
