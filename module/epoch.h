/* SPDX-License-Identifier: GPL-2.0-only */
/* What was recorded of a target since it was attached, or since it was cleared. */
#ifndef MLU_EPOCH_H
#define MLU_EPOCH_H

#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "allocs.h"
#include "counters.h"
#include "ranges.h"
#include "stacks.h"

/*
 * Handlers use the target's current epoch within rcu_read_lock() and take no reference.  Who
 * replaces it waits for them before he puts it; readers hold a reference of their own.
 */
struct mlu_epoch {
	refcount_t refs;
	u64 id; /* never reused: tells whether what a call holds is still there */
	struct mlu_allocs heap;
	struct mlu_allocs mmaps;
	struct mlu_ranges ranges; /* of the records in @mmaps */
	struct mlu_stacks stacks;
	struct mlu_counters __percpu *counters;
	struct work_struct free_work;
};

struct mlu_call;

struct mlu_epoch *mlu_epoch_new(void);
void mlu_epoch_put(struct mlu_epoch *epoch);

static inline struct mlu_allocs *mlu_epoch_table(struct mlu_epoch *epoch, bool mmaps)
{
	return mmaps ? &epoch->mmaps : &epoch->heap;
}

void mlu_epoch_record(struct mlu_epoch *epoch, struct mlu_allocs *table, struct mlu_alloc *alloc);
void mlu_epoch_forget(struct mlu_epoch *epoch, struct mlu_alloc *alloc);
void mlu_epoch_restore(struct mlu_epoch *epoch, struct mlu_allocs *table, struct mlu_alloc *taken);
void mlu_epoch_abandon(struct mlu_epoch *epoch, struct mlu_call *call);

#endif /* MLU_EPOCH_H */
