// SPDX-License-Identifier: GPL-2.0-only
/*
 * From calls to records.
 *
 *   call                 at its entry                     at its return
 *   malloc and the like  -                                an address: insert it
 *   free                 remove the record                (no probe)
 *   realloc(p, n)        take p's record: still charged,  an address: drop the old one, insert
 *                        still shown, found by nobody     the new one; NULL: put it back, but
 *                                                         drop it if n is 0
 *   mmap                 -                                an address: insert it
 *   munmap               take the record                  0: drop it; an error: put it back
 *
 * Taking at the entry is no matter of taste: realloc frees the old address before its return probe
 * runs, and another thread's malloc may have got it, and been recorded with it, by then.
 *
 * Only outermost calls count (calls.c).
 *
 * Entered from uprobe handlers, in the target's context, within rcu_read_lock(); nothing here
 * sleeps, faults or waits.  A call in flight is its thread's own; records are under their table's
 * locks.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/overflow.h>

#include "arch.h"
#include "calls.h"
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

/* === At the entry === */

static unsigned long size_of(const struct mlu_prototype *proto, const struct pt_regs *regs)
{
	unsigned long size = mlu_arch_arg(regs, proto->size);

	if (proto->times != MLU_NO_ARG &&
	    check_mul_overflow(size, mlu_arch_arg(regs, proto->times), &size))
		return ULONG_MAX;
	return size;
}

static bool is_filtered(const struct mlu_target *target, unsigned long size)
{
	return size < target->options.min || size > target->options.max;
}

static u8 kind_of(const struct mlu_prototype *proto, const struct pt_regs *regs)
{
	if (!mlu_prototype_is_mapping(proto))
		return MLU_KIND_HEAP;
	if (proto->type == MLU_CALL_MMAP && mlu_arch_arg(regs, 3) & MAP_STACK)
		return MLU_KIND_STACK;
	return MLU_KIND_MMAP;
}

/* The stack that was walked, or a placeholder for one that waits for unwind data. */
static struct mlu_stack *store(struct mlu_target *target, struct mlu_epoch *epoch,
			       const struct mlu_unwind_start *start, struct mlu_walk *walk)
{
	struct mlu_stack *stack = NULL;

	if (walk->pending)
		stack = mlu_deferred_add(&target->deferred, epoch, start, target->options.depth,
					 &walk->trace);
	if (stack)
		return stack;
	mlu_unwind_count(epoch->counters, walk);
	return mlu_stacks_intern(&epoch->stacks, &walk->trace);
}

/* Walk the caller's stack and store it; NULL is counted. */
static struct mlu_stack *stack_from(struct mlu_target *target, struct mlu_epoch *epoch,
				    const struct mlu_unwind_start *start, u8 kind)
{
	struct mlu_stack *stack = ERR_PTR(-ENOMEM);
	struct mlu_walk *walk = mlu_walk_get();

	if (walk) {
		walk->trace.kind = kind;
		mlu_unwind(&target->maps, epoch->counters, start, target->options.depth, walk);
		stack = store(target, epoch, start, walk);
		mlu_walk_put(walk);
	}
	if (!IS_ERR(stack))
		return stack;
	count_failure(epoch, PTR_ERR(stack));
	return NULL;
}

static void enter_outermost(struct mlu_target *target, struct mlu_epoch *epoch,
			    struct mlu_call *call, const struct pt_regs *regs)
{
	const struct mlu_prototype *proto = call->proto;
	struct mlu_unwind_start start = { .at_return = false };

	if (proto->type == MLU_CALL_REALLOC || proto->type == MLU_CALL_MUNMAP)
		mlu_frees_take(epoch, call, mlu_arch_arg(regs, proto->block));
	if (proto->type == MLU_CALL_MUNMAP)
		return;
	call->filtered = is_filtered(target, call->size);
	if (call->filtered)
		return;
	mlu_arch_callers(regs, call->ret, call->sp + sizeof(long), &start.registers);
	call->stack = stack_from(target, epoch, &start, call->kind);
	call->lost = !call->stack;
}

