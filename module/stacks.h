/* SPDX-License-Identifier: GPL-2.0-only */
/* The distinct stacks of one target, which are looked up under RCU. */
#ifndef MLU_STACKS_H
#define MLU_STACKS_H

#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/types.h>

struct mlu_mapping;

#define MLU_MAX_DEPTH 128

/* The kind of a stack's allocations. */
enum mlu_kind {
	MLU_KIND_HEAP,
	MLU_KIND_MMAP,
	MLU_KIND_STACK, /* a mapping with MAP_STACK */
	MLU_KIND_SHM,	/* attached by shmat */
	MLU_KIND_BRK,	/* what brk or sbrk has added */
	MLU_NR_KINDS
};

/* Why a walk has ended. Each has a counter, and a note in the report. */
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

/* Set in the pc of a frame that a signal interrupted. No user address has this bit. */
#define MLU_FRAME_INTERRUPTED BIT(63)

/**
 * struct mlu_frame - a frame of a stack
 * @tagged_pc: the pc, with MLU_FRAME_INTERRUPTED
 * @mapping: the mapping that the pc was in; NULL: could not be looked up
 *
 * A frame is identified by both: when one library is unloaded and another one loaded at the same
 * addresses, equal pcs are not the same frame. The same is true of a return address and the same
 * instruction that a signal interrupted.
 */
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

/**
 * struct mlu_trace - a stack that was walked, before it is stored
 * @outer_hash: hash of the outermost @nr_hashed frames, by mlu_stack_hash()
 * @nr_hashed: 0 if none was computed
 * @hash: set by mlu_stacks_intern()
 * @nr: the number of frames
 * @end: enum mlu_walk_end
 * @kind: enum mlu_kind
 * @frames: the frames, the innermost first
 */
struct mlu_trace {
	u64 outer_hash;
	u32 nr_hashed;
	u32 hash;
	u16 nr;
	u8 end;
	u8 kind;
	struct mlu_frame frames[MLU_MAX_DEPTH];
};

/**
 * struct mlu_stack - a stored stack
 * @node: entry in the table
 * @next: next in the list of all stacks
 * @same: the stack of a placeholder, set once, with release; NULL: none
 * @made: allocations recorded, without those that are in struct mlu_stack_counts
 * @id: number in reports, from 1 on
 * @hash: hash of the frames
 * @nr: the number of frames
 * @end: enum mlu_walk_end
 * @kind: enum mlu_kind
 * @frames: the frames, the innermost first
 *
 * It is constant but for @made and @same, and lives as long as its table.
 *
 * A placeholder represents the stack of one event that could not be walked at once. It is in the
 * list and not in the table. When the walk is done, @same is the stack that was found.
 */
struct mlu_stack {
	struct rhash_head node;
	struct mlu_stack *next;
	struct mlu_stack *same;
	atomic64_t made;
	u32 id;
	u32 hash;
	u16 nr;
	u8 end;
	u8 kind;
	struct mlu_frame frames[];
};

#define MLU_STACK_COUNTS 32
#define MLU_MAX_STACK_COUNT 64

/**
 * struct mlu_stack_counts - allocations that one CPU has counted and not added to their stacks yet
 * @seq: changed around each change of @entry but an increment of a count
 * @entry: stacks, by their ids, and their counts
 *
 * All CPUs would write to the stack that most allocations have. Changed by its own CPU only, with
 * preemption disabled.
 */
struct mlu_stack_counts {
	seqcount_t seq;
	struct mlu_stack_count {
		struct mlu_stack *stack;
		u64 made;
	} entry[MLU_STACK_COUNTS];
};

/**
 * struct mlu_stacks - the stacks of one epoch
 * @table: the stacks, without placeholders
 * @all: list of all stacks, newest first; pushed to with cmpxchg
 * @counts: what CPUs have counted and not added yet
 * @last_id: id of the newest stack
 */
struct mlu_stacks {
	struct rhashtable table;
	struct mlu_stack *all;
	struct mlu_stack_counts __percpu *counts;
	atomic_t last_id;
};

extern u64 mlu_stack_secret;

/**
 * mlu_stack_hash() - extend the hash of a stack by the next inner frame
 * @hash: the hash of the frames outside of it; 0 for the outermost one
 * @tagged_pc: see struct mlu_frame
 * @mapping: see struct mlu_frame
 *
 * The secret is odd, so each step is a bijection of @hash and of @tagged_pc.
 *
 * Return: the hash.
 */
static inline u64 mlu_stack_hash(u64 hash, unsigned long tagged_pc,
				 const struct mlu_mapping *mapping)
{
	hash = (hash ^ tagged_pc ^ ((u64)(unsigned long)mapping << 24)) * mlu_stack_secret;
	return hash ^ (hash >> 32);
}

int mlu_stacks_init(struct mlu_stacks *stacks);
void mlu_stacks_exit(struct mlu_stacks *stacks);
struct mlu_stack *mlu_stacks_intern(struct mlu_stacks *stacks, struct mlu_trace *trace);
struct mlu_stack *mlu_stacks_add_pending(struct mlu_stacks *stacks, const struct mlu_trace *trace);
void mlu_stack_counts_add(struct mlu_stack_counts *counts, struct mlu_stack_count *count,
			  struct mlu_stack *stack);
void mlu_stacks_read_counts(struct mlu_stacks *stacks,
			    void (*add)(struct mlu_stack *stack, u64 made, void *ctx), void *ctx);

/**
 * mlu_stacks_count() - count an allocation of a stack
 * @stacks: the table
 * @stack: the stack or placeholder
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
static inline void mlu_stacks_count(struct mlu_stacks *stacks, struct mlu_stack *stack)
{
	struct mlu_stack_counts *counts = get_cpu_ptr(stacks->counts);
	struct mlu_stack_count *count = &counts->entry[stack->id % MLU_STACK_COUNTS];

	if (count->stack == stack && count->made < MLU_MAX_STACK_COUNT)
		WRITE_ONCE(count->made, count->made + 1);
	else
		mlu_stack_counts_add(counts, count, stack);
	put_cpu_ptr(stacks->counts);
}

/**
 * mlu_stack_resolved() - follow a placeholder to its stack
 * @stack: a stack or a placeholder
 *
 * Return: the stack that was found for a placeholder, otherwise @stack.
 */
static inline struct mlu_stack *mlu_stack_resolved(struct mlu_stack *stack)
{
	/* Pairs with mlu_stack_resolve(). */
	struct mlu_stack *same = smp_load_acquire(&stack->same);

	return same ? same : stack;
}

/**
 * mlu_stack_resolve() - set the stack of a placeholder, once
 * @placeholder: the placeholder
 * @same: the stack that was found
 */
static inline void mlu_stack_resolve(struct mlu_stack *placeholder, struct mlu_stack *same)
{
	/* Pairs with mlu_stack_resolved(): publish an initialized stack. */
	smp_store_release(&placeholder->same, same);
}

#endif /* MLU_STACKS_H */
