// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that change a target's address space.
 *
 *   call      what its return does                            what the mmu notifier does before
 *   mmap      an address: insert a record                     MAP_FIXED: cut what was there
 *   munmap    (no probe)                                      cut
 *   mremap    move the taken records; extend the last one,    take the records of the old place;
 *             or insert one for what was added; copy          a smaller size: cut the rest
 *             (MREMAP_DONTUNMAP, or an old size of 0)
 *   shmat     an address: insert a record                     SHM_REMAP: cut what was there
 *   shmdt     (no probe)                                      cut
 *   brk, sbrk more: insert a record; less: cut bytes          less: cut whole pages
 *
 * What counts is address space: whole pages, but for the break, which is counted in bytes. What is
 * unmapped is seen whatever unmaps it, also a system call that is made without libc. The kernel
 * tells so under mmap_lock, before another thread can map the same addresses, and therefore before
 * that thread's call returns and inserts its record.
 *
 * mremap is the exception: the kernel says that the old addresses are unmapped when it moves the
 * page tables, also with MREMAP_DONTUNMAP, and again when it unmaps them. The notifier recognizes
 * the system call by current's registers. The records are taken by the call in flight, if it is one
 * that is followed; the system call alone removes them, as their new place is not seen.
 *
 * Context: Called from uprobe handlers and the mmu notifier, in the target's context, within
 * rcu_read_lock(), unless said otherwise. Does not sleep or fault. The notifier does not allocate.
 * Locking: A call in flight is used by its own thread only. ranges->lock protects the records.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "arch.h"
#include "events_internal.h"
#include "lib/prototypes.h"
#include "mappings.h"
#include "mremap.h"

/* How often mmap_lock is tried: for some microseconds. */
#define LOCK_TRIES 1000

/* The size of a huge page, if its flags name none. */
#define HUGE_PAGE (2UL * 1024 * 1024)

/**
 * mlu_mappings_read_call() - fill in what only calls of this file have, at their entry
 * @call: the call; its prototype and its size are set
 * @regs: the registers at its entry
 *
 * Context: Handler. Does not sleep.
 */
void mlu_mappings_read_call(struct mlu_call *call, const struct pt_regs *regs)
{
	call->kind = MLU_KIND_MMAP;
	call->old_size = 0;
	switch (call->proto->type) {
	case MLU_CALL_MREMAP:
		call->arg = mlu_arch_arg(regs, 0);
		call->old_size = mlu_arch_arg(regs, 1);
		fallthrough;
	case MLU_CALL_MMAP:
		call->flags = mlu_arch_arg(regs, 3);
		if (call->proto->type == MLU_CALL_MMAP && call->flags & MAP_STACK)
			call->kind = MLU_KIND_STACK;
		break;
	case MLU_CALL_SHMAT:
		call->kind = MLU_KIND_SHM;
		call->size = 0;
		break;
	default:
		call->kind = MLU_KIND_BRK;
		call->arg = READ_ONCE(current->mm->brk);
	}
}

/* A result may be anything, if the program has not called the function as the ABI defines it. */
static bool is_user_range(u64 start, u64 size)
{
	return size && start < TASK_SIZE_MAX && size <= TASK_SIZE_MAX - start;
}

/* Return: a new record, or NULL, which is counted. */
static noinline struct mlu_mapped *new_record(struct mlu_epoch *epoch)
{
	struct mlu_mapped *mapped = mlu_mapped_new();

	if (!IS_ERR(mapped))
		return mapped;
	mlu_event_count_failure(epoch, PTR_ERR(mapped));
	return NULL;
}

/* Record address space that the call has added. @requested: the size that min= and others mean. */
static noinline void record_new(struct mlu_target *target, struct mlu_epoch *epoch,
				struct mlu_call *call, const struct pt_regs *regs, u64 start,
				u64 size, u64 requested)
{
	struct mlu_stack *stack = call->stack;
	struct mlu_mapped *mapped;

	if (call->lost)
		return;
	/* Not decided at its entry. */
	if (call->nested || mlu_prototype_is_late(call->proto))
		call->skip = mlu_target_skip(target, requested);
	if (call->skip) {
		mlu_event_count_skipped(epoch, call->skip);
		return;
	}
	if (!is_user_range(start, size)) {
		mlu_count(epoch->counters, uncertain);
		return;
	}
	if (!stack || call->epoch != epoch->id)
		stack = mlu_event_walk_at_return(target, epoch, call, regs);
	mapped = stack ? new_record(epoch) : NULL;
	if (!mapped)
		return;
	mapped->alloc.addr = start;
	mapped->alloc.size = size;
	mapped->alloc.time = jiffies;
	mapped->alloc.stack = stack;
	mapped->alloc.tid = current->pid;
	mapped->sampled = requested;
	mlu_epoch_map(epoch, mapped);
}

