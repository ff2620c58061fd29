/* SPDX-License-Identifier: GPL-2.0-only */
/* The uses of probes by a target, in chunks that are added and removed as a whole. */
#ifndef MLU_USES_H
#define MLU_USES_H

#include <linux/list.h>

#include "probes.h"

/**
 * enum mlu_uses_kind - what the probes of a chunk are for
 * @MLU_USES_FUNCTIONS: functions and the exits by which their returns are seen
 * @MLU_USES_EXITS: exits of functions that have return probes, for threads that these would end
 */
enum mlu_uses_kind {
	MLU_USES_FUNCTIONS,
	MLU_USES_EXITS,
};

/**
 * struct mlu_uses - uses of probes that were inserted together
 * @node: in the target's uses, under mlu_targets_lock
 * @kind: what they are for; constant
 * @late: a mapping of the library that they are in, if that was mapped after the attach, or NULL
 * @is_gone: the library is not mapped; this and @gone_at are used by late.c
 * @gone_at: since when, in jiffies
 * @nr: number of @use; constant once the chunk is in the list of a listed target
 * @use: the uses
 */
struct mlu_uses {
	struct list_head node;
	enum mlu_uses_kind kind;
	struct mlu_mapping *late;
	bool is_gone;
	unsigned long gone_at;
	unsigned int nr;
	struct mlu_use use[];
};

struct mlu_uses *mlu_uses_new(enum mlu_uses_kind kind, unsigned int capacity);
void mlu_uses_add(struct mlu_target *target, struct mlu_uses *uses);
void mlu_uses_leave(struct mlu_uses *uses);
void mlu_uses_end(struct mlu_target *target, struct mlu_uses *uses);
void mlu_uses_free(struct mlu_uses *uses);
void mlu_uses_remove(struct mlu_target *target, struct mlu_uses *uses);

#endif /* MLU_USES_H */
