// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk a user stack in a handler.
 *
 * The first frame is exact: the return address that the call pushed.  From there the walk follows
 * frame pointers (System V ABI, AMD64 supplement, 3.2.2: a frame's saved rbp lies at rbp, its
 * return address above it), as long as they prove sane: aligned, rising, readable, and the
 * return address in executable memory.  A register that holds something else ends the walk, or, if
 * it happens to point at what looks like a frame, gives a wrong one: frame pointers cannot do
 * better.
 *
 * Entered from handlers, in the target's own context, within rcu_read_lock().  User memory is read
 * with page faults off; a page that is not there ends the walk.
 */
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>

#include "compat.h"
#include "unwind.h"

/*
 * mlu_read_user() - a word of the target's memory; false: it is not there just now
 *
 * Through the stack: hardened usercopy refuses objects of our caches.
 */
bool mlu_read_user(unsigned long addr, unsigned long *value)
{
	unsigned long word;

	if (copy_from_user_nofault(&word, (void __user *)addr, sizeof(word)))
		return false;
	*value = word;
	return true;
}

/*
 * The return address that belongs into @slot, where @value was read.  A return probe, ours or
 * another tracer's, has put its trampoline there and the address into the task's list of return
 * instances, which only the task itself changes.
 */
static unsigned long unhijacked(bool at_return, unsigned long slot, unsigned long value)
{
	const struct return_instance *ri = mlu_return_instances(at_return);

	for (; ri; ri = ri->next)
		if (ri->stack == slot)
			return ri->orig_ret_vaddr;
	return value;
}

/*
 * mlu_read_return() - the return address of a call, at its entry
 * @slot: where the call put it; another tracer's return probe, a few bytes before our breakpoint,
 *	may have been faster
 */
bool mlu_read_return(unsigned long slot, unsigned long *value)
{
	if (!mlu_read_user(slot, value))
		return false;
	*value = unhijacked(false, slot, *value);
	return true;
}

/* Look up @pc and append it; false if it is no return address. */
static bool append(struct mlu_maps *maps, struct mlu_counters __percpu *counters, unsigned long pc,
		   struct mlu_trace *trace)
{
	struct mlu_mapping *mapping = mlu_maps_find(maps, pc);
	bool no_code = false;

	if (!mapping)
		mapping = mlu_maps_learn(maps, current->mm, pc, &no_code);
	if (no_code)
		return false;
	if (!mapping)
		mlu_count(counters, unknown_mapping);
	trace->frames[trace->nr].pc = pc;
	trace->frames[trace->nr].mapping = mapping;
	trace->nr++;
	return true;
}

static enum mlu_walk_end walk(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
			      const struct mlu_unwind_start *start, unsigned int depth,
			      struct mlu_trace *trace)
{
	unsigned long pc = start->pc, fp = start->fp, lowest = start->sp;
	unsigned long frame[2];

	for (;;) {
		if (!append(maps, counters, pc, trace))
			return MLU_WALK_PC;
		if (!fp)
			return MLU_WALK_END;
		if (trace->nr == depth)
			return MLU_WALK_DEPTH;
		if (fp < lowest || fp % sizeof(long))
			return MLU_WALK_FRAME_POINTER;
		if (copy_from_user_nofault(frame, (void __user *)fp, sizeof(frame)))
			return MLU_WALK_FAULT;
		pc = unhijacked(start->at_return, fp + sizeof(long), frame[1]);
		lowest = fp + sizeof(frame);
		fp = frame[0];
	}
}

/*
 * mlu_unwind() - walk the stack from a call to an allocator
 * @depth: frames at most, 1 to MLU_MAX_DEPTH
 * @trace: filled in but for its kind and hash
 */
void mlu_unwind(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		const struct mlu_unwind_start *start, unsigned int depth, struct mlu_trace *trace)
{
	trace->nr = 0;
	trace->end = walk(maps, counters, start, depth, trace);
	mlu_count_by(counters, MLU_COUNT_walk_end + trace->end);
}
