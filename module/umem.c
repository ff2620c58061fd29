// SPDX-License-Identifier: GPL-2.0-only
/*
 * umem: read a target's stack: the stack of current, or a copy of one.
 *
 * Context: Called from uprobe handlers in the target's context and, for copies, from the work of
 * deferred walks. The target's memory is read with page faults off; nothing here sleeps.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>

#include "compat.h"
#include "lib/frame.h"
#include "umem.h"

/* Assumed size of the stack above sp if its mapping cannot be looked up now. */
#define UNKNOWN_STACK (8UL << 20)

/* Nothing else is mapped in this range below the first stack; x86 leaves at least 128 MiB. */
#define FIRST_STACK (8UL << 20)

static bool is_hole(const struct mlu_memory *memory, u64 addr)
{
	return memory->holes & BIT((addr >> PAGE_SHIFT) - (memory->start >> PAGE_SHIFT));
}

/**
 * mlu_memory_read() - read a word of a stack, see frame.h
 * @memory: a copy of a stack, or the memory of current
 * @addr: address of the word in the target
 * @word: the word
 *
 * Context: The target's task or, for a copy, any; does not sleep.
 * Return: false if the word cannot be read.
 */
bool mlu_memory_read(const struct mlu_memory *memory, u64 addr, u64 *word)
{
	unsigned long value;

	if (!memory->copy) {
		if (!mlu_umem_read(addr, &value))
			return false;
		*word = value;
		return true;
	}
	if (addr < memory->start || addr - memory->start > memory->size ||
	    memory->size - (addr - memory->start) < sizeof(*word) || is_hole(memory, addr) ||
	    is_hole(memory, addr + sizeof(*word) - 1))
		return false;
	memcpy(word, memory->copy + (addr - memory->start), sizeof(*word));
	return true;
}

/**
 * mlu_umem_return_address() - look up the return address that a trampoline has replaced
 * @at_return: called from a return handler, see mlu_return_instances()
 * @slot: address of the slot
 * @value: what was read there
 *
 * A return probe, of this module or another tracer, replaces the address in the slot by that of its
 * trampoline and saves it in the task's list of return instances, which only the task itself
 * changes.
 *
 * Context: The target's task; does not sleep.
 * Return: the return address; @value if it was not replaced.
 */
unsigned long mlu_umem_return_address(bool at_return, unsigned long slot, unsigned long value)
{
	const struct return_instance *ri = mlu_return_instances(at_return);

	for (; ri; ri = ri->next)
		if (ri->stack == slot)
			return ri->orig_ret_vaddr;
	return value;
}

/**
 * mlu_umem_stack_limit() - find the end of a stack
 * @mm: the mm that the stack is in
 * @sp: an address in the stack
 *
 * The process's first stack ends at start_stack, with nothing else mapped for megabytes below.
 * mmap_lock is only tried: its holder may be waiting for a handler to end.
 *
 * Context: Any task context; does not sleep. Tries to take and releases mmap_lock for reading.
 * Return: the end; an assumed one if mmap_lock is taken; 0 if @sp is in no mapping.
 */
u64 mlu_umem_stack_limit(struct mm_struct *mm, unsigned long sp)
{
	struct vm_area_struct *vma;
	u64 limit;

	if (sp < mm->start_stack && mm->start_stack - sp < FIRST_STACK)
		return mm->start_stack;
	if (!mmap_read_trylock(mm))
		return sp + UNKNOWN_STACK;
	vma = find_vma(mm, sp);
	limit = vma && vma->vm_start <= sp ? vma->vm_end : 0;
	mmap_read_unlock(mm);
	return limit;
}

/**
 * mlu_umem_string_size() - the size of a string in the target's memory, with its NUL
 * @addr: the string
 *
 * Context: The target's task; does not sleep.
 * Return: the size; MLU_STRING_MAX if it is larger; the size of the part that is present if not
 * all of it is.
 */
unsigned long mlu_umem_string_size(unsigned long addr)
{
	unsigned long size = 0, n;
	char chunk[64];
	size_t len;

	while (size < MLU_STRING_MAX) {
		/* Never across the end of a page. */
		n = sizeof(chunk) - ((addr + size) & (sizeof(chunk) - 1));
		if (copy_from_user_nofault(chunk, (const void __user *)(addr + size), n))
			break;
		len = strnlen(chunk, n);
		size += len;
		if (len < n)
			return size + 1;
	}
	return min(size, MLU_STRING_MAX);
}
