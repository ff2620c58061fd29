// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live allocations of a target by address.
 *
 * The table is split in stripes by the low bits of a record's key; each has a lock and is a linear
 * hash table (W. Litwin, "Linear hashing: a new tool for file and table addressing", VLDB 1980):
 * an insertion splits at most one bucket, so there is never a long pause, however large it gets,
 * and a stripe that cannot grow for want of memory just has longer chains.
 *
 * The key is a keyed bijection of the address.  Keyed, since the addresses are the target's choice
 * and it must not be able to choose a long chain; a bijection, so that keys are as distinct as
 * addresses.  Buckets are chosen by a key's low bits, so each bucket is one interval in the order
 * of bit-reversed keys, and splitting a bucket splits its interval.  That order does not change as
 * the table grows: a walk goes through it, and needs to remember only how far it came.
 *
 * Entered from handlers, readers and the worker, in task context, never sleeps but in init and
 * exit.  Records are looked at under their stripe's lock only, and not under RCU: nearly each
 * look-up is a removal, which needs the lock anyhow, and records freed behind a grace period would
 * pile up just when memory is short.  A record is owned by the table from insert to remove or drop.
 */
#include <linux/bitrev.h>
#include <linux/err.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "allocs.h"
#include "mem.h"

static struct mlu_pool heap_pool, mapped_pool;
static u64 secret_xor, secret_mul;

int mlu_allocs_pool_init(void)
{
	int err;

	get_random_bytes(&secret_xor, sizeof(secret_xor));
	get_random_bytes(&secret_mul, sizeof(secret_mul));
	secret_mul |= 1;
	err = mlu_pool_init(&heap_pool, "mlu_alloc", sizeof(struct mlu_alloc), MLU_MEM_RECORDS);
	if (err)
		return err;
	err = mlu_pool_init(&mapped_pool, "mlu_mapped_alloc", sizeof(struct mlu_mapped_alloc),
			    MLU_MEM_RECORDS);
	if (err)
		mlu_pool_exit(&heap_pool);
	return err;
}

void mlu_allocs_pool_exit(void)
{
	mlu_pool_exit(&mapped_pool);
	mlu_pool_exit(&heap_pool);
}

/**
 * mlu_alloc_new() - allocate a record
 * @mapped: it is the record of a mapping, embedded in a struct mlu_mapped_alloc
 *
 * The caller fills it in and inserts it.
 *
 * Context: Task context. Does not sleep.
 * Return: the record; ERR_PTR(-ENOSPC) at the memory limit, ERR_PTR(-ENOMEM) without memory.
 */
struct mlu_alloc *mlu_alloc_new(bool mapped)
{
	struct mlu_alloc *alloc = mlu_pool_alloc(mapped ? &mapped_pool : &heap_pool);

	if (!IS_ERR(alloc))
		alloc->mapped = mapped;
	return alloc;
}

void mlu_alloc_free(struct mlu_alloc *alloc)
{
	mlu_pool_free(alloc->mapped ? &mapped_pool : &heap_pool, alloc);
}

/*
 * Each step can be undone, so the whole is a bijection.  The finishing steps are those of
 * MurmurHash3's 64-bit finalizer, which lets every input bit reach every output bit.
 */
static u64 key_of(u64 addr)
{
	u64 k = (addr ^ secret_xor) * secret_mul;

	k ^= k >> 33;
	k *= 0xff51afd7ed558ccdULL;
	k ^= k >> 33;
	k *= 0xc4ceb9fe1a85ec53ULL;
	return k ^ (k >> 33);
}

static u64 reverse(u64 key)
{
	return (u64)bitrev32((u32)key) << 32 | bitrev32((u32)(key >> 32));
}

static struct mlu_stripe *stripe_of(struct mlu_allocs *allocs, u64 key)
{
	return &allocs->stripes[key & ((1ULL << allocs->stripe_bits) - 1)];
}

static struct hlist_head *bucket_at(struct mlu_stripe *stripe, u32 n)
{
	if (n < MLU_ALLOCS_FIRST)
		return &stripe->first[n];
	return &stripe->segment[fls(n) - 3][n - (1U << (fls(n) - 1))];
}

/* @bits: the key without its stripe's bits. */
static u32 bucket_index(const struct mlu_stripe *stripe, u64 bits)
{
	u32 mask = (1U << fls(stripe->nr_buckets - 1)) - 1;
	u32 n = (u32)bits & mask;

	return n < stripe->nr_buckets ? n : n & (mask >> 1);
}

