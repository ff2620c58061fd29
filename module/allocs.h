/* SPDX-License-Identifier: GPL-2.0-only */
/* Live allocations by address: a hash table that grows by one bucket at a time. */
#ifndef MLU_ALLOCS_H
#define MLU_ALLOCS_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct mlu_stack;

/*
 * One outstanding allocation.  All but @node and @taken is constant once it is in a table.
 * @mapped: it is that of a struct mlu_mapped_alloc.
 */
struct mlu_alloc {
	struct hlist_node node;
	u64 addr;
	u64 size;
	u64 time_ns; /* ktime_get_ns() at the return of the call that made it */
	struct mlu_stack *stack;
	u32 tid;    /* in the initial PID namespace */
	bool taken; /* by a call under way that may move or free it */
	bool mapped;
};

/* A mapping's, which is found by any of its addresses, too (ranges.c). */
struct mlu_mapped_alloc {
	struct mlu_alloc alloc; /* the first: a pool's object is either */
	struct rb_node range_node;
	u64 range_subtree_last;
};

#define MLU_ALLOCS_FIRST 4
#define MLU_ALLOCS_SEGMENTS 20

/* Buckets [0, 4) are in place, segment i holds the next 4 << i. */
struct mlu_stripe {
	/* Guards all below and every record in it; a leaf. */
	spinlock_t lock;
	u32 nr_records;
	u32 nr_buckets;
	struct hlist_head first[MLU_ALLOCS_FIRST];
	struct hlist_head *segment[MLU_ALLOCS_SEGMENTS];
};

struct mlu_allocs {
	unsigned int stripe_bits;
	struct mlu_stripe *stripes;
};

int mlu_allocs_pool_init(void);
void mlu_allocs_pool_exit(void);
struct mlu_alloc *mlu_alloc_new(bool mapped);
void mlu_alloc_free(struct mlu_alloc *alloc);

int mlu_allocs_init(struct mlu_allocs *allocs, unsigned int stripe_bits);
void mlu_allocs_exit(struct mlu_allocs *allocs);

struct mlu_alloc *mlu_allocs_insert(struct mlu_allocs *allocs, struct mlu_alloc *alloc);
struct mlu_alloc *mlu_allocs_remove(struct mlu_allocs *allocs, u64 addr);
struct mlu_alloc *mlu_allocs_take(struct mlu_allocs *allocs, u64 addr);
void mlu_allocs_drop(struct mlu_allocs *allocs, struct mlu_alloc *taken);
struct mlu_alloc *mlu_allocs_restore(struct mlu_allocs *allocs, struct mlu_alloc *taken);

/*
 * A place in a walk over a table, valid across all that happens to it meanwhile.  A walk shows
 * each record that lives from its begin to its end exactly once.
 */
struct mlu_allocs_cursor {
	u64 at;
	bool done;
};

typedef void (*mlu_alloc_fn)(const struct mlu_alloc *alloc, void *ctx);

unsigned int mlu_allocs_step(struct mlu_allocs *allocs, struct mlu_allocs_cursor *cursor,
			     mlu_alloc_fn fn, void *ctx, unsigned int room);

#endif /* MLU_ALLOCS_H */