static void count_failed(struct mlu_epoch *epoch, const struct mlu_call *call)
{
	if (!call->lost)
		mlu_count(epoch->counters, failed);
}

/* The kernel maps whole pages, or whole huge pages. */
static u64 mapped_size(const struct mlu_call *call)
{
	unsigned int shift;
	u64 page = PAGE_SIZE;

	if (call->flags & MAP_HUGETLB) {
		shift = (call->flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
		page = shift ? 1ULL << shift : HUGE_PAGE;
	}
	return ALIGN((u64)call->size, page);
}

static void settle_mmap(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			const struct pt_regs *regs)
{
	unsigned long start = mlu_arch_result(regs);

	if (IS_ERR_VALUE(start))
		count_failed(epoch, call);
	else
		record_new(target, epoch, call, regs, start, mapped_size(call), call->size);
}

/* Return: the size of the mapping that starts there; 0 if mmap_lock could not be taken. */
static u64 size_of_mapping(struct mm_struct *mm, unsigned long start)
{
	struct vm_area_struct *vma;
	unsigned int tries = LOCK_TRIES;
	u64 size = PAGE_SIZE;

	while (!mmap_read_trylock(mm)) {
		if (!--tries)
			return 0;
		cpu_relax();
	}
	vma = find_vma(mm, start);
	if (vma && vma->vm_start == start)
		size = vma->vm_end - start;
	mmap_read_unlock(mm);
	return size;
}

static void settle_shmat(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			 const struct pt_regs *regs)
{
	unsigned long start = mlu_arch_result(regs);
	u64 size;

	if (IS_ERR_VALUE(start)) {
		count_failed(epoch, call);
		return;
	}
	size = size_of_mapping(target->mm, start);
	if (size)
		record_new(target, epoch, call, regs, start, size, size);
	else if (!call->lost)
		mlu_count(epoch->counters, lost_busy);
}

static void settle_break(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			 const struct pt_regs *regs, unsigned long old, unsigned long new)
{
	if (new > old)
		record_new(target, epoch, call, regs, old, new - old, new - old);
	else if (new < old)
		mlu_epoch_unmap(epoch, new, old);
}

static void settle_brk(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
		       const struct pt_regs *regs)
{
	unsigned long old = call->arg, new = call->size;

	if (mlu_arch_result_int(regs))
		count_failed(epoch, call);
	else if (new >= READ_ONCE(target->mm->start_brk))
		/* The kernel ignores others: brk(0) only asks. */
		settle_break(target, epoch, call, regs, old, new);
}

static void settle_sbrk(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			const struct pt_regs *regs)
{
	unsigned long old = mlu_arch_result(regs);

	if (IS_ERR_VALUE(old))
		count_failed(epoch, call);
	else
		settle_break(target, epoch, call, regs, old, old + call->size);
}

/* Return: false if there is nothing to copy. */
static noinline bool copy_records(struct mlu_epoch *epoch, u64 from, u64 size, u64 to)
{
	u64 at = from, end = from + size;
	struct mlu_mapped *copy = NULL;
	bool found = false;

	for (;;) {
		if (!copy)
			copy = new_record(epoch);
		if (!copy)
			return true;
		if (!mlu_ranges_copy(&epoch->ranges, &at, end, copy))
			break;
		copy->alloc.addr += to - from;
		mlu_epoch_map(epoch, copy);
		copy = NULL;
		found = true;
	}
	mlu_mapped_free(copy);
	return found;
}

/* The mapping @from stays, and there is a copy of it, or another mapping of the same pages. */
static void settle_copy(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			const struct pt_regs *regs, u64 to)
{
	u64 size = PAGE_ALIGN((u64)call->size);

	if (READ_ONCE(target->frozen))
		mlu_count(epoch->counters, frozen);
	else if (!copy_records(epoch, call->arg, size, to))
		record_new(target, epoch, call, regs, to, size, size);
}

static void settle_move(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			const struct pt_regs *regs, u64 to)
{
	u64 old_size = PAGE_ALIGN((u64)call->old_size), new_size = PAGE_ALIGN((u64)call->size);
	u64 added = new_size > old_size ? new_size - old_size : 0;
	unsigned int moved;
	bool extended;

	moved = mlu_ranges_move(&epoch->ranges, call->arg, call->arg + old_size, call, to);
	extended = added && mlu_ranges_extend(&epoch->ranges, to + old_size, added);
	if (moved || extended)
		mlu_count(epoch->counters, reallocated);
	if (added && !extended)
		record_new(target, epoch, call, regs, to + old_size, added, added);
}

static void settle_mremap(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			  const struct pt_regs *regs)
{
	u64 to = mlu_arch_result(regs), end = call->arg + PAGE_ALIGN((u64)call->old_size);
	bool failed = IS_ERR_VALUE((unsigned long)to);

	if (failed)
		count_failed(epoch, call);
	else if (!is_user_range(to, call->size) || !is_user_range(call->arg, call->old_size + 1))
		mlu_count(epoch->counters, uncertain);
	else if (!call->old_size || call->flags & MREMAP_DONTUNMAP)
		settle_copy(target, epoch, call, regs, to);
	else
		settle_move(target, epoch, call, regs, to);
	/* Records that are still taken were not moved. */
	if (failed)
		mlu_ranges_restore(&epoch->ranges, call->arg, end, call);
	else
		mlu_ranges_drop(&epoch->ranges, call->arg, end, call);
}

/**
 * mlu_mappings_settle() - handle the return of an outermost call that maps
 * @target: current's target
 * @epoch: its epoch
 * @call: the call, which is not in flight any more
 * @regs: the registers at its return
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_mappings_settle(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			 const struct pt_regs *regs)
{
	switch (call->proto->type) {
	case MLU_CALL_MMAP:
		settle_mmap(target, epoch, call, regs);
		break;
	case MLU_CALL_MREMAP:
		settle_mremap(target, epoch, call, regs);
		break;
	case MLU_CALL_SHMAT:
		settle_shmat(target, epoch, call, regs);
		break;
	case MLU_CALL_BRK:
		settle_brk(target, epoch, call, regs);
		break;
	default:
		settle_sbrk(target, epoch, call, regs);
	}
}

/* Return: current's call in flight that executes the system call, or NULL. */
static const struct mlu_call *call_of_mremap(struct mlu_target *target,
					     const struct mlu_mremap *mremap)
{
	const struct mlu_call *call = mlu_inflight_top(target->inflight);

	if (!call || call->proto->type != MLU_CALL_MREMAP || call->nested || call->unseen ||
	    call->task_start != current->start_time || call->arg != mremap->from ||
	    call->old_size != mremap->old_size || call->size != mremap->new_size ||
	    call->flags != mremap->flags)
		return NULL;
	return call;
}

/* mremap says that its old range, or a part of it, is unmapped. What it gives up is unmapped. */
static void unmap_moved(struct mlu_target *target, struct mlu_epoch *epoch, u64 start, u64 end,
			const struct mlu_mremap *mremap)
{
	u64 kept = PAGE_ALIGN((u64)min(mremap->old_size, mremap->new_size));
	u64 middle = clamp(mremap->from + kept, start, end);
	const struct mlu_call *call;

	if (mremap->flags & MREMAP_DONTUNMAP)
		return;
	call = call_of_mremap(target, mremap);
	if (call)
		mlu_epoch_take(epoch, start, middle, call);
	else
		mlu_epoch_unmap(epoch, start, middle);
	mlu_epoch_unmap(epoch, middle, end);
}

/**
 * mlu_mappings_unmap() - handle what the mmu notifier says of a target
 * @target: the target
 * @start: the first address that is unmapped
 * @end: the address behind the last one
 *
 * Context: mmu notifier, within rcu_read_lock(), while the gate is open. Neither sleeps nor
 * allocates.
 */
void mlu_mappings_unmap(struct mlu_target *target, unsigned long start, unsigned long end)
{
	struct mlu_epoch *epoch = rcu_dereference(target->epoch);
	struct mlu_mremap mremap;

	if (mlu_is_in_mremap(&mremap) && start >= mremap.from &&
	    end <= mremap.from + PAGE_ALIGN(mremap.old_size))
		unmap_moved(target, epoch, start, end, &mremap);
	else
		mlu_epoch_unmap(epoch, start, end);
}

/**
 * mlu_mappings_recheck() - cut the records of what was unmapped while there was no notifier
 * @target: the target, which has its notifier now
 * @mm: its mm; the caller holds a reference on its users
 *
 * Context: Worker. May sleep. Takes and releases mmap_lock, under which nothing is unmapped.
 */
void mlu_mappings_recheck(struct mlu_target *target, struct mm_struct *mm)
{
	struct mlu_epoch *epoch = mlu_target_epoch_get(target);
	struct vm_area_struct *vma;
	unsigned long end = 0;

	mmap_read_lock(mm);
	for (vma = find_vma(mm, 0); vma && !mlu_ranges_is_empty(&epoch->ranges);
	     vma = find_vma(mm, vma->vm_end)) {
		mlu_epoch_unmap(epoch, end, vma->vm_start);
		end = vma->vm_end;
	}
	if (!vma)
		mlu_epoch_unmap(epoch, end, TASK_SIZE_MAX);
	mmap_read_unlock(mm);
	mlu_epoch_put(epoch);
}
