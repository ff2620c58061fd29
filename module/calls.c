// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find out which calls are nested.
 *
 * The outermost call is the allocation. A call that an allocator makes within a call, to itself or
 * to another allocator, is nested and does not count, unless it is a free. The outer call is found
 * among the calls in flight (calls_alive.c); a mapping may also be made within the thread's last
 * free, whose return is not seen.
 *
 * A call is the program's own, even while another one is in flight, if its caller is no allocator
 * or if the stack does not lead from it to the outer call: it is made by a signal handler, or
 * deeper down after a longjmp whose return slot has not been overwritten yet.
 *
 * An outer call that is not in flight, because it was started before the attach, was lost or is not
 * recorded, shows on the stack of the call that is made within it.
 *
 * Context: Called from uprobe handlers, in the target's context, within rcu_read_lock(). Does not
 * sleep, fault or wait.
 * Locking: None of its own. A call in flight is used by its own thread only.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "arch.h"
#include "callee.h"
#include "calls.h"
#include "dso.h"
#include "umem.h"
#include "unwind.h"

static bool is_allocator(const struct mlu_mapping *mapping)
{
	return mapping && mlu_mapping_is_allocator(mapping);
}

/**
 * mlu_call_is_by_allocator() - is a caller in an allocator's mapping?
 * @target: current's target
 * @epoch: the target's epoch
 * @ret: the return address of the call
 *
 * The mapping may be newer than the attach and not looked up yet. That needs mmap_lock, which is
 * only tried; a failure is counted.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: true if it is.
 */
bool mlu_call_is_by_allocator(struct mlu_target *target, struct mlu_epoch *epoch, unsigned long ret)
{
	const struct mlu_mapping *mapping;

	mapping = mlu_maps_look_up(&target->maps, target->mm, ret);
	if (IS_ERR(mapping) && PTR_ERR(mapping) != -EFAULT)
		mlu_count(epoch->counters, unknown_caller);
	return !IS_ERR(mapping) && mlu_mapping_is_allocator(mapping);
}

/*
 * Return: true if @call is made within the call whose return address is in @slot. If the stack
 * cannot be walked far enough, the call is assumed to be nested, as nearly all calls by an
 * allocator are.
 */
static bool is_within(struct mlu_target *target, struct mlu_epoch *epoch,
		      const struct mlu_call *call, unsigned long slot, const struct pt_regs *regs)
{
	struct mlu_unwind_start start = { .at_return = false };
	enum mlu_reach reach = MLU_REACH_UNKNOWN;
	struct mlu_walk *walk = mlu_walk_get();

	if (walk) {
		mlu_arch_callers(regs, call->ret, call->sp + sizeof(long), &start.registers);
		reach = mlu_unwind_reaches(&target->maps, epoch->counters, &start, slot, walk);
		mlu_walk_put(walk);
	}
	if (reach == MLU_REACH_UNKNOWN)
		mlu_count(epoch->counters, uncertain);
	return reach != MLU_REACH_NO;
}

/* Return: true if the outer function itself makes the call. */
static bool is_called_from(const struct mlu_call *outer, const struct mlu_call *call)
{
	return call->ret - 1 - outer->start < outer->end - outer->start;
}

/*
 * Return: true if the free @last, which had the same slot, has jumped to the function of @call.
 * Otherwise the program calls again from the same place: the same function or, through a pointer,
 * another one. After a jump both have the same block, or the call instruction before the return
 * address calls another function.
 */
static bool is_jumped_to(const struct mlu_last_free *last, const struct mlu_call *call)
{
	unsigned long callee;

	if (last->ret != call->ret)
		return false;
	if (call->proto->type == MLU_CALL_FREE && last->block == call->arg)
		return true;
	callee = mlu_callee(call->ret);
	return callee && callee != call->start;
}

/**
 * mlu_call_by_free() - is a free of current still under way?
 * @target: current's target
 * @epoch: the target's epoch
 * @call: the call that has just been entered
 * @last: current's last free before it, by mlu_inflight_last_free()
 *
 * free has no return probe. It is under way if its slot still holds its return address and @call is
 * made by an allocator, or if both have one slot, and free has jumped to another function.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: true if it is.
 */
bool mlu_call_by_free(struct mlu_target *target, struct mlu_epoch *epoch,
		      const struct mlu_call *call, const struct mlu_last_free *last)
{
	unsigned long now;

	if (last->sp == call->sp)
		return is_jumped_to(last, call);
	return mlu_umem_read_return(last->sp, &now) && now == last->ret &&
	       mlu_call_is_by_allocator(target, epoch, call->ret);
}

