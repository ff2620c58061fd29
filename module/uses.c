// SPDX-License-Identifier: GPL-2.0-only
/*
 * The uses of probes by a target: a list of chunks.
 *
 * A chunk has the probes that were inserted together: at the attach, or at a later time. It is
 * filled by the worker, then added to the target's list, and from then on constant until it is
 * removed as a whole.
 *
 * Context: The worker; may sleep.
 * Locks: mlu_targets_lock protects the list against readers. It is not held while a probe is
 * inserted or removed. The worker alone changes the list, so it reads it without the lock.
 * Ownership: the list owns its chunks. A chunk that is in no list belongs to the worker.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "uses.h"

/**
 * mlu_uses_new() - allocate a chunk without uses
 * @kind: what they will be for
 * @capacity: the number of uses that it has space for
 *
 * Context: The worker; may sleep.
 * Return: the chunk, or NULL.
 */
struct mlu_uses *mlu_uses_new(enum mlu_uses_kind kind, unsigned int capacity)
{
	struct mlu_uses *uses = kvzalloc(struct_size(uses, use, capacity), GFP_KERNEL);

	if (!uses)
		return NULL;
	INIT_LIST_HEAD(&uses->node);
	uses->kind = kind;
	return uses;
}

/**
 * mlu_uses_add() - add a chunk to the uses of a target
 * @target: the target
 * @uses: the chunk; the list owns it from then on
 *
 * Context: The worker. Takes and releases mlu_targets_lock.
 */
void mlu_uses_add(struct mlu_target *target, struct mlu_uses *uses)
{
	mutex_lock(&mlu_targets_lock);
	list_add_tail(&uses->node, &target->uses);
	mutex_unlock(&mlu_targets_lock);
}

/**
 * mlu_uses_leave() - let the filters of the probes of a chunk refuse the target
 * @uses: the chunk, in no list that readers see
 *
 * If several targets end together, all of them leave before the first mlu_uses_end(): a probe that
 * has no use any more is then unregistered once, instead of being removed from each process.
 *
 * Context: The worker. Does not sleep.
 */
void mlu_uses_leave(struct mlu_uses *uses)
{
	unsigned int i;

	for (i = 0; i < uses->nr; i++)
		mlu_probe_leave(&uses->use[i]);
}

/**
 * mlu_uses_end() - remove the breakpoints of a chunk that has left, the last one first
 * @target: the target
 * @uses: the chunk
 *
 * Context: The worker; may sleep. The caller calls mlu_probe_sync() and synchronize_rcu() before it
 * frees the chunk.
 */
void mlu_uses_end(struct mlu_target *target, struct mlu_uses *uses)
{
	bool mm_is_alive = !READ_ONCE(target->end_state);
	unsigned int i;

	for (i = uses->nr; i-- > 0;)
		mlu_probe_unuse(target, &uses->use[i], mm_is_alive);
}

/**
 * mlu_uses_free() - free a chunk that has no uses, or whose uses have ended
 * @uses: the chunk, in no list; may be NULL
 */
void mlu_uses_free(struct mlu_uses *uses)
{
	kvfree(uses);
}

/**
 * mlu_uses_remove() - end the uses of a chunk, wait for their handlers, and free it
 * @target: the target
 * @uses: the chunk; in no list
 *
 * Context: The worker; may sleep.
 */
void mlu_uses_remove(struct mlu_target *target, struct mlu_uses *uses)
{
	mlu_uses_leave(uses);
	mlu_uses_end(target, uses);
	mlu_probe_sync();
	synchronize_rcu();
	mlu_uses_free(uses);
}
