// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live allocations of a target by address.
 *
 * The table is split into stripes by the low bits of a record's key. Each stripe has a lock and is
 * a linear hash table (W. Litwin, "Linear hashing: a new tool for file and table addressing",
 * VLDB 1980): an insertion splits at most one bucket, so there is never a long pause, however large
 * the table is. A stripe that cannot grow without memory only gets longer chains.
 *
 * The key is a keyed bijection of the address. It is keyed because the target chooses the addresses
 * and must not be able to choose a long chain. It is a bijection so that keys are as distinct as
 * addresses. Buckets are chosen by a key's low bits, so each bucket is one interval in the order of
 * bit-reversed keys, and splitting a bucket splits its interval. That order does not change as the
 * table grows: a walk follows it and has to remember only one position.
 *
 * Context: Called from handlers, readers and the worker, in task context. Sleeps in init and exit
 * only; the other functions take and release one stripe's lock.
 * Locking: Records are accessed under their stripe's lock, and not under RCU: nearly each look-up
 * is a removal, which needs the lock anyway, and records that are freed after a grace period would
 * accumulate just when memory is short.
 * Ownership: The table owns a record from insert to remove or drop.
 */
#include <linux/bitrev.h>
#include <linux/err.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "allocs.h"
#include "mem.h"

/* Buckets that a walk shows under one lock: some microseconds. */
#define STEP_BUCKETS 32

struct mlu_pool mlu_heap_pool;
static u64 secret_xor, secret_mul;

/**
 * mlu_allocs_pool_init() - set up the pool of records and the secret of the keys
 *
 * Return: 0, or -ENOMEM.
 */
int mlu_allocs_pool_init(void)
{
	get_random_bytes(&secret_xor, sizeof(secret_xor));
	get_random_bytes(&secret_mul, sizeof(secret_mul));
	secret_mul |= 1;
	return mlu_pool_init(&mlu_heap_pool, "mlu_alloc", sizeof(struct mlu_alloc),
			     MLU_MEM_RECORDS);
}

/**
 * mlu_allocs_pool_exit() - free the pool of records
 *
 * All records have been freed.
 */
void mlu_allocs_pool_exit(void)
{
	mlu_pool_exit(&mlu_heap_pool);
}

/*
 * Both steps are invertible, so the whole is a bijection. By the multiplication each bit of the
 * address affects the upper half of the product. The other step adds that to the lower half, whose
 * bits choose stripe and bucket.
 */
static u64 key_of(u64 addr)
{
	u64 k = (addr ^ secret_xor) * secret_mul;

	return k ^ (k >> 32);
}

static u64 reverse_bits(u64 key)
{
	return (u64)bitrev32((u32)key) << 32 | bitrev32((u32)(key >> 32));
}

static struct mlu_stripe *stripe_of(struct mlu_allocs *allocs, u64 key)
{
	return &allocs->stripes[key & allocs->stripe_mask];
}

static struct mlu_alloc **bucket_at(struct mlu_stripe *stripe, u32 n)
{
	if (n < MLU_ALLOCS_FIRST)
		return &stripe->first[n];
	return &stripe->segment[fls(n) - 3][n - (1U << (fls(n) - 1))];
}

/* @bits: the key without the bits that chose the stripe. */
static u32 bucket_index(const struct mlu_stripe *stripe, u64 bits)
{
	u32 n = (u32)bits & stripe->mask;

	return n < stripe->nr_buckets ? n : n & (stripe->mask >> 1);
}

static inline struct mlu_alloc **bucket_of(struct mlu_allocs *allocs, struct mlu_stripe *stripe,
					   u64 key)
{
	return bucket_at(stripe, bucket_index(stripe, key >> allocs->stripe_bits));
}

/* Return: how many of a key's bits choose bucket @n; one less if it has not been split yet. */
static unsigned int bucket_bits(const struct mlu_stripe *stripe, u32 n)
{
	unsigned int bits = fls(stripe->nr_buckets - 1);
	u32 half = 1U << (bits - 1);

	return n >= half || n < stripe->nr_buckets - half ? bits : bits - 1;
}

static bool get_segment(struct mlu_stripe *stripe, u32 n)
{
	unsigned int i = fls(n) - 3;

	if (i >= MLU_ALLOCS_SEGMENTS)
		return false;
	if (!stripe->segment[i])
		stripe->segment[i] = mlu_mem_zalloc(MLU_MEM_TABLES,
						    (4UL << i) * sizeof(struct mlu_alloc *),
						    MLU_GFP);
	return stripe->segment[i];
}

