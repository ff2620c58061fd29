// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turn calls of a target into records.
 *
 *   call                 at its entry                     at its return
 *   malloc and the like  -                                an address: insert it
 *   free                 remove the record                (no probe)
 *   realloc(p, n)        take p's record: still charged,  an address: drop the old one, insert
 *                        still shown, but not found by    the new one; NULL: put it back, but
 *                        other calls                      drop it if n is 0
 *   mmap                 -                                an address: insert it
 *   strdup and the like  -                                the same; its size is not known before
 *   munmap               take the record                  0: drop it; an error: put it back
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
#include <linux/mman.h>
#include <linux/overflow.h>

#include "arch.h"
#include "calls.h"
#include "compat.h"
#include "events.h"
#include "frees.h"
#include "mem.h"
#include "umem.h"
#include "unwind.h"

static void count_failure(struct mlu_epoch *epoch, long err)
{
	if (err == -ENOSPC)
		mlu_count(epoch->counters, lost_limit);
	else if (err == -EAGAIN)
		mlu_count(epoch->counters, lost_busy);
	else
		mlu_count(epoch->counters, lost_memory);
}

/*
 * Walk the stack of @call's caller, whose pc is @pc, and store it, or store a placeholder if unwind
 * data is still being read. Not inlined, as it has large variables, which some kernels clear.
 *
 * Return: the stack, or NULL, which is counted.
 */
static noinline struct mlu_stack *walk_and_store(struct mlu_target *target, struct mlu_epoch *epoch,
						 const struct mlu_call *call,
						 const struct pt_regs *regs, unsigned long pc,
						 bool at_return)
{
	struct mlu_unwind_start start = { .at_return = at_return };
	struct mlu_walk *walk = mlu_walk_get();
	struct mlu_stack *stack = NULL;

	if (!walk) {
		count_failure(epoch, -ENOMEM);
		return NULL;
	}
	mlu_arch_callers(regs, pc, call->sp + sizeof(long), &start.registers);
	walk->trace.kind = call->kind;
	mlu_unwind(&target->maps, epoch->counters, &start, target->options.depth, walk);
	if (walk->pending)
		stack = mlu_deferred_add(&target->deferred, epoch, &start, target->options.depth,
					 &walk->trace);
	if (!stack) {
		mlu_unwind_count(epoch->counters, walk);
		stack = mlu_stacks_intern(&epoch->stacks, &walk->trace);
		if (walk->is_regular && !IS_ERR(stack))
			mlu_walk_cache_add(walk, epoch->id, stack);
	}
	mlu_walk_put(walk);
	if (!IS_ERR(stack))
		return stack;
	count_failure(epoch, PTR_ERR(stack));
	return NULL;
}

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

	return stack ? stack : walk_and_store(target, epoch, call, regs, call->ret, false);
}

static void count_skipped(struct mlu_epoch *epoch, enum mlu_skip skip)
{
	BUILD_BUG_ON(MLU_COUNT_unsampled - MLU_COUNT_filtered != MLU_SKIP_SAMPLE - MLU_SKIP_SIZE ||
		     MLU_COUNT_frozen - MLU_COUNT_filtered != MLU_SKIP_FROZEN - MLU_SKIP_SIZE);
	mlu_count_index(epoch->counters, MLU_COUNT_filtered + skip - MLU_SKIP_SIZE);
}

/* === At the entry === */

static unsigned long size_of(const struct mlu_prototype *proto, const struct pt_regs *regs)
{
	unsigned long size = mlu_arch_arg(regs, proto->size);

	if (proto->times != MLU_NO_ARG &&
	    check_mul_overflow(size, mlu_arch_arg(regs, proto->times), &size))
		return ULONG_MAX;
	return size;
}

static u8 kind_of_mapping(const struct mlu_prototype *proto, const struct pt_regs *regs)
{
	if (proto->type == MLU_CALL_MMAP && mlu_arch_arg(regs, 3) & MAP_STACK)
		return MLU_KIND_STACK;
	return MLU_KIND_MMAP;
}

