// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the calls in flight that are alive, and those that return.
 *
 * A call in flight is dead, and abandoned, if its return slot lies below the stack pointer of a
 * later event on the same stack, or no longer holds the trampoline of return probes: its function
 * was left by longjmp, or the kernel skipped its return probe. If exit probes see its return, the
 * slot holds the return address instead. It still does when an exception has left the function and
 * the program calls it again from the same place: then the call instruction shows that the function
 * of the later call was called, and not jumped to.
 *
 * Context: Called from uprobe handlers, in the target's context, within rcu_read_lock(). Does not
 * sleep, fault or wait.
 * Locking: None of its own. A call in flight is used by its own thread only.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "arch.h"
#include "callee.h"
#include "calls.h"
#include "umem.h"

/*
 * Return: true if @addr is the start of "[uprobes]", the mapping that begins with the trampoline.
 * mmap_lock is only tried; if it is taken, *@known is false and @addr is assumed to be the start.
 */
static bool is_uprobes_mapping(struct mm_struct *mm, unsigned long addr, bool *known)
{
	struct vm_area_struct *vma;
	const char *name = NULL;

	*known = mmap_read_trylock(mm);
	if (!*known)
		return true;
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start == addr && vma->vm_ops && vma->vm_ops->name)
		name = vma->vm_ops->name(vma);
	mmap_read_unlock(mm);
	return name && !strcmp(name, "[uprobes]");
}

/* All return probes of an mm share one trampoline, at the start of a page. */
static bool is_trampoline(struct mlu_target *target, unsigned long value)
{
	unsigned long trampoline = READ_ONCE(target->trampoline);
	bool is, known;

	if (trampoline)
		return value == trampoline;
	if (!value || !PAGE_ALIGNED(value))
		return false;
	is = is_uprobes_mapping(target->mm, value, &known);
	if (is && known)
		WRITE_ONCE(target->trampoline, value);
	return is;
}

/* Return: true if only one of the two addresses is on the alternate stack of signal handlers. */
static bool are_on_two_stacks(unsigned long a, unsigned long b)
{
	return (a - current->sas_ss_sp < current->sas_ss_size) !=
	       (b - current->sas_ss_sp < current->sas_ss_size);
}

/*
 * Return: true if @call is alive while a call with its return slot at @sp begins or, if @at_return,
 * has ended. A handler on an alternate stack may have interrupted it at a lower address; then the
 * kernel takes its return probe for dead, but its exits are seen. In a tail call, where both share
 * the slot, the return has already overwritten it: on x86-64 the trampoline itself pushes there.
 */
static bool is_alive(struct mlu_target *target, const struct mlu_call *call, unsigned long sp,
		     bool at_return)
{
	unsigned long slot;

	if (call->task_start != current->start_time ||
	    (call->sp < sp && !(call->by_exit && are_on_two_stacks(call->sp, sp))))
		return false;
	if (at_return && call->sp == sp)
		return true;
	if (!mlu_umem_read(call->sp, &slot))
		return false;
	/* A return probe of a function that it has jumped to may have replaced the address. */
	return (call->by_exit && slot == call->ret) || is_trampoline(target, slot);
}

static void abandon_call(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call)
{
	mlu_inflight_pop(target->inflight, call);
	mlu_epoch_abandon(epoch, call);
}

/**
 * mlu_call_outer() - find the call in flight that another call may be made within
 * @target: current's target
 * @epoch: the target's epoch
 * @sp: the address of the other call's return slot
 * @at_return: the other call has ended
 *
 * Dead calls above it are abandoned.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the newest live call of current, or NULL.
 */
struct mlu_call *mlu_call_outer(struct mlu_target *target, struct mlu_epoch *epoch,
				unsigned long sp, bool at_return)
{
	struct mlu_call *call;

	while ((call = mlu_inflight_top(target->inflight))) {
		if (is_alive(target, call, sp, at_return))
			return call;
		abandon_call(target, epoch, call);
	}
	return NULL;
}

/*
 * Return: true if the function at @start was not jumped to by @outer, which has the same slot with
 * the return address in it. A function may be called through a pointer; then it is the same one
 * again that was left by an exception.
 */
static bool is_called_again(const struct mlu_call *outer, unsigned long start)
{
	unsigned long callee = mlu_callee(outer->ret);

	return (callee ? callee : outer->start) == start;
}

/**
 * mlu_call_outer_of_entry() - find the call in flight that a call that begins may be made within
 * @target: current's target
 * @epoch: the target's epoch
 * @sp: the address of the return slot of the call that begins
 * @start: start of its function's code
 *
 * Dead calls are abandoned.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the newest live call of current, or NULL.
 */
struct mlu_call *mlu_call_outer_of_entry(struct mlu_target *target, struct mlu_epoch *epoch,
					 unsigned long sp, unsigned long start)
{
	struct mlu_call *call;

	while ((call = mlu_call_outer(target, epoch, sp, false)) && call->by_exit &&
	       call->sp == sp && is_called_again(call, start))
		abandon_call(target, epoch, call);
	return call;
}

/**
 * mlu_call_returning() - find the call in flight that returns
 * @target: current's target
 * @epoch: the target's epoch
 * @proto: the prototype of its function
 * @sp: the address of its return slot
 *
 * The calls above it on the thread's stack of calls are dead and abandoned.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the call, still in flight, or NULL.
 */
struct mlu_call *mlu_call_returning(struct mlu_target *target, struct mlu_epoch *epoch,
				    const struct mlu_prototype *proto, unsigned long sp)
{
	struct mlu_call *call;

	while ((call = mlu_inflight_top(target->inflight))) {
		if (mlu_call_is_returning(call, proto, sp))
			return call;
		if (call->task_start == current->start_time && call->sp > sp)
			return NULL;
		abandon_call(target, epoch, call);
	}
	return NULL;
}

/**
 * mlu_call_exiting() - find the call in flight that returns at an exit probe
 * @target: current's target
 * @epoch: the target's epoch
 * @sp: the stack pointer at the probe, which is the address of the return slot
 *
 * An exit may also serve callers that are not probed, at other stack pointers. The call may have
 * jumped to a function that has a return probe, which is newer and returns later. Calls above the
 * one that returns are dead and abandoned.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the call, still in flight, or NULL.
 */
struct mlu_call *mlu_call_exiting(struct mlu_target *target, struct mlu_epoch *epoch,
				  unsigned long sp)
{
	struct mlu_call *found = mlu_inflight_find_exit(target->inflight, sp), *call;

	while (found && (call = mlu_inflight_top(target->inflight)) != found && call &&
	       (call->sp < sp || call->task_start != current->start_time))
		abandon_call(target, epoch, call);
	return found;
}