/* What is to be read of a call at its entry. */
static void read_call(struct mlu_call *call, const struct mlu_function *function,
		      const struct pt_regs *regs)
{
	call->proto = function->proto;
	call->start = mlu_arch_pc(regs) - function->skipped;
	call->end = call->start + function->size;
	call->sp = mlu_arch_entry_sp(regs);
	if (!mlu_umem_read_return(call->sp, &call->ret))
		call->ret = 0;
}

static struct mlu_call *call_of(struct mlu_epoch *epoch, const struct mlu_function *function,
				const struct pt_regs *regs)
{
	const struct mlu_prototype *proto = function->proto;
	struct mlu_call *call = mlu_call_new();

	if (IS_ERR(call)) {
		count_failure(epoch, PTR_ERR(call));
		return NULL;
	}
	read_call(call, function, regs);
	call->epoch = epoch->id;
	call->size = size_of(proto, regs);
	call->kind = kind_of(proto, regs);
	if (proto->type == MLU_CALL_MEMALIGN)
		call->arg = mlu_arch_arg(regs, proto->block);
	return call;
}

/* What it gives is lost; what realloc moves is not where it was. */
static void enter_unfollowed(struct mlu_epoch *epoch, const struct mlu_function *function,
			     const struct pt_regs *regs)
{
	const struct mlu_prototype *proto = function->proto;
	struct mlu_alloc *alloc = NULL;

	if (proto->type == MLU_CALL_REALLOC)
		alloc = mlu_allocs_remove(&epoch->heap, mlu_arch_arg(regs, proto->block));
	if (alloc)
		mlu_epoch_forget(epoch, alloc);
	if (proto->type == MLU_CALL_MUNMAP)
		mlu_count(epoch->counters, uncertain);
	else
		mlu_count(epoch->counters, lost_inflight);
}

/* The kernel follows no call of @outer: none of them will be seen to return. */
static void enter_too_deep(struct mlu_target *target, struct mlu_epoch *epoch,
			   const struct mlu_call *outer, const struct mlu_function *function,
			   const struct pt_regs *regs)
{
	struct mlu_call call = {};

	read_call(&call, function, regs);
	if (mlu_call_is_nested(target, epoch, outer, &call, regs))
		mlu_count(epoch->counters, nested);
	else
		enter_unfollowed(epoch, function, regs);
}

static void enter_call(struct mlu_target *target, struct mlu_epoch *epoch,
		       const struct mlu_function *function, const struct pt_regs *regs)
{
	struct mlu_call *outer = mlu_call_outer(target, epoch, mlu_arch_entry_sp(regs), false);
	struct mlu_call *call;

	if (outer && outer->depth + 1 >= MLU_INFLIGHT_DEPTH) {
		enter_too_deep(target, epoch, outer, function, regs);
		return;
	}
	call = call_of(epoch, function, regs);
	if (!call)
		return;
	call->depth = outer ? outer->depth + 1 : 0;
	call->nested = mlu_call_is_nested(target, epoch, outer, call, regs);
	if (!call->nested)
		enter_outermost(target, epoch, call, regs);
	if (!outer && !call->nested)
		call->nested = mlu_call_by_unseen(target, epoch, call);
	call->unseen = !outer && call->nested;
	mlu_inflight_push(target->inflight, call);
}

/* A free of what was allocated before the attach or is not traced, or an allocator's own. */
static void count_unrecorded(struct mlu_target *target, struct mlu_epoch *epoch,
			     const struct mlu_function *function, const struct mlu_call *call,
			     const struct pt_regs *regs, bool by_free)
{
	const struct mlu_call *outer = mlu_call_outer(target, epoch, call->sp, false);

	if (mlu_call_is_nested(target, epoch, outer, call, regs) || by_free ||
	    mlu_call_is_inside_free(target, call))
		mlu_count(epoch->counters, nested);
	else if (function->unseen)
		mlu_count(epoch->counters, unseen_free);
	else
		mlu_count(epoch->counters, unknown_free);
}