/* Split the next bucket: records move to the new one if their key has the new bit set. */
static void split_next_bucket(struct mlu_allocs *allocs, struct mlu_stripe *stripe)
{
	u32 n = stripe->nr_buckets;
	struct mlu_alloc **from, **to, *alloc;

	if (!get_segment(stripe, n))
		return;
	from = bucket_at(stripe, n - (1U << (fls(n) - 1)));
	to = bucket_at(stripe, n);
	stripe->nr_buckets = n + 1;
	stripe->mask = (1U << fls(n)) - 1;
	while ((alloc = *from)) {
		if (bucket_index(stripe, key_of(alloc->addr) >> allocs->stripe_bits) != n) {
			from = &alloc->next;
			continue;
		}
		*from = alloc->next;
		alloc->next = *to;
		*to = alloc;
	}
}

/*
 * Find the record of an address. A taken record is visible to walks and to the call that took it
 * only.
 *
 * Return: the pointer that leads to the record, or the one at the end of the bucket.
 */
static struct mlu_alloc **find_record(struct mlu_alloc **bucket, u64 addr)
{
	struct mlu_alloc **at;

	for (at = bucket; *at; at = &(*at)->next)
		if ((*at)->addr == addr && !(*at)->taken)
			break;
	return at;
}

/* @at: the pointer that leads to the record, if any. Return: the record, or NULL. */
static struct mlu_alloc *unlink_record(struct mlu_stripe *stripe, struct mlu_alloc **at)
{
	struct mlu_alloc *alloc = *at;

	if (alloc) {
		*at = alloc->next;
		WRITE_ONCE(stripe->nr_records, stripe->nr_records - 1);
	}
	return alloc;
}

/* @taken is in the bucket. */
static void unlink_taken(struct mlu_stripe *stripe, struct mlu_alloc **bucket,
			 struct mlu_alloc *taken)
{
	while (*bucket != taken)
		bucket = &(*bucket)->next;
	unlink_record(stripe, bucket);
}

/**
 * mlu_allocs_init() - initialize an empty table
 * @allocs: the table
 * @stripe_bits: it has 2^@stripe_bits locks; 1 to 8
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int mlu_allocs_init(struct mlu_allocs *allocs, unsigned int stripe_bits)
{
	unsigned int i;

	allocs->stripe_bits = stripe_bits;
	allocs->stripe_mask = (1U << stripe_bits) - 1;
	allocs->stripes = mlu_mem_zalloc(MLU_MEM_TABLES, sizeof(*allocs->stripes) << stripe_bits,
					 GFP_KERNEL);
	if (!allocs->stripes)
		return -ENOMEM;
	for (i = 0; i < 1U << stripe_bits; i++) {
		spin_lock_init(&allocs->stripes[i].lock);
		allocs->stripes[i].nr_buckets = MLU_ALLOCS_FIRST;
		allocs->stripes[i].mask = MLU_ALLOCS_FIRST - 1;
	}
	return 0;
}

static void stripe_exit(struct mlu_stripe *stripe)
{
	struct mlu_alloc *alloc, *next;
	unsigned int i;
	u32 n;

	for (n = 0; n < stripe->nr_buckets; n++) {
		for (alloc = *bucket_at(stripe, n); alloc; alloc = next) {
			next = alloc->next;
			mlu_alloc_free(alloc);
		}
	}
	for (i = 0; i < MLU_ALLOCS_SEGMENTS; i++)
		mlu_mem_free(MLU_MEM_TABLES, stripe->segment[i],
			     (4UL << i) * sizeof(struct mlu_alloc *));
}

/**
 * mlu_allocs_exit() - free a table and its records
 * @allocs: the table, which has no other users; may be zeroed
 *
 * Context: Process context. May sleep.
 */
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

/**
 * mlu_allocs_insert() - insert a record
 * @allocs: the table
 * @alloc: the record, which belongs to the table from now on
 *
 * Return: the record of the same address that it replaces, which belongs to the caller, or NULL.
 */
