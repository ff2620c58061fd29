/* SPDX-License-Identifier: GPL-2.0-only */
/* The distinct stacks of one target, looked up under RCU. */
#ifndef MLU_STACKS_H
#define MLU_STACKS_H

#include <linux/rhashtable.h>
#include <linux/types.h>

struct mlu_mapping;

#define MLU_MAX_DEPTH 128

/* What a stack's allocations are. */
enum mlu_kind {
	MLU_KIND_HEAP,
	MLU_KIND_MMAP,
	MLU_KIND_STACK, /* a mapping with MAP_STACK */
	MLU_NR_KINDS
};

/* Why a walk went no further.  Each has a counter, and a note in the report. */
enum mlu_walk_end {
	MLU_WALK_END,
	MLU_WALK_DEPTH,
	MLU_WALK_FAULT,
	MLU_WALK_FRAME_POINTER,
	MLU_WALK_PC,
	MLU_NR_WALK_ENDS
};

/*
 * A frame is a pc and the mapping it lay in (NULL: could not be looked up): one library unloaded
 * and another loaded at its place have equal pcs and are not the same frame.
 */
struct mlu_frame {
	unsigned long pc;
	struct mlu_mapping *mapping;
};

/* A walked stack, before it is stored. */
struct mlu_trace {
	u32 hash;
	u16 nr;
	u8 end;	 /* enum mlu_walk_end */
	u8 kind; /* enum mlu_kind */
	struct mlu_frame frames[MLU_MAX_DEPTH];
};

/* Stored stacks are constant but for the two counts, and live as long as their table. */
struct mlu_stack {
	struct rhash_head node;
	struct mlu_stack *next;
	atomic64_t made;
	atomic64_t freed;
	u32 id;
	u32 hash;
	u16 nr;
	u8 end;
	u8 kind;
	struct mlu_frame frames[];
};

struct mlu_stacks {
	struct rhashtable table;
	struct mlu_stack *all; /* newest first; pushed with cmpxchg */
	atomic_t last_id;
};

int mlu_stacks_init(struct mlu_stacks *stacks);
void mlu_stacks_exit(struct mlu_stacks *stacks);
struct mlu_stack *mlu_stacks_intern(struct mlu_stacks *stacks, struct mlu_trace *trace);

#endif /* MLU_STACKS_H */
