/* SPDX-License-Identifier: GPL-2.0-only */
/* Handle the blocks that calls free. */
#ifndef MLU_FREES_H
#define MLU_FREES_H

#include "inflight.h"
#include "lib/prototypes.h"
#include "target.h"

struct pt_regs;

/* Return: true if the call is of a function that frees a block and has a return probe. */
static inline bool mlu_call_may_free(const struct mlu_call *call)
{
	return call->proto->type == MLU_CALL_REALLOC;
}

void mlu_event_free(struct mlu_target *target, const struct mlu_function *function,
		    struct pt_regs *regs);
void mlu_frees_take(struct mlu_epoch *epoch, struct mlu_call *call, unsigned long addr);
void mlu_frees_settle(struct mlu_target *target, struct mlu_epoch *epoch,
		      const struct mlu_call *call, unsigned long block);

/**
 * mlu_frees_at_once() - remove the record of a block for which free is called
 * @epoch: the target's epoch
 * @addr: the block
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: false if the block is not recorded.
 */
static inline bool mlu_frees_at_once(struct mlu_epoch *epoch, unsigned long addr)
{
	struct mlu_alloc *alloc = mlu_allocs_remove(&epoch->heap, addr);

	if (alloc)
		mlu_epoch_forget(epoch, alloc);
	return alloc;
}

#endif /* MLU_FREES_H */
