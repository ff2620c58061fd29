// SPDX-License-Identifier: GPL-2.0-only
/*
 * What calls free: free at once, realloc and munmap when they return and have done so.
 *
 * A free that finds no record is the program's own, of what was allocated before the attach or was
 * lost, or an allocator's, of something that is not a block of the program: the wrapped free of a
 * wrapper, for one.
 *
 * Entered from uprobe handlers, in the target's context, within rcu_read_lock(); nothing here
 * sleeps, faults or waits.
 */
#include <linux/mm.h>

#include "arch.h"
#include "calls.h"
#include "frees.h"

/* munmap of a part of a mapping, or of more than one: the record stays as it is. */
static bool covers(const struct mlu_call *call, const struct mlu_alloc *alloc)
{
	return call->proto->type != MLU_CALL_MUNMAP ||
	       PAGE_ALIGN((u64)call->size) >= PAGE_ALIGN(alloc->size);
}

/* mlu_frees_take() - a call that may free @addr begins: its record is the call's until it ends */
void mlu_frees_take(struct mlu_epoch *epoch, struct mlu_call *call, unsigned long addr)
{
	bool maps = mlu_prototype_is_mapping(call->proto);
	struct mlu_allocs *table = mlu_epoch_table(epoch, maps);
	struct mlu_alloc *alloc = addr ? mlu_allocs_take(table, addr) : NULL;

	if (alloc && !covers(call, alloc)) {
		mlu_epoch_restore(epoch, table, alloc);
		call->partial = true;
	} else if (alloc) {
		call->taken = alloc;
	} else if (addr) {
		call->partial = maps && mlu_ranges_overlap(&epoch->ranges, addr, call->size);
		call->unknown = !call->partial;
	}
}

/* Was the block that the call took freed by it? */
static bool is_freed(const struct mlu_call *call, const struct pt_regs *regs, unsigned long block)
{
	if (call->proto->type == MLU_CALL_MUNMAP)
		return !mlu_arch_result_int(regs);
	return block || !call->size;
}

/*
 * mlu_frees_settle() - a call that may have freed something has returned
 * @block: what it has given, or 0
 */
void mlu_frees_settle(struct mlu_epoch *epoch, const struct mlu_call *call,
		      const struct pt_regs *regs, unsigned long block)
{
	struct mlu_allocs *table = mlu_epoch_table(epoch, mlu_prototype_is_mapping(call->proto));
	bool freed = is_freed(call, regs, block);

	if (call->partial && freed)
		mlu_count(epoch->counters, partial_unmap);
	if (call->unknown && freed)
		mlu_count(epoch->counters, unknown_free);
	if (!call->taken)
		return;
	if (!freed) {
		mlu_epoch_restore(epoch, table, call->taken);
		return;
	}
	mlu_allocs_drop(table, call->taken);
	mlu_epoch_forget(epoch, call->taken);
	if (block)
		mlu_count(epoch->counters, reallocated);
}

/**
 * mlu_frees_at_once() - free is being called
 * @epoch: the target's
 * @addr: the block
 *
 * Context: handler, within rcu_read_lock(); does not sleep.
 * Return: false if the block is not recorded.
 */
bool mlu_frees_at_once(struct mlu_epoch *epoch, unsigned long addr)
{
	struct mlu_alloc *alloc = mlu_allocs_remove(&epoch->heap, addr);

	if (alloc)
		mlu_epoch_forget(epoch, alloc);
	return alloc;
}
