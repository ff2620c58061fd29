// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of mappings: intervals of addresses that do not overlap.
 *
 * A program may unmap any part of what it has mapped, and map over it. The mmu notifier tells so
 * (mappings.c), and the records are trimmed, split or removed. A part that is split off is an
 * allocation of its own from then on, with the stack, the time and the thread of the whole.
 *
 * The notifier must not allocate: the record of the part is a spare one (ranges_spares.c). Without a
 * spare, the smaller of the two parts is dropped and counted as lost_split.
 *
 * Records that mremap is moving (ranges_move.c) are in a tree of their own, where only walks and
 * the call find them: by the time of the call's return, another thread may have mapped their old
 * addresses.
 *
 * A walk goes by address. Its position is the end of the record that it has shown last, so a record
 * that is trimmed, split or extended meanwhile is not shown twice.
 *
 * Context: Called from handlers, from the mmu notifier, from readers and works, in task context and
 * within rcu_read_lock(), unless said otherwise. Does not sleep. What is done under the lock is
 * done in batches, and freed without it.
 * Locking: ranges->lock, a leaf. Nothing is allocated under it.
 * Ownership: The tree owns a record from its insertion to its removal, and the record its spare.
 */
#include <linux/sched.h>

#include "ranges_internal.h"

/**
 * mlu_ranges_init() - initialize an empty tree
 * @ranges: the tree
 * @stacks: the stacks of its records
 * @counters: the counters of events
 */
void mlu_ranges_init(struct mlu_ranges *ranges, struct mlu_stacks *stacks,
		     struct mlu_counters __percpu *counters)
{
	spin_lock_init(&ranges->lock);
	ranges->live = RB_ROOT;
	ranges->taken = RB_ROOT;
	ranges->goal = MLU_RANGES_FIRST_GOAL;
	ranges->stacks = stacks;
	ranges->counters = counters;
}

static void free_tree(struct rb_root *root)
{
	struct mlu_mapped *mapped, *next;
	unsigned int n = 0;

	rbtree_postorder_for_each_entry_safe(mapped, next, root, node) {
		mlu_mapped_free(mapped);
		if (!(++n % MLU_RANGES_BATCH))
			cond_resched();
	}
}

/**
 * mlu_ranges_exit() - free a tree and its records
 * @ranges: the tree, which has no other users; may be zeroed
 *
 * Context: Process context. May sleep.
 */
void mlu_ranges_exit(struct mlu_ranges *ranges)
{
	struct mlu_alloc *spare;

	free_tree(&ranges->live);
	free_tree(&ranges->taken);
	while ((spare = ranges->spares)) {
		ranges->spares = spare->next;
		mlu_mapped_free(mlu_to_mapped(spare));
	}
}

/**
 * mlu_ranges_starting() - find the first record that starts at an address or above it
 * @root: the tree
 * @start: the address
 *
 * Context: Under ranges->lock.
 * Return: the record, or NULL.
 */
struct mlu_mapped *mlu_ranges_starting(const struct rb_root *root, u64 start)
{
	struct rb_node *node = root->rb_node, *found = NULL;

