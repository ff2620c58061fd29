// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of mappings and their spares, which are allocated before the mmu notifier needs them.
 *
 * Each record that is inserted brings a spare one, so that its first split cannot fail. A record
 * that has used its spare takes one of the tree's. The handler that inserts a record allocates the
 * first of these, and a work keeps their number.
 *
 * Context: Called from handlers, which must not sleep, and from the work.
 * Locking: ranges->lock protects the spares of a tree; nothing is allocated under it.
 * Ownership: A record owns its spare, and the tree its own ones.
 */
#include <linux/err.h>

#include "mem.h"
#include "ranges_internal.h"

#define MAX_GOAL 16384
#define FEW_SPARES 64

static struct mlu_pool pool;

/**
 * mlu_ranges_pool_init() - set up the pool of records of mappings
 *
 * Return: 0, or -ENOMEM.
 */
int mlu_ranges_pool_init(void)
{
	return mlu_pool_init(&pool, "mlu_mapped", sizeof(struct mlu_mapped), MLU_MEM_RECORDS);
}

/**
 * mlu_ranges_pool_exit() - free the pool of records of mappings
 *
 * All records have been freed.
 */
void mlu_ranges_pool_exit(void)
{
	mlu_pool_exit(&pool);
}

static void init_mapped(struct mlu_mapped *mapped)
{
	mapped->alloc.next = NULL;
	mapped->alloc.taken = false;
	mapped->spare = NULL;
	mapped->taker = NULL;
}

/**
 * mlu_mapped_new() - allocate the record of a mapping, with its spare
 *
 * Context: Handler. Does not sleep.
 * Return: the record, to be filled in and inserted; ERR_PTR(-ENOSPC) at the memory limit,
 * ERR_PTR(-ENOMEM) without memory.
 */
struct mlu_mapped *mlu_mapped_new(void)
{
	struct mlu_mapped *mapped = mlu_pool_get(&pool), *spare;

	if (IS_ERR(mapped))
		return mapped;
	init_mapped(mapped);
	spare = mlu_pool_get(&pool);
	if (IS_ERR(spare)) {
		mlu_pool_put(&pool, mapped);
		return spare;
	}
	init_mapped(spare);
	mapped->spare = spare;
	return mapped;
}

/**
 * mlu_mapped_free() - free a record that is in no tree
 * @mapped: the record
 *
 * Context: Task context. Does not sleep.
 */
void mlu_mapped_free(struct mlu_mapped *mapped)
{
	if (mapped->spare)
		mlu_pool_put(&pool, mapped->spare);
	mlu_pool_put(&pool, mapped);
}

/* Return: false if there are enough: then the spare still belongs to the caller. */
static __must_check bool add_spare(struct mlu_ranges *ranges, struct mlu_mapped *spare)
{
	bool is_full;

	spin_lock(&ranges->lock);
	is_full = ranges->nr_spares >= ranges->goal;
	ranges->was_full |= is_full;
	if (!is_full) {
		spare->alloc.next = ranges->spares;
		ranges->spares = &spare->alloc;
		WRITE_ONCE(ranges->nr_spares, ranges->nr_spares + 1);
	}
	spin_unlock(&ranges->lock);
	return !is_full;
}

/**
 * mlu_ranges_prepare() - allocate some spares, before the work that calls mlu_ranges_refill() runs
 * @ranges: the tree
 *
 * Context: Handler. Does not sleep.
 */
void mlu_ranges_prepare(struct mlu_ranges *ranges)
{
	struct mlu_mapped *spare;

	while (READ_ONCE(ranges->nr_spares) < FEW_SPARES) {
		spare = mlu_pool_get(&pool);
		if (IS_ERR(spare))
			return;
		init_mapped(spare);
		if (add_spare(ranges, spare))
			continue;
		/* Another thread or the work has filled the tree since its number was read. */
		mlu_mapped_free(spare);
		return;
	}
}

/**
 * mlu_ranges_refill() - allocate spares, so that records can be split
 * @ranges: the tree
 *
 * If most of them are gone, four times as many are kept from now on: the program splits mappings
 * faster than the work that calls this is run.
 *
 * Context: Work, process context. May sleep.
 */
void mlu_ranges_refill(struct mlu_ranges *ranges)
{
	struct mlu_mapped *spare;

	spin_lock(&ranges->lock);
	if (ranges->was_full && ranges->nr_spares < ranges->goal / 4 && ranges->goal < MAX_GOAL)
		WRITE_ONCE(ranges->goal, ranges->goal * 4);
	spin_unlock(&ranges->lock);
	for (;;) {
		spare = mlu_pool_alloc_slowly(&pool);
		if (IS_ERR(spare))
			return;
		init_mapped(spare);
		if (add_spare(ranges, spare))
			continue;
		mlu_mapped_free(spare);
		return;
	}
}

/**
 * mlu_ranges_get_spare() - get the spare of a record, or one of the tree's
 * @ranges: the tree
 * @mapped: the record that is to be split
 *
 * Context: Under ranges->lock.
 * Return: the spare, or NULL if neither the record nor the tree has one.
 */
struct mlu_mapped *mlu_ranges_get_spare(struct mlu_ranges *ranges, struct mlu_mapped *mapped)
{
	struct mlu_mapped *spare = mapped->spare;

	if (spare) {
		mapped->spare = NULL;
	} else if (ranges->spares) {
		spare = mlu_to_mapped(ranges->spares);
		ranges->spares = spare->alloc.next;
		WRITE_ONCE(ranges->nr_spares, ranges->nr_spares - 1);
	}
	return spare;
}
