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
	MLU_WALK_RULE,
	MLU_WALK_REGISTER,
	MLU_WALK_STUCK,
	MLU_WALK_UNREAD,
	MLU_WALK_COPY,
	MLU_WALK_START,
	MLU_NR_WALK_ENDS
};

/*
 * A frame is a pc and the mapping it lay in (NULL: could not be looked up): one library unloaded
 * and another loaded at its place have equal pcs and are not the same frame.  Nor are a call's
 * return address and the same instruction interrupted by a signal, which the highest bit tells: no
 * user address has it.
 */
#define MLU_FRAME_INTERRUPTED BIT(63)

struct mlu_frame {
	unsigned long tagged_pc;
	struct mlu_mapping *mapping;
};

static inline unsigned long mlu_frame_pc(const struct mlu_frame *frame)
{
	return frame->tagged_pc & ~MLU_FRAME_INTERRUPTED;
}

static inline bool mlu_frame_is_interrupted(const struct mlu_frame *frame)
{
	return frame->tagged_pc & MLU_FRAME_INTERRUPTED;
}

/* A walked stack, before it is stored. */
struct mlu_trace {
	u32 hash;
	u16 nr;
	u8 end;	 /* enum mlu_walk_end */
	u8 kind; /* enum mlu_kind */
	struct mlu_frame frames[MLU_MAX_DEPTH];
};

/*
 * Stored stacks are constant but for the two counts and @same, and live as long as their table.
 *
 * A placeholder stands for one event's stack that could not be walked at once: it is in the list
 * and not in the table, and once the walk is done it is the @same as the stack that was found.
 */
struct mlu_stack {
	struct rhash_head node;
	struct mlu_stack *next;
	struct mlu_stack *same; /* set once, with release; NULL: this one itself */
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
struct mlu_stack *mlu_stacks_add_pending(struct mlu_stacks *stacks, const struct mlu_trace *trace);

/* The stack that a record's stack has turned out to be. */
static inline struct mlu_stack *mlu_stack_resolved(struct mlu_stack *stack)
{
	/* Pairs with mlu_stack_resolve(). */
	struct mlu_stack *same = smp_load_acquire(&stack->same);

	return same ? same : stack;
}

static inline void mlu_stack_resolve(struct mlu_stack *placeholder, struct mlu_stack *same)
{
	/* Pairs with mlu_stack_resolved(): what it is comes before that it is. */
	smp_store_release(&placeholder->same, same);
}

#endif /* MLU_STACKS_H */