	while (node) {
		if (mlu_mapped_of(node)->alloc.addr >= start) {
			found = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return mlu_mapped_of(found);
}

/**
 * mlu_ranges_reaching() - find the first record that ends at an address or above it
 * @live: a tree of records that do not overlap
 * @start: the address
 *
 * Context: Under ranges->lock.
 * Return: the record, or NULL.
 */
struct mlu_mapped *mlu_ranges_reaching(const struct rb_root *live, u64 start)
{
	struct rb_node *node = live->rb_node, *found = NULL;

	while (node) {
		if (mlu_mapped_last(mlu_mapped_of(node)) >= start) {
			found = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return mlu_mapped_of(found);
}

/**
 * mlu_ranges_link() - add a record to a tree
 * @root: the tree
 * @mapped: the record
 *
 * Context: Under ranges->lock.
 */
void mlu_ranges_link(struct rb_root *root, struct mlu_mapped *mapped)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = mapped->alloc.addr < mlu_mapped_of(parent)->alloc.addr ? &parent->rb_left :
										&parent->rb_right;
	}
	rb_link_node(&mapped->node, parent, link);
	rb_insert_color(&mapped->node, root);
}

/**
 * mlu_ranges_unlink() - remove a record from a tree
 * @root: the tree
 * @mapped: the record
 * @gone: gets the record
 *
 * Context: Under ranges->lock.
 */
void mlu_ranges_unlink(struct rb_root *root, struct mlu_mapped *mapped,
		       struct mlu_ranges_gone *gone)
{
	rb_erase(&mapped->node, root);
	mapped->alloc.next = gone->first;
	gone->first = &mapped->alloc;
	gone->nr++;
}

/**
 * mlu_ranges_forget() - count removed records as freed, and free them
 * @ranges: the tree
 * @gone: the records; empty on return
 *
 * Context: Not under ranges->lock.
 */
void mlu_ranges_forget(struct mlu_ranges *ranges, struct mlu_ranges_gone *gone)
{
	struct mlu_alloc *alloc;

	mlu_count_add(ranges->counters, freed, gone->nr);
	gone->nr = 0;
	while ((alloc = gone->first)) {
		gone->first = alloc->next;
		mlu_mapped_free(mlu_to_mapped(alloc));
	}
}

/**
 * mlu_ranges_split() - remove the middle of a record
 * @ranges: the tree
 * @mapped: a live record that begins below @start and ends behind @end
 * @start: first address of the middle
 * @end: the address behind it; may be @start, to divide a record only
 *
 * Without a spare, only the larger part is kept.
 *
 * Context: Under ranges->lock.
 */
void mlu_ranges_split(struct mlu_ranges *ranges, struct mlu_mapped *mapped, u64 start, u64 end)
{
	struct mlu_mapped *spare = mlu_ranges_get_spare(ranges, mapped);
	u64 below = start - mapped->alloc.addr;
	u64 above = mlu_mapped_last(mapped) - end + 1;

	if (spare) {
		/* Before it can be seen: no reader finds more records than allocations. */
		mlu_stacks_count(ranges->stacks, mapped->alloc.stack);
		mlu_count(ranges->counters, split);
		spare->alloc = mapped->alloc;
		spare->sampled = mapped->sampled;
		spare->alloc.addr = end;
		spare->alloc.size = above;
		mapped->alloc.size = below;
		mlu_ranges_link(&ranges->live, spare);
		return;
	}
	mlu_count(ranges->counters, lost_split);
	if (below < above) {
		mapped->alloc.addr = end;
		mapped->alloc.size = above;
	} else {
		mapped->alloc.size = below;
	}
}

/* @mapped overlaps with the addresses. */
static void cut_record(struct mlu_ranges *ranges, struct mlu_mapped *mapped, u64 start, u64 last,
		       struct mlu_ranges_gone *gone)
{
	struct mlu_alloc *alloc = &mapped->alloc;
	u64 end = mlu_mapped_last(mapped);

	gone->touched++;
	if (alloc->addr >= start && end <= last) {
		mlu_ranges_unlink(&ranges->live, mapped, gone);
	} else if (alloc->addr < start && end > last) {
		mlu_ranges_split(ranges, mapped, start, last + 1);
	} else if (alloc->addr < start) {
		alloc->size = start - alloc->addr;
	} else {
		alloc->addr = last + 1;
		alloc->size = end - last;
	}
}

/**
 * mlu_ranges_cut_some() - remove what records have of some addresses
 * @ranges: the tree
 * @start: the first address
 * @last: the last address
 * @gone: gets the removed records
 *
 * Context: Under ranges->lock.
 * Return: true if there may be more to be removed.
 */
bool mlu_ranges_cut_some(struct mlu_ranges *ranges, u64 start, u64 last,
			 struct mlu_ranges_gone *gone)
{
	struct mlu_mapped *mapped;
	unsigned int n;

	for (n = 0; n < MLU_RANGES_BATCH; n++) {
		mapped = mlu_ranges_reaching(&ranges->live, start);
		if (!mapped || mapped->alloc.addr > last)
			return false;
		cut_record(ranges, mapped, start, last, gone);
	}
	return true;
}

/* Return: the number of records that were removed, trimmed or split. */
static unsigned int cut_all(struct mlu_ranges *ranges, u64 start, u64 last)
{
	struct mlu_ranges_gone gone = {};
	bool more;

	do {
		spin_lock(&ranges->lock);
		more = mlu_ranges_cut_some(ranges, start, last, &gone);
		spin_unlock(&ranges->lock);
		mlu_ranges_forget(ranges, &gone);
	} while (more);
	return gone.touched;
}

/**
 * mlu_ranges_cut() - remove what records have of addresses that are no longer mapped
 * @ranges: the tree
 * @start: the first address
 * @end: the address behind the last one
 *
 * Context: Handler or mmu notifier, within rcu_read_lock(). Neither sleeps nor allocates.
 */
void mlu_ranges_cut(struct mlu_ranges *ranges, u64 start, u64 end)
{
	if (start < end)
		cut_all(ranges, start, end - 1);
}

/**
 * mlu_ranges_place() - put a record where others may be
 * @ranges: the tree
 * @mapped: the record, which is in no tree
 * @gone: gets the records that it replaces
 *
 * Usually there is no other record at these addresses. If there is one, its mapping was unmapped
 * without a call of the notifier for this target, and the record is removed.
 *
 * Context: Under ranges->lock.
 */
void mlu_ranges_place(struct mlu_ranges *ranges, struct mlu_mapped *mapped,
		      struct mlu_ranges_gone *gone)
{
	while (mlu_ranges_cut_some(ranges, mapped->alloc.addr, mlu_mapped_last(mapped), gone))
		;
	mlu_ranges_link(&ranges->live, mapped);
}

/**
 * mlu_ranges_insert() - insert a record and charge its stack
 * @ranges: the tree
 * @mapped: the record, which belongs to the tree from now on
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_ranges_insert(struct mlu_ranges *ranges, struct mlu_mapped *mapped)
{
	struct mlu_ranges_gone gone = {};
	unsigned int replaced;

	/* In batches; then, under one lock, what was inserted meanwhile. */
	replaced = cut_all(ranges, mapped->alloc.addr, mlu_mapped_last(mapped));
	/* Before the record can be seen: no reader finds more records than allocations. */
	mlu_stacks_count(ranges->stacks, mapped->alloc.stack);
	spin_lock(&ranges->lock);
	mlu_ranges_place(ranges, mapped, &gone);
	spin_unlock(&ranges->lock);
	mlu_count(ranges->counters, allocated);
	mlu_count_add(ranges->counters, replaced, replaced + gone.touched);
	mlu_ranges_forget(ranges, &gone);
}

/**
 * mlu_ranges_step() - one step of a walk: show the next records
 * @ranges: the tree
 * @cursor: the position, advanced by this
 * @fn: called for each record, under a spinlock
 * @ctx: passed to @fn
 * @max: the largest number of records that @fn can take in this step
 *
 * A record that exists during the whole walk is shown exactly once, but for one that mremap moves
 * meanwhile, which may be shown at both places or at neither.
 *
 * Return: 0, or the number of records that @fn should be able to take: try again.
 */
unsigned int mlu_ranges_step(struct mlu_ranges *ranges, struct mlu_ranges_cursor *cursor,
			     mlu_alloc_fn fn, void *ctx, unsigned int max)
{
	struct mlu_mapped *mapped;
	unsigned int n;

	if (!max)
		return MLU_RANGES_BATCH;
	max = min_t(unsigned int, max, MLU_RANGES_BATCH);
	spin_lock(&ranges->lock);
	mapped = mlu_ranges_starting(cursor->taken ? &ranges->taken : &ranges->live, cursor->at);
	for (n = 0; n < max && mapped; n++) {
		fn(&mapped->alloc, ctx);
		cursor->at = mlu_mapped_last(mapped) + 1;
		mapped = mlu_mapped_of(rb_next(&mapped->node));
	}
	if (!mapped && cursor->taken) {
		cursor->done = true;
	} else if (!mapped) {
		cursor->at = 0;
		cursor->taken = true;
	}
	spin_unlock(&ranges->lock);
	return 0;
}
