// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of mappings that mremap moves, extends or copies.
 *
 * The mmu notifier says that the old addresses are unmapped: then the records there are taken by
 * the call. At its return they are moved and keep their origin: stack, time and thread. Until then
 * they are shown at their old addresses, which another thread may have mapped again.
 *
 * A call moves each record on its own, in batches: the kernel has moved at least one page for each.
 *
 * Context: Called from handlers and from the mmu notifier, in task context, within rcu_read_lock().
 * Does not sleep.
 * Locking: ranges->lock, a leaf.
 * Ownership: A taken record belongs to the tree; the call that has taken it moves, restores or
 * drops it when it ends.
 */
#include <linux/string.h>

#include "ranges_internal.h"

static void take_record(struct mlu_ranges *ranges, struct mlu_mapped *mapped, const void *taker)
{
	rb_erase(&mapped->node, &ranges->live);
	mapped->alloc.taken = true;
	mapped->taker = taker;
	mlu_ranges_link(&ranges->taken, mapped);
}

/* Divide records at the borders, take those in between. Return: true if there may be more. */
static bool take_some(struct mlu_ranges *ranges, u64 start, u64 last, const void *taker)
{
	struct mlu_mapped *mapped;
	unsigned int n;

	for (n = 0; n < MLU_RANGES_BATCH; n++) {
		mapped = mlu_ranges_reaching(&ranges->live, start);
		if (!mapped || mapped->alloc.addr > last)
			return false;
		if (mapped->alloc.addr < start)
			mlu_ranges_split(ranges, mapped, start, start);
		else if (mlu_mapped_last(mapped) > last)
			mlu_ranges_split(ranges, mapped, last + 1, last + 1);
		else
			take_record(ranges, mapped, taker);
	}
	return true;
}

/**
 * mlu_ranges_take() - take the records of addresses that a call moves
 * @ranges: the tree
 * @start: the first address
 * @end: the address behind the last one
 * @taker: the call
 *
 * Context: mmu notifier, within rcu_read_lock(). Neither sleeps nor allocates.
 */
void mlu_ranges_take(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker)
{
	bool more;

	do {
		spin_lock(&ranges->lock);
		more = start < end && take_some(ranges, start, end - 1, taker);
		spin_unlock(&ranges->lock);
	} while (more);
}

/* Return: the first record in [@at, @end) that @taker has taken, or NULL. */
static struct mlu_mapped *find_taken(const struct mlu_ranges *ranges, u64 at, u64 end,
				     const void *taker)
{
	struct mlu_mapped *mapped = mlu_ranges_starting(&ranges->taken, at);

	while (mapped && mapped->alloc.addr < end && mapped->taker != taker)
		mapped = mlu_mapped_of(rb_next(&mapped->node));
	return mapped && mapped->alloc.addr < end ? mapped : NULL;
}

static void untake_record(struct mlu_ranges *ranges, struct mlu_mapped *mapped)
{
	rb_erase(&mapped->node, &ranges->taken);
	mapped->alloc.taken = false;
	mapped->taker = NULL;
}

/**
 * mlu_ranges_move() - give the records that a call has taken their new addresses
 * @ranges: the tree
 * @start: the first old address
 * @end: the address behind the last one
 * @taker: the call
 * @to: the new address of @start
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the number of records.
 */
unsigned int mlu_ranges_move(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker,
			     u64 to)
{
	struct mlu_ranges_gone gone = {};
	struct mlu_mapped *mapped;
	unsigned int n, nr = 0;
	u64 at = start;

	do {
		spin_lock(&ranges->lock);
		for (n = 0; n < MLU_RANGES_BATCH; n++) {
			mapped = find_taken(ranges, at, end, taker);
			if (!mapped)
				break;
			at = mapped->alloc.addr;
			untake_record(ranges, mapped);
			mapped->alloc.addr += to - start;
			mlu_ranges_place(ranges, mapped, &gone);
		}
		spin_unlock(&ranges->lock);
		mlu_ranges_forget(ranges, &gone);
		nr += n;
	} while (n == MLU_RANGES_BATCH);
	mlu_count_add(ranges->counters, replaced, gone.touched);
	return nr;
}