struct mlu_alloc *mlu_allocs_insert(struct mlu_allocs *allocs, struct mlu_alloc *alloc)
{
	u64 key = key_of(alloc->addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc **bucket, *old;

	alloc->taken = false;
	spin_lock(&stripe->lock);
	if (stripe->nr_records >= stripe->nr_buckets)
		split_next_bucket(allocs, stripe);
	bucket = bucket_of(allocs, stripe, key);
	old = unlink_record(stripe, find_record(bucket, alloc->addr));
	alloc->next = *bucket;
	*bucket = alloc;
	WRITE_ONCE(stripe->nr_records, stripe->nr_records + 1);
	spin_unlock(&stripe->lock);
	return old;
}

/**
 * mlu_allocs_remove() - remove the record of an address
 * @allocs: the table
 * @addr: the address
 *
 * Return: the record, which belongs to the caller, or NULL.
 */
struct mlu_alloc *mlu_allocs_remove(struct mlu_allocs *allocs, u64 addr)
{
	u64 key = key_of(addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc *alloc;

	/* A block that this thread may free was recorded before it got the address. */
	if (!READ_ONCE(stripe->nr_records))
		return NULL;
	spin_lock(&stripe->lock);
	alloc = unlink_record(stripe, find_record(bucket_of(allocs, stripe, key), addr));
	spin_unlock(&stripe->lock);
	return alloc;
}

/**
 * mlu_allocs_take() - mark the record of a block that a call may free or move
 * @allocs: the table
 * @addr: the address of the block
 *
 * The record stays in its bucket, where only walks find it, until the same call drops or restores
 * it. It stays valid as long as the table.
 *
 * Return: the record, or NULL.
 */
struct mlu_alloc *mlu_allocs_take(struct mlu_allocs *allocs, u64 addr)
{
	u64 key = key_of(addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc *alloc;

	spin_lock(&stripe->lock);
	alloc = *find_record(bucket_of(allocs, stripe, key), addr);
	if (alloc)
		alloc->taken = true;
	spin_unlock(&stripe->lock);
	return alloc;
}

/**
 * mlu_allocs_drop() - remove a taken record: the call has freed the block
 * @allocs: the table
 * @taken: the record, which belongs to the caller from now on
 */
void mlu_allocs_drop(struct mlu_allocs *allocs, struct mlu_alloc *taken)
{
	u64 key = key_of(taken->addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);

	spin_lock(&stripe->lock);
	unlink_taken(stripe, bucket_of(allocs, stripe, key), taken);
	spin_unlock(&stripe->lock);
}

/**
 * mlu_allocs_restore() - put back a taken record: the call has not freed the block
 * @allocs: the table
 * @taken: the record
 *
 * There may be a newer record of the same address, if an event was lost, or if the target has freed
 * and allocated the block while the call lasted.
 *
 * Return: NULL, or @taken, which belongs to the caller, if there is a newer record.
 */
struct mlu_alloc *mlu_allocs_restore(struct mlu_allocs *allocs, struct mlu_alloc *taken)
{
	u64 key = key_of(taken->addr);
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	struct mlu_alloc **bucket, *loser = NULL;

	spin_lock(&stripe->lock);
	bucket = bucket_of(allocs, stripe, key);
	if (*find_record(bucket, taken->addr)) {
		loser = taken;
		unlink_taken(stripe, bucket, loser);
	} else {
		taken->taken = false;
	}
	spin_unlock(&stripe->lock);
	return loser;
}

static unsigned int chain_length(const struct mlu_alloc *alloc)
{
	unsigned int n = 0;

	for (; alloc; alloc = alloc->next)
		n++;
	return n;
}

/*
 * Show the records of one bucket that the cursor has not passed, if there are at most *@left, and
 * reduce *@left by their number.
 *
 * Return: 0, or the number of records.
 */
static unsigned int show_bucket(struct mlu_allocs *allocs, struct mlu_allocs_cursor *cursor,
				mlu_alloc_fn fn, void *ctx, unsigned int *left)
{
	u64 key = reverse_bits(cursor->at), width;
	struct mlu_stripe *stripe = stripe_of(allocs, key);
	u32 n = bucket_index(stripe, key >> allocs->stripe_bits);
	struct mlu_alloc *alloc = *bucket_at(stripe, n);
	unsigned int length = chain_length(alloc);
	bool is_whole;

	if (length > *left)
		return length;
	*left -= length;
	width = 1ULL << (64 - allocs->stripe_bits - bucket_bits(stripe, n));
	is_whole = !(cursor->at & (width - 1));
	for (; alloc; alloc = alloc->next)
		if (is_whole || reverse_bits(key_of(alloc->addr)) >= cursor->at)
			fn(alloc, ctx);
	cursor->at = (cursor->at | (width - 1)) + 1;
	cursor->done = !cursor->at;
	return 0;
}

/**
 * mlu_allocs_step() - one step of a walk: show the records of the next buckets
 * @allocs: the table
 * @cursor: the position, advanced by this
 * @fn: called for each record, under a spinlock
 * @ctx: passed to @fn
 * @max: the largest number of records that @fn can take in this step
 *
 * A stripe is one interval of the order, so a step takes one lock. It ends after STEP_BUCKETS
 * buckets, since handlers may be waiting for the lock.
 *
 * Return: 0, or the number of records of the next bucket, if there are more than @max: try again
 * with that many.
 */
unsigned int mlu_allocs_step(struct mlu_allocs *allocs, struct mlu_allocs_cursor *cursor,
			     mlu_alloc_fn fn, void *ctx, unsigned int max)
{
	struct mlu_stripe *stripe = stripe_of(allocs, reverse_bits(cursor->at));
	unsigned int need, left = max, n = 0;

	spin_lock(&stripe->lock);
	do {
		need = show_bucket(allocs, cursor, fn, ctx, &left);
	} while (!need && !cursor->done && ++n < STEP_BUCKETS &&
		 stripe_of(allocs, reverse_bits(cursor->at)) == stripe);
	spin_unlock(&stripe->lock);
	return n ? 0 : need;
}
