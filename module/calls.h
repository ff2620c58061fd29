/* SPDX-License-Identifier: GPL-2.0-only */
/* Find out which calls in flight are alive and which calls are nested. */
#ifndef MLU_CALLS_H
#define MLU_CALLS_H

#include <linux/sched.h>

#include "arch.h"
#include "inflight.h"
#include "lib/prototypes.h"
#include "target.h"
#include "umem.h"

struct pt_regs;

/* The start of the function whose probe was hit. */
static inline unsigned long mlu_call_start_of(const struct mlu_function *function,
					      const struct pt_regs *regs)
{
	return mlu_arch_pc(regs) - function->skipped;
}

/* The return address of a call at its entry; 0 if it cannot be read. */
static __always_inline unsigned long mlu_call_return_of(const struct pt_regs *regs)
{
	unsigned long ret;

	return mlu_umem_read_return(mlu_arch_entry_sp(regs), &ret) ? ret : 0;
}

/* Fill in what identifies a call: its function, its return slot and its return address. */
static __always_inline void mlu_call_read(struct mlu_call *call,
					  const struct mlu_function *function,
					  const struct pt_regs *regs)
{
	call->proto = function->proto;
	call->start = mlu_call_start_of(function, regs);
	call->end = call->start + function->size;
	call->sp = mlu_arch_entry_sp(regs);
	call->ret = mlu_call_return_of(regs);
}

/* Return: true if @call is the one of current that returns now. */
static inline bool mlu_call_is_returning(const struct mlu_call *call,
					 const struct mlu_prototype *proto, unsigned long sp)
{
	return call->sp == sp && call->proto == proto && call->task_start == current->start_time;
}

struct mlu_call *mlu_call_outer(struct mlu_target *target, struct mlu_epoch *epoch,
				unsigned long sp, bool at_return);
struct mlu_call *mlu_call_outer_of_entry(struct mlu_target *target, struct mlu_epoch *epoch,
					 unsigned long sp, unsigned long start);
bool mlu_call_is_nested(struct mlu_target *target, struct mlu_epoch *epoch,
			const struct mlu_call *outer, const struct mlu_call *call,
			const struct pt_regs *regs);
bool mlu_call_by_free(struct mlu_target *target, struct mlu_epoch *epoch,
		      const struct mlu_call *call, const struct mlu_last_free *last);
bool mlu_call_is_direct_free(struct mlu_target *target, unsigned long start, unsigned long ret);

/**
 * mlu_call_is_inside_free() - does the allocator free something that it uses itself?
 * @target: current's target
 * @start: start of the function that frees
 * @ret: the return address of a call of it for a block that is not recorded
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: true if it does.
 */
static inline bool mlu_call_is_inside_free(struct mlu_target *target, unsigned long start,
					   unsigned long ret)
{
	return mlu_arch_may_call_directly(ret, start) &&
	       mlu_call_is_direct_free(target, start, ret);
}

bool mlu_call_is_by_allocator(struct mlu_target *target, struct mlu_epoch *epoch,
			      unsigned long ret);
bool mlu_call_is_in_unseen(struct mlu_target *target, const struct mlu_call *call);
struct mlu_call *mlu_call_returning(struct mlu_target *target, struct mlu_epoch *epoch,
				    const struct mlu_prototype *proto, unsigned long sp);
struct mlu_call *mlu_call_exiting(struct mlu_target *target, struct mlu_epoch *epoch,
				  unsigned long sp);

#endif /* MLU_CALLS_H */
