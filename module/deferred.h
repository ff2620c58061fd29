/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks that are copied at their event and walked when the unwind data has been read. */
#ifndef MLU_DEFERRED_H
#define MLU_DEFERRED_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "epoch.h"
#include "unwind.h"

/**
 * struct mlu_deferred - the deferred walks of one target
 * @maps: the target's mappings
 * @lock: protects the list
 * @events: the events whose stacks are to be walked
 * @work: walks them
 */
struct mlu_deferred {
	struct mlu_maps *maps;
	spinlock_t lock; /* a leaf */
	struct list_head events;
	struct work_struct work;
};

void mlu_deferred_init(struct mlu_deferred *deferred, struct mlu_maps *maps);
struct mlu_stack *mlu_deferred_add(struct mlu_deferred *deferred, struct mlu_epoch *epoch,
				   const struct mlu_unwind_start *start, unsigned int depth,
				   const struct mlu_trace *trace);
void mlu_deferred_wait(struct mlu_deferred *deferred);
void mlu_deferred_finish(struct mlu_deferred *deferred);

#endif /* MLU_DEFERRED_H */
