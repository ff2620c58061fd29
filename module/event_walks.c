// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stacks of events: walked, stored, or counted as lost.
 *
 * Context: Called from uprobe handlers, in the target's context, within rcu_read_lock(). Does not
 * sleep, fault or wait.
 * Locking: none of its own.
 */
#include <linux/err.h>

#include "arch.h"
#include "events_internal.h"
#include "unwind.h"
#include "walk_cache.h"

/**
 * mlu_event_count_failure() - count an event that is lost
 * @epoch: the target's epoch
 * @err: why: -ENOSPC, -EAGAIN, or -ENOMEM
 */
void mlu_event_count_failure(struct mlu_epoch *epoch, long err)
{
	if (err == -ENOSPC)
		mlu_count(epoch->counters, lost_limit);
	else if (err == -EAGAIN)
		mlu_count(epoch->counters, lost_busy);
	else
		mlu_count(epoch->counters, lost_memory);
}

/**
 * mlu_event_walk() - walk the stack of a call's caller and store it
 * @target: current's target
 * @epoch: its epoch
 * @call: the call
 * @regs: the registers at its entry or its return; of these the callee-saved ones are used
 * @pc: the caller's pc
 * @at_return: called from the handler of a return probe
 *
 * A placeholder is stored if unwind data is still being read. Not inlined, as it has large
 * variables, which some kernels clear.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the stack, or NULL, which is counted.
 */
noinline struct mlu_stack *mlu_event_walk(struct mlu_target *target, struct mlu_epoch *epoch,
					  const struct mlu_call *call, const struct pt_regs *regs,
					  unsigned long pc, bool at_return)
{
	struct mlu_unwind_start start = { .at_return = at_return };
	struct mlu_walk *walk = mlu_walk_get();
	struct mlu_stack *stack = NULL;

	if (!walk) {
		mlu_event_count_failure(epoch, -ENOMEM);
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
	mlu_event_count_failure(epoch, PTR_ERR(stack));
	return NULL;
}

/**
 * mlu_event_walk_at_return() - walk the stack of the caller of a call that has returned
 * @target: current's target
 * @epoch: its epoch
 * @call: the call
 * @regs: the registers at its return
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the stack, or NULL, which is counted.
 */
noinline struct mlu_stack *mlu_event_walk_at_return(struct mlu_target *target,
						    struct mlu_epoch *epoch,
						    const struct mlu_call *call,
						    const struct pt_regs *regs)
{
	bool at_probe = !call->by_exit;

	return mlu_event_walk(target, epoch, call, regs, at_probe ? mlu_arch_pc(regs) : call->ret,
			      at_probe);
}