/* Return: true if the mapping @call is made within current's last free. */
static bool is_mapped_by_free(struct mlu_target *target, struct mlu_epoch *epoch,
			      const struct mlu_call *call, const struct pt_regs *regs)
{
	struct mlu_last_free last;

	if (!mlu_inflight_last_free(target->inflight, call, &last) ||
	    !mlu_call_by_free(target, epoch, call, &last))
		return false;
	return last.sp == call->sp || is_within(target, epoch, call, last.sp, regs);
}

/**
 * mlu_call_is_nested() - is a call made by an allocator, within another call?
 * @target: current's target
 * @epoch: the target's epoch
 * @outer: the newest call in flight; NULL only if @call is a mapping, which may be made within a
 *	free
 * @call: the call that has just been entered
 * @regs: the registers at its entry
 *
 * If both share a return slot, the outer function has jumped to the inner one. Otherwise the caller
 * is in the object of an allocator, which may also have functions that are no part of the allocator
 * (a program that is its own allocator, a C library). What decides is whether @outer will be
 * returned to.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: true if it is nested, and also if the stack cannot be walked far enough, which is
 * counted.
 */
bool mlu_call_is_nested(struct mlu_target *target, struct mlu_epoch *epoch,
			const struct mlu_call *outer, const struct mlu_call *call,
			const struct pt_regs *regs)
{
	if (!outer)
		return is_mapped_by_free(target, epoch, call, regs);
	if (call->sp == outer->sp)
		return true;
	if (!mlu_call_is_by_allocator(target, epoch, call->ret))
		return false;
	return is_called_from(outer, call) || is_within(target, epoch, call, outer->sp, regs);
}

/**
 * mlu_call_is_direct_free() - does the object of a free call it directly?
 * @target: current's target
 * @start: start of the function that frees
 * @ret: the return address of the call
 *
 * A library whose free can be interposed calls it through its PLT for blocks that malloc returned.
 * glibc's direct calls, from within the object of free, are for memory that it has allocated
 * without malloc, at a thread's end. A program that is its own allocator always calls directly.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: true if it does, and is not the program.
 */
bool mlu_call_is_direct_free(struct mlu_target *target, unsigned long start, unsigned long ret)
{
	const struct mlu_mapping *mapping = mlu_maps_find(&target->maps, start);

	return is_allocator(mapping) && !mapping->program &&
	       mlu_maps_find(&target->maps, ret) == mapping && mlu_direct_callee(ret) == start;
}

/* Return: true if @pc is in a function of @mapping that allocates or frees blocks, not mappings. */
static bool is_in_allocator(const struct mlu_mapping *mapping, unsigned long pc)
{
	const struct mlu_dso *dso = mlu_mapping_read_dso(mapping);
	u64 offset = pc - mapping->start + mapping->offset;
	unsigned int i;

	for (i = 0; dso && i < dso->allocator.nr; i++) {
		const struct mlu_allocator_function *f = &dso->allocator.function[i];

		if (!mlu_prototype_is_mapping(f->function.proto) &&
		    offset - f->offset < max_t(u64, f->function.size, 1))
			return true;
	}
	return false;
}

/* Return: true if the call that returns to @ret is one of an allocator function other than @own. */
static bool calls_allocator(struct mlu_target *target, unsigned long ret, unsigned long own)
{
	unsigned long callee = mlu_callee(ret);
	const struct mlu_mapping *mapping = mlu_maps_find(&target->maps, callee);

	return callee != own && is_allocator(mapping) && is_in_allocator(mapping, callee);
}

/**
 * mlu_call_is_in_unseen() - is a call made by an allocator within a call that is not in flight?
 * @target: current's target
 * @call: the call, with its stack; its caller is in an allocator's mapping
 *
 * It is if the stack consists, from the innermost frame on, of frames of the allocator's object
 * only, up to one of malloc or the like, or up to the call of malloc if malloc has jumped to the
 * function that does its work. A frame that a signal interrupted ends the search: what its handler
 * does is the program's own.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: true if it is.
 */
bool mlu_call_is_in_unseen(struct mlu_target *target, const struct mlu_call *call)
{
	const struct mlu_stack *stack = call->stack;
	unsigned int i;

	for (i = 0; i < stack->nr && !mlu_frame_is_interrupted(&stack->frames[i]); i++) {
		const struct mlu_mapping *mapping = stack->frames[i].mapping;
		unsigned long ret = mlu_frame_pc(&stack->frames[i]);
		bool inside = is_allocator(mapping);

		/* The innermost frame has called @call itself, or what has jumped to it. */
		if ((inside && is_in_allocator(mapping, ret - 1)) ||
		    calls_allocator(target, ret, i ? 0 : call->start))
			return true;
		if (!inside)
			return false;
	}
	return false;
}
