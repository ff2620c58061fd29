/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the handlers of entries and those of returns. */
#ifndef MLU_EVENTS_INTERNAL_H
#define MLU_EVENTS_INTERNAL_H

#include "epoch.h"
#include "inflight.h"
#include "target.h"

struct pt_regs;

void mlu_event_count_failure(struct mlu_epoch *epoch, long err);
struct mlu_stack *mlu_event_walk(struct mlu_target *target, struct mlu_epoch *epoch,
				 const struct mlu_call *call, const struct pt_regs *regs,
				 unsigned long pc, bool at_return);
struct mlu_stack *mlu_event_walk_at_return(struct mlu_target *target, struct mlu_epoch *epoch,
					   const struct mlu_call *call, const struct pt_regs *regs);

static inline void mlu_event_count_skipped(struct mlu_epoch *epoch, enum mlu_skip skip)
{
	BUILD_BUG_ON(MLU_COUNT_unsampled - MLU_COUNT_filtered != MLU_SKIP_SAMPLE - MLU_SKIP_SIZE ||
		     MLU_COUNT_frozen - MLU_COUNT_filtered != MLU_SKIP_FROZEN - MLU_SKIP_SIZE);
	mlu_count_index(epoch->counters, MLU_COUNT_filtered + skip - MLU_SKIP_SIZE);
}

#endif /* MLU_EVENTS_INTERNAL_H */