static struct hlist_head *bucket_of(struct mlu_allocs *allocs, struct mlu_stripe *stripe, u64 key)
{
	return bucket_at(stripe, bucket_index(stripe, key >> allocs->stripe_bits));
}

/* How many of a key's bits chose bucket @n: one less where it is still to be split. */
static unsigned int bucket_bits(const struct mlu_stripe *stripe, u32 n)
{
	unsigned int bits = fls(stripe->nr_buckets - 1);
	u32 half = 1U << (bits - 1);

	return n >= half || n < stripe->nr_buckets - half ? bits : bits - 1;
}

static bool have_segment(struct mlu_stripe *stripe, u32 n)
{
	unsigned int i = fls(n) - 3;

	if (i >= MLU_ALLOCS_SEGMENTS)
		return false;
	if (!stripe->segment[i])
		stripe->segment[i] = mlu_mem_zalloc(MLU_MEM_TABLES,
						    (4UL << i) * sizeof(struct hlist_head),
						    MLU_GFP);
	return stripe->segment[i];
}

/* Split the next bucket in line: those of its records that the new bit sends on move. */
static void grow(struct mlu_allocs *allocs, struct mlu_stripe *stripe)
{
	u32 n = stripe->nr_buckets;
	struct hlist_head *from, *to;
	struct mlu_alloc *alloc;
	struct hlist_node *tmp;

	if (!have_segment(stripe, n))
		return;
	from = bucket_at(stripe, n - (1U << (fls(n) - 1)));
	to = bucket_at(stripe, n);
	stripe->nr_buckets = n + 1;
	hlist_for_each_entry_safe(alloc, tmp, from, node) {
		if (bucket_index(stripe, key_of(alloc->addr) >> allocs->stripe_bits) != n)
			continue;
		hlist_del(&alloc->node);
		hlist_add_head(&alloc->node, to);
	}
}

/* A taken record is out of the table for everybody but walks and the call that took it. */
static struct mlu_alloc *find(struct hlist_head *bucket, u64 addr)
{
	struct mlu_alloc *alloc;

	hlist_for_each_entry(alloc, bucket, node)
		if (alloc->addr == addr && !alloc->taken)
			return alloc;
	return NULL;
}

static void unlink(struct mlu_stripe *stripe, struct mlu_alloc *alloc)
{
	hlist_del(&alloc->node);
	stripe->nr_records--;
}

/*
 * mlu_allocs_init() - an empty table
 * @stripe_bits: it has 2^@stripe_bits locks; 1 to 8
 *
 * Context: may sleep.
 */
int mlu_allocs_init(struct mlu_allocs *allocs, unsigned int stripe_bits)
{
	unsigned int i;

	allocs->stripe_bits = stripe_bits;
	allocs->stripes = mlu_mem_zalloc(MLU_MEM_TABLES, sizeof(*allocs->stripes) << stripe_bits,
					 GFP_KERNEL);
	if (!allocs->stripes)
		return -ENOMEM;
	for (i = 0; i < 1U << stripe_bits; i++) {
		spin_lock_init(&allocs->stripes[i].lock);
		allocs->stripes[i].nr_buckets = MLU_ALLOCS_FIRST;
	}
	return 0;
}

static void stripe_exit(struct mlu_stripe *stripe)
{
	struct mlu_alloc *alloc;
	struct hlist_node *tmp;
	unsigned int i;
	u32 n;

	for (n = 0; n < stripe->nr_buckets; n++)
		hlist_for_each_entry_safe(alloc, tmp, bucket_at(stripe, n), node)
			mlu_alloc_free(alloc);
	for (i = 0; i < MLU_ALLOCS_SEGMENTS; i++)
		mlu_mem_free(MLU_MEM_TABLES, stripe->segment[i],
			     (4UL << i) * sizeof(struct hlist_head));
}

/** mlu_allocs_exit() - free the table and its records; nobody else looks at it any more */
void mlu_allocs_exit(struct mlu_allocs *allocs)
{
	unsigned int i;

	if (!allocs->stripes)
		return;
	for (i = 0; i < 1U << allocs->stripe_bits; i++) {
		stripe_exit(&allocs->stripes[i]);
		cond_resched();
	}
	mlu_mem_free(MLU_MEM_TABLES, allocs->stripes,
		     sizeof(*allocs->stripes) << allocs->stripe_bits);
	allocs->stripes = NULL;
}

/*
 * mlu_allocs_insert() - the record belongs to the table from now on
 *
 * Return: the record of the same address that it replaces, which is the caller's now, or NULL.
 */
