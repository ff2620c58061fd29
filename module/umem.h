/* SPDX-License-Identifier: GPL-2.0-only */
/* umem: read a target's memory. */
#ifndef MLU_UMEM_H
#define MLU_UMEM_H

#include <linux/types.h>
#include <linux/uaccess.h>

#include "compat.h"

struct mm_struct;

unsigned long mlu_umem_return_address(bool at_return, unsigned long slot, unsigned long value);
u64 mlu_umem_stack_limit(struct mm_struct *mm, unsigned long sp);

/* The bytes of a string that are counted. */
#define MLU_STRING_MAX (1024 * 1024UL)

unsigned long mlu_umem_string_size(unsigned long addr);

/**
 * mlu_umem_read() - read a word of the target's memory
 * @addr: its address
 * @value: the word
 *
 * Context: The target's task; does not sleep.
 * Return: false if the memory is not mapped or not present.
 */
static inline bool mlu_umem_read(unsigned long addr, unsigned long *value)
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

/**
 * mlu_umem_read_return() - read the return address of a call at its entry
 * @slot: where the call has put it; a return probe of another tracer, a few bytes before our
 *	breakpoint, may have replaced it already
 * @value: the return address
 *
 * Context: The target's task; does not sleep.
 * Return: false if the slot cannot be read.
 */
static inline bool mlu_umem_read_return(unsigned long slot, unsigned long *value)
{
	if (!mlu_umem_read(slot, value))
		return false;
	if (mlu_return_instances(false))
		*value = mlu_umem_return_address(false, slot, *value);
	return true;
}

#endif /* MLU_UMEM_H */