static void enter_free(struct mlu_target *target, struct mlu_epoch *epoch,
		       const struct mlu_function *function, const struct pt_regs *regs)
{
	unsigned long addr = mlu_arch_arg(regs, function->proto->block);
	struct mlu_call call = {};
	struct mlu_last_free last;
	bool by_free;

	if (!addr)
		return;
	read_call(&call, function, regs);
	call.arg = addr;
	by_free = mlu_inflight_note_free(target->inflight, &call, &last) &&
		  mlu_call_by_free(target, epoch, &call, &last);
	/* Of two within each other the outer one continues when the inner one has ended. */
	if (by_free)
		mlu_inflight_restore_free(target->inflight, &last);
	if (!mlu_frees_at_once(epoch, addr))
		count_unrecorded(target, epoch, function, &call, regs, by_free);
}

/* mlu_event_enter() - an allocator function of the target is being called */
void mlu_event_enter(struct mlu_target *target, const struct mlu_function *function,
		     struct pt_regs *regs)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	const struct mlu_prototype *proto = function->proto;

	if (!READ_ONCE(target->gate))
		return;
	if (proto->type == MLU_CALL_FREE)
		enter_free(target, epoch, function, regs);
	else
		enter_call(target, epoch, function, regs);
}

/*
 * mlu_event_unfollowed() - the same for a call whose return must not be probed
 *
 * Calls within it count too: there is no call in flight to tell.
 */
void mlu_event_unfollowed(struct mlu_target *target, const struct mlu_function *function,
			  struct pt_regs *regs)
{
	if (READ_ONCE(target->gate))
		enter_unfollowed(rcu_dereference(target->epoch), function, regs);
}

/* === At the return === */

/* The block that the call has given; 0: none, counted if it should have been one. */
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

static struct mlu_stack *stack_of(struct mlu_target *target, struct mlu_epoch *epoch,
				  const struct mlu_call *call, const struct pt_regs *regs)
{
	struct mlu_unwind_start start = { .at_return = true };

	if (call->stack && call->epoch == epoch->id)
		return call->stack;
	mlu_arch_callers(regs, mlu_arch_pc(regs), call->sp + sizeof(long), &start.registers);
	return stack_from(target, epoch, &start, call->kind);
}

static void record(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
		   const struct pt_regs *regs, unsigned long block)
{
	struct mlu_stack *stack = stack_of(target, epoch, call, regs);
	struct mlu_alloc *alloc;

	if (!stack)
		return;
	alloc = mlu_alloc_new(call->kind != MLU_KIND_HEAP);
	if (IS_ERR(alloc)) {
		count_failure(epoch, PTR_ERR(alloc));
		return;
	}
	alloc->addr = block;
	alloc->size = call->size;
	alloc->time_ns = ktime_get_ns();
	alloc->stack = stack;
	alloc->tid = current->pid;
	mlu_epoch_record(epoch, mlu_epoch_table(epoch, mlu_prototype_is_mapping(call->proto)),
			 alloc);
}

static void settle(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
		   const struct pt_regs *regs)
{
	unsigned long block = block_given(epoch, call, regs);

	if (call->epoch == epoch->id)
		mlu_frees_settle(epoch, call, regs, block);
	if (call->proto->type == MLU_CALL_MUNMAP || call->lost)
		return;
	if (!block)
		mlu_count(epoch->counters, failed);
	else if (is_filtered(target, call->size))
		mlu_count(epoch->counters, filtered);
	else
		record(target, epoch, call, regs, block);
}

/** mlu_event_return() - an allocator function of the target has returned */
void mlu_event_return(struct mlu_target *target, const struct mlu_function *function,
		      struct pt_regs *regs)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	unsigned long sp = mlu_arch_returned_sp(regs);
	struct mlu_call *call;

	if (!READ_ONCE(target->gate))
		return;
	call = mlu_call_returning(target, epoch, function->proto, sp);
	if (!call) {
		mlu_count(epoch->counters, uncertain);
		return;
	}
	mlu_inflight_pop(target->inflight, call);
	/* The outer call may have been dead all the time: then this one is the allocation. */
	if (call->unseen || (call->nested && mlu_call_outer(target, epoch, sp, true)))
		mlu_count(epoch->counters, nested);
	else
		settle(target, epoch, call, regs);
	mlu_call_free(call);
}
