/* SPDX-License-Identifier: GPL-2.0-only */
/* Live allocations by address: a hash table that grows by one bucket at a time. */
#ifndef MLU_ALLOCS_H
#define MLU_ALLOCS_H

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "pool.h"

struct mlu_stack;

/**
 * struct mlu_alloc - the record of one outstanding allocation
 * @next: the next record in its bucket
 * @addr: address of the block
 * @size: bytes that were requested
 * @time: jiffies at the return of the call that made it
 * @stack: the stack that made it, possibly a placeholder
 * @tid: the thread, in the initial PID namespace
 * @taken: a call that may move or free the block is under way
 *
 * All but @next and @taken is constant once it is in a table. (A record of a mapping is changed
 * in its tree, see ranges.h.)
 */
struct mlu_alloc {
	struct mlu_alloc *next;
	u64 addr;
	u64 size;
	unsigned long time;
	struct mlu_stack *stack;
	u32 tid;
	bool taken;
};

/**
 * mlu_now_ns() - the time that ages are counted with
 *
 * Its resolution is a timer tick. Reading a finer clock would take as long as inserting the record.
 *
 * Return: nanoseconds since the machine was started, or nearly.
 */
static inline u64 mlu_now_ns(void)
{
	return jiffies64_to_nsecs(get_jiffies_64());
}

/* The time when the record was made, by mlu_now_ns(). */
static inline u64 mlu_alloc_time_ns(const struct mlu_alloc *alloc)
{
	return jiffies64_to_nsecs(alloc->time);
}

#define MLU_ALLOCS_FIRST 4
#define MLU_ALLOCS_SEGMENTS 20

/**
 * struct mlu_stripe - a part of a table, with a lock of its own
 * @lock: protects all below and every record in it
 * @nr_records: records in it
 * @nr_buckets: buckets in use
 * @mask: the bits of a key that choose among twice as many buckets as were last complete
 * @first: the first buckets
 * @segment: the other buckets; NULL: not allocated
 *
 * Buckets [0, 4) are in @first, segment i has the next 4 << i.
 */
struct mlu_stripe {
	spinlock_t lock; /* a leaf */
	u32 nr_records;
	u32 nr_buckets;
	u32 mask;
	struct mlu_alloc *first[MLU_ALLOCS_FIRST];
	struct mlu_alloc **segment[MLU_ALLOCS_SEGMENTS];
};

/**
 * struct mlu_allocs - a table of records by address
 * @stripe_bits: there are 2^@stripe_bits stripes
 * @stripe_mask: the bits of a key that choose the stripe
 * @stripes: the stripes, or NULL
 */
struct mlu_allocs {
	unsigned int stripe_bits;
	u32 stripe_mask;
	struct mlu_stripe *stripes;
};

int mlu_allocs_pool_init(void);
void mlu_allocs_pool_exit(void);

extern struct mlu_pool mlu_heap_pool;

/**
 * mlu_alloc_new() - allocate the record of a heap block
 *
 * The caller fills it in and inserts it.
 *
 * Context: Task context. Does not sleep.
 * Return: the record; ERR_PTR(-ENOSPC) at the memory limit, ERR_PTR(-ENOMEM) without memory.
 */
static inline struct mlu_alloc *mlu_alloc_new(void)
{
	return mlu_pool_get(&mlu_heap_pool);
}

/**
 * mlu_alloc_free() - free a record that is in no table
 * @alloc: the record
 */
static inline void mlu_alloc_free(struct mlu_alloc *alloc)
{
	mlu_pool_put(&mlu_heap_pool, alloc);
}

int mlu_allocs_init(struct mlu_allocs *allocs, unsigned int stripe_bits);
void mlu_allocs_exit(struct mlu_allocs *allocs);

struct mlu_alloc *mlu_allocs_insert(struct mlu_allocs *allocs, struct mlu_alloc *alloc);
struct mlu_alloc *mlu_allocs_remove(struct mlu_allocs *allocs, u64 addr);
struct mlu_alloc *mlu_allocs_take(struct mlu_allocs *allocs, u64 addr);
void mlu_allocs_drop(struct mlu_allocs *allocs, struct mlu_alloc *taken);
struct mlu_alloc *mlu_allocs_restore(struct mlu_allocs *allocs, struct mlu_alloc *taken);

/**
 * struct mlu_allocs_cursor - a position in a walk over a table
 * @at: the position, in the order of bit-reversed keys
 * @done: there are no more records
 *
 * It stays valid whatever happens to the table meanwhile. A walk shows each record that lives from
 * its start to its end exactly once. Zeroed before the first step.
 */
struct mlu_allocs_cursor {
	u64 at;
	bool done;
};

typedef void (*mlu_alloc_fn)(const struct mlu_alloc *alloc, void *ctx);

unsigned int mlu_allocs_step(struct mlu_allocs *allocs, struct mlu_allocs_cursor *cursor,
			     mlu_alloc_fn fn, void *ctx, unsigned int max);

#endif /* MLU_ALLOCS_H */