struct mlu_alloc *mlu_allocs_insert(struct mlu_allocs *allocs, struct mlu_alloc *alloc)
{
	u64 key = key_of(alloc->addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc *old;

	alloc->taken = false;
	spin_lock(&stripe->lock);
	if (stripe->nr_records >= stripe->nr_buckets)
		grow(allocs, stripe);
	old = find(bucket_of(allocs, stripe, key), alloc->addr);
	if (old)
		unlink(stripe, old);
	hlist_add_head(&alloc->node, bucket_of(allocs, stripe, key));
	stripe->nr_records++;
	spin_unlock(&stripe->lock);
	return old;
}

/** mlu_allocs_remove() - the record of @addr, which is the caller's now, or NULL */
struct mlu_alloc *mlu_allocs_remove(struct mlu_allocs *allocs, u64 addr)
{
	u64 key = key_of(addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc *alloc;

	spin_lock(&stripe->lock);
	alloc = find(bucket_of(allocs, stripe, key), addr);
	if (alloc)
		unlink(stripe, alloc);
	spin_unlock(&stripe->lock);
	return alloc;
}

/*
 * mlu_allocs_take() - keep the record of @addr for a call that may free or move the block
 *
 * It is found by walks only, until the same call drops or restores it.  It stays valid as long as
 * the table.
 */
struct mlu_alloc *mlu_allocs_take(struct mlu_allocs *allocs, u64 addr)
{
	u64 key = key_of(addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc *alloc;

	spin_lock(&stripe->lock);
	alloc = find(bucket_of(allocs, stripe, key), addr);
	if (alloc)
		alloc->taken = true;
	spin_unlock(&stripe->lock);
	return alloc;
}

/** mlu_allocs_drop() - the call has freed the block: the record is the caller's now */
void mlu_allocs_drop(struct mlu_allocs *allocs, struct mlu_alloc *taken)
{
	struct mlu_stripe *stripe = stripe_of(allocs, key_of(taken->addr));

	spin_lock(&stripe->lock);
	unlink(stripe, taken);
	spin_unlock(&stripe->lock);
}

/*
 * mlu_allocs_restore() - the call has left the block alone
 *
 * Return: NULL, or @taken, which is the caller's now: there is a newer record of the same address.
 * That takes a lost event, or a target that frees and allocates the block while the call lasts.
 */
struct mlu_alloc *mlu_allocs_restore(struct mlu_allocs *allocs, struct mlu_alloc *taken)
{
	u64 key = key_of(taken->addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc *loser = NULL;

	spin_lock(&stripe->lock);
	if (find(bucket_of(allocs, stripe, key), taken->addr)) {
		loser = taken;
		unlink(stripe, loser);
	} else {
		taken->taken = false;
	}
	spin_unlock(&stripe->lock);
	return loser;
}

static unsigned int chain_length(struct hlist_head *bucket)
{
	struct hlist_node *node;
	unsigned int n = 0;

	hlist_for_each(node, bucket)
		n++;
	return n;
}

/* Show the records of one bucket that the cursor has not passed, if they fit in @room. */
static unsigned int show_bucket(struct mlu_allocs *allocs, struct mlu_allocs_cursor *cursor,
				mlu_alloc_fn fn, void *ctx, unsigned int room)
{
	u64 key = reverse(cursor->at), width;
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	u32 n = bucket_index(stripe, key >> allocs->stripe_bits);
	struct hlist_head *bucket = bucket_at(stripe, n);
	unsigned int length = chain_length(bucket);
	struct mlu_alloc *alloc;

	if (length > room)
		return length;
	hlist_for_each_entry(alloc, bucket, node)
		if (reverse(key_of(alloc->addr)) >= cursor->at)
			fn(alloc, ctx);
	width = 1ULL << (64 - allocs->stripe_bits - bucket_bits(stripe, n));
	cursor->at = (cursor->at | (width - 1)) + 1;
	cursor->done = !cursor->at;
	return 0;
}

/*
 * mlu_allocs_step() - one step of a walk: the next bucket's records
 * @cursor: zeroed before the first step; its @done says that there is no more
 * @fn: called for each record, under a spinlock
 * @room: the largest number of records that @fn can take in this step
 *
 * Return: 0, or the number of records to make room for before the same step is tried again.
 */
unsigned int mlu_allocs_step(struct mlu_allocs *allocs, struct mlu_allocs_cursor *cursor,
			     mlu_alloc_fn fn, void *ctx, unsigned int room)
{
	struct mlu_stripe *stripe = stripe_of(allocs, reverse(cursor->at));
	unsigned int need;

	spin_lock(&stripe->lock);
	need = show_bucket(allocs, cursor, fn, ctx, room);
	spin_unlock(&stripe->lock);
	return need;
}
