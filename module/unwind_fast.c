// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk frames with few instructions: those whose rule is known and simple.
 *
 * The rule of nearly each frame gives the CFA as the stack pointer or the frame pointer plus a
 * constant, and the return address lies below it. Such frames need no other register, so only these
 * two are followed. All words are read within one user_access_begin(). Any other frame is left to
 * unwind.c, which continues with the registers that are known here.
 *
 * Context: Called from handlers, at the entry of a call, within rcu_read_lock(). Does not sleep.
 * Page faults are off: a page that is not present is left to unwind.c, too. Takes no locks.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "dso.h"
#include "unwind.h"

/* The part of the stack that is read: further out it is left to unwind.c. */
#define WINDOW (1UL << 20)

/*
 * Set @value to the word at @addr, within user_access_begin(@base, @size). The mask keeps the CPU
 * from reading elsewhere speculatively.
 */
#define read_in_window(value, addr, base, size, label)                                      \
	do {                                                                                \
		unsigned long read_offset = (addr) - (base);                                \
                                                                                            \
		if (read_offset > (size) - sizeof(u64))                                     \
			goto label;                                                         \
		read_offset = array_index_nospec(read_offset, (size) - sizeof(u64) + 1);    \
		unsafe_get_user(value, (u64 __user *)((base) + read_offset), label);        \
	} while (0)

/**
 * mlu_unwind_fast() - walk as many frames as have simple rules, and join an earlier walk
 * @maps: the mappings of current's target
 * @depth: the largest number of frames
 * @regs: the registers of the first frame, then those of the first frame that was not walked: pc,
 *	stack pointer and frame pointer
 * @walk: the frames are appended to its trace
 *
 * Return: true if the walk is complete: it has ended at the outermost frame.
 */
bool mlu_unwind_fast(struct mlu_maps *maps, unsigned int depth, struct mlu_registers *regs,
		     struct mlu_walk *walk)
{
	struct mlu_trace *trace = &walk->trace;
	const unsigned int first = trace->nr;
	const u64 base = regs->value[MLU_CFI_SP];
	u64 pc = regs->pc, sp = base, fp = regs->value[MLU_CFI_FP];
	bool fp_known = regs->known & BIT(MLU_CFI_FP), fp_saved = regs->saved & BIT(MLU_CFI_FP);
	u64 size, changed_sp = 0, start = 0, len = 0, bias = 0;
	const struct mlu_rules *rules = NULL;
	struct mlu_mapping *mapping = NULL;
	struct mlu_walk_cache *cache;
	struct mlu_cached_frame *cached;
	const struct mlu_rule *rule;
	struct mlu_step *step;
	struct mlu_dso *dso;
	bool is_complete = false;

	if (base >= TASK_SIZE_MAX - WINDOW / 2)
		return false;
	size = min_t(u64, WINDOW, TASK_SIZE_MAX - WINDOW / 4 - base);
	cache = mlu_walk_cache_get();
	walk->cache = cache;
	pagefault_disable();
	if (!user_access_begin((void __user *)base, size))
		goto out_closed;
	while (trace->nr + 1 < depth) {
		u64 cfa, next;

		step = &walk->steps[trace->nr];
		step->sp = sp;
		step->uses_fp = false;
		step->saves_fp = false;
		step->by_pointer = false;
		step->checks_code = false;
		cached = cache && sp > changed_sp ?
				 mlu_cached_frame_find(cache, walk->version, sp, pc) :
				 NULL;
		if (cached && cached->nr <= depth - trace->nr &&
		    mlu_cached_frame_is_linked(cache, cached)) {
			if (cached->needs_fp && fp_known && fp_saved) {
				read_in_window(fp, fp, base, size, out);
				fp_saved = false;
			}
			if (!cached->needs_fp || (fp_known && fp == cached->fp)) {
				user_access_end();
				is_complete = mlu_walk_cache_join(walk, cached, &changed_sp);
				if (is_complete ||
				    !user_access_begin((void __user *)base, size))
					goto out_closed;
			}
		}
		if (pc - 1 - start >= len) {
			user_access_end();
			mapping = mlu_maps_find(maps, pc - 1);
			if (!mapping || READ_ONCE(mapping->holes.nr) ||
			    mlu_mapping_rules(mapping, &dso) != MLU_RULES_THERE)
				goto out_closed;
			rules = dso->rules;
			start = mapping->start;
			len = mapping->end - start;
			bias = mapping->offset - start;
			if (!user_access_begin((void __user *)base, size))
				goto out_closed;
		}
		rule = mlu_rules_find(rules, pc - 1 + bias);
		if (!rule || rule->step == MLU_STEP_SLOW)
			break;
		if (rule->step == MLU_STEP_FP) {
			if (!fp_known)
				break;
			if (fp_saved)
				read_in_window(fp, fp, base, size, out);
			fp_saved = false;
			step->uses_fp = true;
			step->fp = fp;
			cfa = fp + (s64)rule->rule.cfa_value;
		} else {
			cfa = sp + (s64)rule->rule.cfa_value;
		}
		is_complete = rule->step == MLU_STEP_END;
		if (!is_complete) {
			read_in_window(next, cfa + MLU_CFI_RA_OFFSET, base, size, out);
			if (!next || (next == pc && cfa == sp))
				break;
			if (rule->saves_fp) {
				fp = cfa + rule->fp_at;
				fp_known = true;
				fp_saved = true;
				step->saves_fp = true;
				step->fp_slot = fp;
			}
		}
		trace->frames[trace->nr].tagged_pc = pc;
		trace->frames[trace->nr++].mapping = mapping;
		walk->nr_by_rule++;
		if (is_complete)
			break;
		pc = next;
		sp = cfa;
	}
out:
	user_access_end();
out_closed:
	pagefault_enable();
	mlu_walk_cache_put();
	if (is_complete)
		trace->end = MLU_WALK_END;
	if (is_complete || trace->nr == first)
		return is_complete;
	regs->pc = pc;
	regs->slot = sp + MLU_CFI_RA_OFFSET;
	regs->interrupted = false;
	regs->value[MLU_CFI_SP] = sp;
	regs->value[MLU_CFI_FP] = fp;
	regs->known = BIT(MLU_CFI_SP) | (fp_known ? BIT(MLU_CFI_FP) : 0);
	regs->saved = fp_saved ? BIT(MLU_CFI_FP) : 0;
	return false;
}