/* Is any address of the record mapped again? */
static bool is_occupied(const struct mlu_ranges *ranges, const struct mlu_mapped *mapped)
{
	const struct mlu_mapped *other = mlu_ranges_reaching(&ranges->live, mapped->alloc.addr);

	return other && other->alloc.addr <= mlu_mapped_last(mapped);
}

/* @may_restore: put back the records whose addresses have not been mapped again. */
static void end_taken(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker,
		      bool may_restore)
{
	struct mlu_ranges_gone gone = {};
	struct mlu_mapped *mapped;
	unsigned int n;

	do {
		spin_lock(&ranges->lock);
		for (n = 0; n < MLU_RANGES_BATCH; n++) {
			mapped = find_taken(ranges, start, end, taker);
			if (!mapped)
				break;
			if (may_restore && !is_occupied(ranges, mapped)) {
				untake_record(ranges, mapped);
				mlu_ranges_link(&ranges->live, mapped);
			} else {
				mlu_ranges_unlink(&ranges->taken, mapped, &gone);
			}
		}
		spin_unlock(&ranges->lock);
		if (may_restore)
			mlu_count_add(ranges->counters, replaced, gone.nr);
		mlu_ranges_forget(ranges, &gone);
	} while (n == MLU_RANGES_BATCH);
}

/**
 * mlu_ranges_restore() - put back the records that a call has taken and not moved
 * @ranges: the tree
 * @start: the first address
 * @end: the address behind the last one
 * @taker: the call
 *
 * A newer record of the same addresses replaces them.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_ranges_restore(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker)
{
	end_taken(ranges, start, end, taker, true);
}

/**
 * mlu_ranges_drop() - free the records that a call has taken and whose new addresses are unknown
 * @ranges: the tree
 * @start: the first old address
 * @end: the address behind the last one
 * @taker: the call
 *
 * Context: Handler, within rcu_read_lock(), or worker. Does not sleep.
 */
void mlu_ranges_drop(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker)
{
	end_taken(ranges, start, end, taker, false);
}

/**
 * mlu_ranges_extend() - extend the record that ends before an address
 * @ranges: the tree
 * @at: the address
 * @size: the number of bytes by which it has grown
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: false if there is no such record.
 */
bool mlu_ranges_extend(struct mlu_ranges *ranges, u64 at, u64 size)
{
	struct mlu_ranges_gone gone = {};
	struct mlu_mapped *mapped;

	spin_lock(&ranges->lock);
	mapped = mlu_ranges_reaching(&ranges->live, at - 1);
	if (mapped && (mapped->alloc.addr >= at || mlu_mapped_last(mapped) != at - 1))
		mapped = NULL;
	while (mapped && mlu_ranges_cut_some(ranges, at, at + (size - 1), &gone))
		;
	if (mapped)
		mapped->alloc.size += size;
	spin_unlock(&ranges->lock);
	mlu_count_add(ranges->counters, replaced, gone.touched);
	mlu_ranges_forget(ranges, &gone);
	return mapped;
}

/**
 * mlu_ranges_copy() - copy what the next record has of some addresses
 * @ranges: the tree
 * @at: the first address; on return, the one behind those of @copy
 * @end: the address behind the last one
 * @copy: a new record, whose origin, address and size are set
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: false if there is no further record.
 */
bool mlu_ranges_copy(struct mlu_ranges *ranges, u64 *at, u64 end, struct mlu_mapped *copy)
{
	const struct mlu_mapped *mapped;
	bool found;

	spin_lock(&ranges->lock);
	mapped = mlu_ranges_reaching(&ranges->live, *at);
	found = *at < end && mapped && mapped->alloc.addr < end;
	if (found) {
		copy->alloc = mapped->alloc;
		copy->sampled = mapped->sampled;
		copy->alloc.addr = max(mapped->alloc.addr, *at);
		*at = min(mlu_mapped_last(mapped) + 1, end);
		copy->alloc.size = *at - copy->alloc.addr;
	}
	spin_unlock(&ranges->lock);
	return found;
}