static __always_inline void fill_call(struct mlu_call *call, const struct mlu_epoch *epoch,
				      const struct mlu_function *function,
				      const struct pt_regs *regs, const bool is_mapping)
{
	const struct mlu_prototype *proto = function->proto;

	mlu_call_read(call, function, regs);
	call->epoch = epoch->id;
	call->size = size_of(proto, regs);
	call->kind = is_mapping ? kind_of_mapping(proto, regs) : MLU_KIND_HEAP;
	if (!is_mapping && proto->type == MLU_CALL_MEMALIGN)
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
	if (proto->type == MLU_CALL_MUNMAP)
		return;
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
	if (proto->type == MLU_CALL_MUNMAP)
		mlu_count(epoch->counters, uncertain);
	else if (err)
		count_failure(epoch, err);
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
	if (call->proto->type == MLU_CALL_MUNMAP || call->lost ||
	    !mlu_call_is_by_allocator(target, epoch, call->ret))
		return false;
	if (!call->stack)
		call->stack = walk_and_store(target, epoch, call, regs, call->ret, false);
	call->lost = !call->stack;
	return !call->lost && mlu_call_is_in_unseen(target, call);
}

/* Inlined twice, since mappings and strings need more and are rare. */
static __always_inline bool enter_call(struct mlu_target *target,
				       const struct mlu_function *function, struct pt_regs *regs,
				       const bool is_mapping, const bool is_string)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	enum mlu_skip skip = MLU_SKIP_NONE;
	struct mlu_call *outer, *call;
	bool is_decided;

	if (!READ_ONCE(target->gate))
		return true;
	outer = mlu_inflight_top(target->inflight);
	if (outer)
		outer = mlu_call_outer(target, epoch, mlu_arch_entry_sp(regs), false);
	if (outer && outer->depth + 1 >= MLU_INFLIGHT_DEPTH) {
		enter_without_call(target, epoch, outer, function, regs, 0);
		return true;
	}
	is_decided = !is_mapping && !outer && may_decline(target) &&
		     function->proto->type == MLU_CALL_ALLOC;
	if (is_decided) {
		skip = mlu_target_skip(target, size_of(function->proto, regs));
		if (skip && !mlu_call_is_by_allocator(target, epoch, mlu_call_return_of(regs))) {
			count_skipped(epoch, skip);
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
	if (outer) {
		call->depth = outer->depth + 1;
		call->nested = mlu_call_is_nested(target, epoch, outer, call, regs);
	} else if (is_mapping) {
		call->nested = mlu_call_is_nested(target, epoch, NULL, call, regs);
	}
	if (!call->nested && !is_string)
		enter_outermost(target, epoch, call, regs, is_decided);
	if (!outer && (is_mapping || may_decline(target))) {
		if (!call->nested)
			call->nested = enter_in_unseen(target, epoch, call, regs);
		call->unseen = call->nested;
	}
	/* The size, and so whether it is recorded, is known at the return: see late_stack(). */
	if (is_string)
		call->stack = NULL;
	mlu_inflight_push(target->inflight, call);
	return true;
}

static noinline bool enter_rare(struct mlu_target *target, const struct mlu_function *function,
				struct pt_regs *regs)
{
	bool is_mapping = mlu_prototype_is_mapping(function->proto);

	return enter_call(target, function, regs, is_mapping, !is_mapping);
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
		return enter_rare(target, function, regs);
	return enter_call(target, function, regs, false, false);
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

/* === At the return === */

/* Return: the block that the call has returned, or 0, which is counted if a block was expected. */
static unsigned long block_given(struct mlu_epoch *epoch, const struct mlu_call *call,
				 const struct pt_regs *regs)
{
	unsigned long block = mlu_arch_result(regs);

	switch (call->proto->type) {
	case MLU_CALL_MMAP:
		return IS_ERR_VALUE(block) ? 0 : block;
	case MLU_CALL_MUNMAP:
		return 0;
	case MLU_CALL_MEMALIGN:
		if (mlu_arch_result_int(regs))
			return 0;
		if (mlu_umem_read(call->arg, &block))
			return block;
		mlu_count(epoch->counters, lost_fault);
		return 0;
	default:
		return block;
	}
}

/*
 * The stack of a call at its return: of a call of the epoch before, or of one whose size is known
 * only now. Its caller's registers are the same as at the entry.
 *
 * Return: the stack; NULL if the call is not recorded, which is counted.
 */
static noinline struct mlu_stack *late_stack(struct mlu_target *target, struct mlu_epoch *epoch,
					     struct mlu_call *call, const struct pt_regs *regs,
					     unsigned long block)
{
	if (call->proto->type == MLU_CALL_STRING) {
		/* The program has just written the copy, so it is present. */
		call->size = mlu_umem_string_size(block);
		call->skip = mlu_target_skip(target, call->size);
		if (call->skip) {
			count_skipped(epoch, call->skip);
			return NULL;
		}
	}
	return walk_and_store(target, epoch, call, regs, mlu_arch_pc(regs), true);
}

/* Not inlined, so that the fault injection test finds its call of mlu_pool_alloc(). */
static noinline void record_block(struct mlu_target *target, struct mlu_epoch *epoch,
				  struct mlu_call *call, const struct pt_regs *regs,
				  unsigned long block)
{
	struct mlu_stack *stack = call->stack;
	struct mlu_alloc *alloc;

	if (!stack || call->epoch != epoch->id)
		stack = late_stack(target, epoch, call, regs, block);
	if (!stack)
		return;
	alloc = mlu_alloc_new(call->kind != MLU_KIND_HEAP);
	if (IS_ERR(alloc)) {
		count_failure(epoch, PTR_ERR(alloc));
		return;
	}
	alloc->addr = block;
	alloc->size = call->size;
	alloc->time = jiffies;
	alloc->stack = stack;
	alloc->tid = current->pid;
	mlu_epoch_record(epoch, mlu_epoch_table(epoch, mlu_prototype_is_mapping(call->proto)),
			 alloc);
}

/* An outermost call has returned: free what it has freed, record what it has allocated. */
static void settle_call(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			const struct pt_regs *regs)
{
	unsigned long block = block_given(epoch, call, regs);

	if (call->epoch == epoch->id && mlu_call_may_free(call))
		mlu_frees_settle(target, epoch, call, regs, block);
	if (call->proto->type == MLU_CALL_MUNMAP || call->lost)
		return;
	/* It was taken for nested at its entry. */
	if (call->nested)
		call->skip = mlu_target_skip(target, call->size);
	if (!block)
		mlu_count(epoch->counters, failed);
	else if (call->skip)
		count_skipped(epoch, call->skip);
	else
		record_block(target, epoch, call, regs, block);
}

/**
 * mlu_event_return() - handle the return of a call to an allocator function
 * @target: current's target
 * @function: the function
 * @regs: the registers at the return
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_event_return(struct mlu_target *target, const struct mlu_function *function,
		      struct pt_regs *regs)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	unsigned long sp = mlu_arch_returned_sp(regs);
	struct mlu_call *call;

	if (!READ_ONCE(target->gate))
		return;
	call = mlu_inflight_top(target->inflight);
	if (!call || !mlu_call_is_returning(call, function->proto, sp))
		call = mlu_call_returning(target, epoch, function->proto, sp);
	if (!call) {
		mlu_count(epoch->counters, uncertain);
		return;
	}
	mlu_inflight_pop(target->inflight, call);
	/* The outer call may have been dead since before: then this one is the allocation. */
	if (call->unseen || (call->nested && mlu_call_outer(target, epoch, sp, true)))
		mlu_count(epoch->counters, nested);
	else
		settle_call(target, epoch, call, regs);
	mlu_call_free(call);
}
