// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handle the blocks that calls free: free() at its entry, realloc() at its return.
 *
 * A free that finds no record is either one of the program, of a block that was allocated before
 * the attach or was lost, or one of an allocator, of something that is not a block of the program,
 * for example the wrapped free of a wrapper.
 *
 * Context: Called from uprobe handlers, in the target's context, within rcu_read_lock(). Does not
 * sleep, fault or wait.
 * Ownership: A record that a call has taken stays in its table, and belongs to the call until it
 * returns or is abandoned.
 */
#include "arch.h"
#include "calls.h"
#include "frees.h"

/**
 * mlu_frees_take() - take the record of a block that a call may free
 * @epoch: the target's epoch
 * @call: the call that has just been entered
 * @addr: the block; may be 0
 *
 * The result is noted in @call.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_frees_take(struct mlu_epoch *epoch, struct mlu_call *call, unsigned long addr)
{
	call->taken = addr ? mlu_allocs_take(&epoch->heap, addr) : NULL;
	call->unknown = addr && !call->taken;
}

/**
 * mlu_frees_settle() - drop or restore the record that a call has taken
 * @target: current's target
 * @epoch: its epoch, which must be the call's
 * @call: the call that has returned
 * @block: the block that it has returned, or 0
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_frees_settle(struct mlu_target *target, struct mlu_epoch *epoch,
		      const struct mlu_call *call, unsigned long block)
{
	bool freed = block || !call->size || call->proto->frees;

	if (call->unknown && freed)
		mlu_target_count_unknown(target, epoch, call->start, false);
	if (!call->taken)
		return;
	if (!freed) {
		mlu_epoch_restore(epoch, call->taken);
		return;
	}
	mlu_allocs_drop(&epoch->heap, call->taken);
	mlu_epoch_forget(epoch, call->taken);
	if (block)
		mlu_count(epoch->counters, reallocated);
}

/*
 * Count a free without a record: of a block that was allocated before the attach or is not traced,
 * or of something that the allocator itself uses.
 */
static void count_unrecorded(struct mlu_target *target, struct mlu_epoch *epoch,
			     const struct mlu_function *function, const struct mlu_call *call,
			     const struct pt_regs *regs, bool by_free)
{
	const struct mlu_call *outer = mlu_inflight_top(target->inflight);

	if (outer)
		outer = mlu_call_outer_of_entry(target, epoch, call->sp, call->start);
	if ((outer && mlu_call_is_nested(target, epoch, outer, call, regs)) || by_free ||
	    mlu_call_is_inside_free(target, call->start, call->ret))
		mlu_count(epoch->counters, nested);
	else
		mlu_target_count_unknown(target, epoch, call->start, function->unseen);
}

/* A free that is made within another call, or that another one may be made within. */
static noinline void enter_nested_free(struct mlu_target *target, struct mlu_epoch *epoch,
				       const struct mlu_function *function,
				       const struct pt_regs *regs, unsigned long addr, bool noted)
{
	struct mlu_call call = {};
	struct mlu_last_free last;
	bool by_free = false;

	mlu_call_read(&call, function, regs);
	call.arg = addr;
	if (!noted && mlu_inflight_replace_free(target->inflight, &call, &last) &&
	    mlu_call_by_free(target, epoch, &call, &last)) {
		/* The outer one of two frees continues when the inner one has ended. */
		mlu_inflight_restore_free(target->inflight, &last);
		by_free = true;
	}
	if (noted || !mlu_frees_at_once(epoch, addr))
		count_unrecorded(target, epoch, function, &call, regs, by_free);
}

/**
 * mlu_event_free() - handle the entry of a call that frees a block and is not followed
 * @target: current's target
 * @function: the function
 * @regs: the registers at its probe
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_event_free(struct mlu_target *target, const struct mlu_function *function,
		    struct pt_regs *regs)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	unsigned long addr = mlu_arch_arg(regs, function->proto->block);
	unsigned long start = mlu_call_start_of(function, regs), ret;
	bool noted;

	if (!READ_ONCE(target->gate) || !addr)
		return;
	ret = mlu_call_return_of(regs);
	noted = mlu_inflight_note_free(target->inflight, mlu_arch_entry_sp(regs), ret, start, addr);
	if (noted && mlu_frees_at_once(epoch, addr))
		return;
	if (!noted || mlu_inflight_top(target->inflight) ||
	    mlu_call_is_inside_free(target, start, ret))
		enter_nested_free(target, epoch, function, regs, addr, noted);
	else
		mlu_target_count_unknown(target, epoch, start, function->unseen);
}
