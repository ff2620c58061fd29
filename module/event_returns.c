// SPDX-License-Identifier: GPL-2.0-only
/*
 * Returns of calls: at a return probe or at an exit probe. What is done there is in events.c.
 *
 * A return probe is entered when the function has returned. An exit probe is at an instruction that
 * returns, or that jumps to a function of another object that returns its first argument. Its
 * handler executes the return itself: it takes the word at the stack pointer off the stack, and the
 * uprobe core skips an instruction whose handler has moved ip. So an exit probe costs one
 * exception, and what follows sees the registers of a return probe. Where the processor checks
 * return addresses with a shadow stack, or the return would fault, the instruction is left to the
 * core.
 *
 * Context: Called from uprobe handlers, in the target's context, within rcu_read_lock(). Does not
 * sleep, fault or wait.
 * Locking: A call in flight is used by its own thread only. Records are protected by the locks of
 * their tables.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>

#include "arch.h"
#include "callee.h"
#include "calls.h"
#include "events.h"
#include "events_internal.h"
#include "frees.h"
#include "mappings.h"
#include "mem.h"
#include "umem.h"
#include "unwind.h"

/* Return: the block that the call has returned, or 0, which is counted if a block was expected. */
static __always_inline unsigned long
block_given(struct mlu_epoch *epoch, const struct mlu_call *call, const struct pt_regs *regs)
{
	unsigned long block = mlu_arch_result(regs);

	switch (call->proto->type) {
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
			mlu_event_count_skipped(epoch, call->skip);
			return NULL;
		}
	}
	return mlu_event_walk_at_return(target, epoch, call, regs);
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
	alloc = mlu_alloc_new();
	if (IS_ERR(alloc)) {
		mlu_event_count_failure(epoch, PTR_ERR(alloc));
		return;
	}
	alloc->addr = block;
	alloc->size = call->size;
	alloc->time = jiffies;
	alloc->stack = stack;
	alloc->tid = current->pid;
	mlu_epoch_record(epoch, alloc);
}

/* An outermost call has returned: free what it has freed, record what it has allocated. */
static __always_inline void settle_call(struct mlu_target *target, struct mlu_epoch *epoch,
					struct mlu_call *call, const struct pt_regs *regs)
{
	unsigned long block;

	if (unlikely(mlu_prototype_is_mapping(call->proto))) {
		mlu_mappings_settle(target, epoch, call, regs);
		return;
	}
	block = block_given(epoch, call, regs);
	if (call->epoch == epoch->id && mlu_call_may_free(call))
		mlu_frees_settle(target, epoch, call, block);
	if (call->lost)
		return;
	/* It was taken for nested at its entry. */
	if (call->nested)
		call->skip = mlu_target_skip(target, call->size);
	if (!block)
		mlu_count(epoch->counters, failed);
	else if (call->skip)
		mlu_event_count_skipped(epoch, call->skip);
	else
		record_block(target, epoch, call, regs, block);
}

/* A call has returned. @regs: as at a return probe. */
static __always_inline void finish_call(struct mlu_target *target, struct mlu_epoch *epoch,
					struct mlu_call *call, const struct pt_regs *regs,
					unsigned long sp)
{
	mlu_inflight_pop(target->inflight, call);
	/* The outer call may have been dead since before: then this one is the allocation. */
	if (call->unseen || (call->nested && mlu_call_outer(target, epoch, sp, true)))
		mlu_count(epoch->counters, nested);
	else
		settle_call(target, epoch, call, regs);
	mlu_call_free(call);
}

/**
 * mlu_event_return() - handle the return of a call to an allocator function
 * @target: current's target
 * @function: the function
 * @regs: the registers at the return
 *
 * Context: Handler of a return probe, within rcu_read_lock(). Does not sleep.
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
	finish_call(target, epoch, call, regs, sp);
}

/*
 * The calls that end at an exit, with their return slot at @sp: none, if it is the exit of code
 * that other functions use, too; or several that have jumped to each other.
 */
static noinline void finish_exiting(struct mlu_target *target, const struct pt_regs *regs)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	unsigned long sp = mlu_arch_returned_sp(regs);
	struct mlu_call *call;
	bool may_have_outer;

	if (!READ_ONCE(target->gate))
		return;
	do {
		call = mlu_inflight_top(target->inflight);
		if (!call)
			return;
		if (!mlu_call_is_exiting(call, sp))
			call = mlu_call_exiting(target, epoch, sp);
		if (!call)
			return;
		may_have_outer = call->nested;
		finish_call(target, epoch, call, regs, sp);
	} while (may_have_outer);
}

/* The exit is left to the uprobe core. */
static noinline void finish_before(struct mlu_target *target, const struct pt_regs *regs,
				   enum mlu_exit_kind kind)
{
	struct pt_regs returned = *regs;

	mlu_arch_set_returned(&returned, kind == MLU_EXIT_FIRST);
	finish_exiting(target, &returned);
}

/**
 * mlu_event_exit() - handle an exit of allocator functions
 * @target: current's target
 * @regs: the registers at the exit; those after the return if it is executed here
 * @kind: the kind of the exit, not MLU_EXIT_LEAVE
 * @may_execute: no other tracer's handler is to see the registers before the return
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_event_exit(struct mlu_target *target, struct pt_regs *regs, enum mlu_exit_kind kind,
		    bool may_execute)
{
	unsigned long ret;

	if (kind == MLU_EXIT_FIRST || !may_execute || mlu_arch_has_shadow_stack() ||
	    !mlu_umem_read(mlu_arch_entry_sp(regs), &ret) || !mlu_arch_execute_return(regs, ret))
		finish_before(target, regs, kind);
	else
		finish_exiting(target, regs);
}

/**
 * mlu_event_leave() - handle a jump to a function whose result is not known
 * @target: current's target
 * @regs: the registers at the jump
 * @len: the length of the jump
 *
 * The calls that end so are abandoned. If the function is in an allocator's object, its call is
 * followed, or those that it makes.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_event_leave(struct mlu_target *target, const struct pt_regs *regs, size_t len)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	unsigned long sp = mlu_arch_entry_sp(regs), callee;
	struct mlu_call *call;

	if (!READ_ONCE(target->gate))
		return;
	while ((call = mlu_call_exiting(target, epoch, sp))) {
		callee = mlu_jump_target(mlu_arch_pc(regs), len);
		call->nested |= mlu_call_is_by_allocator(target, epoch, callee);
		mlu_inflight_pop(target->inflight, call);
		mlu_epoch_abandon(epoch, call);
	}
}
