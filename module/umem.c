// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a target's stack: the stack of current, or a copy of one.
 *
 * Entered from handlers, in the target's context, and, for copies, from the work of deferred walks.
 * The target's memory is read with page faults off; nothing here sleeps.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>

#include "compat.h"
#include "lib/frame.h"
#include "umem.h"

/* What a stack may reach up to where its mapping cannot be looked up just now. */
#define UNKNOWN_STACK (8UL << 20)

/* How far down from a process's first stack nothing else is mapped: x86 leaves 128 MiB at least. */
#define FIRST_STACK (8UL << 20)

/*
 * mlu_umem_read() - a word of the target's memory; false: it is not there just now
 *
 * Context: its own; does not sleep.
 */
bool mlu_umem_read(unsigned long addr, unsigned long *value)
{
	unsigned long word;
	bool failed = true;

	if (!access_ok((void __user *)addr, sizeof(word)))
		return false;
	pagefault_disable();
	failed = __get_user(word, (unsigned long __user *)addr);
	pagefault_enable();
	if (failed)
		return false;
	*value = word;
	return true;
}

static bool is_hole(const struct mlu_memory *memory, u64 addr)
{
	return memory->holes & BIT((addr >> PAGE_SHIFT) - (memory->start >> PAGE_SHIFT));
}

/* The door of frame.h. */
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

/*
 * mlu_umem_return_address() - the return address that belongs into @slot, where @value was read
 *
 * A return probe, ours or another tracer's, has put its trampoline there and the address into the
 * task's list of return instances, which only the task itself changes.
 */
unsigned long mlu_umem_return_address(bool at_return, unsigned long slot, unsigned long value)
{
	const struct return_instance *ri = mlu_return_instances(at_return);

	for (; ri; ri = ri->next)
		if (ri->stack == slot)
			return ri->orig_ret_vaddr;
	return value;
}

/*
 * mlu_umem_read_return() - the return address of a call, at its entry
 * @slot: where the call put it; another tracer's return probe, a few bytes before our breakpoint,
 *	may have been faster
 */
bool mlu_umem_read_return(unsigned long slot, unsigned long *value)
{
	if (!mlu_umem_read(slot, value))
		return false;
	*value = mlu_umem_return_address(false, slot, *value);
	return true;
}

/*
 * mlu_umem_stack_limit() - up to where the stack reaches that @sp is in; 0: it is in no mapping
 *
 * The process's first stack reaches up to where the kernel began it, with nothing else for
 * megabytes below.  mmap_lock is only tried: whoever holds it may wait for a handler to end.
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
