// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cache of the frames of recent walks.
 *
 * Most walks go through frames that an earlier walk went through: of the same caller, or of the
 * callers of that. An entry is a frame by its stack pointer and pc. It leads to the entry of its
 * caller's frame, and so on to the outermost frame. A walk that comes to a frame with an entry
 * checks that it would go the same way, which takes some ten instructions per frame, and is done.
 *
 * Proof that a checked entry has the frames that a walk would find now. A walk from a frame is a
 * function of the frame's pc, its stack pointer, its frame pointer, the mappings, the unwind rules
 * and the words of memory that it reads. Other registers are not used: walks that use one, or that
 * pass a signal frame, are not added (is_regular).
 *  - pc and stack pointer are compared at the start, and follow for each further frame: the rule of
 *    the frame gives the place of the return address, the word there is read again and is equal
 *    to the caller's pc.
 *  - The frame pointer is compared at the start if any frame from there on needs it. If a frame
 *    saves it and the frames outside of it need it, the saved word is read again and is equal.
 *  - The mappings are those of the same maps->clock, which is part of the version; so are the
 *    objects of the mappings. Their rules are read once and never change; walks that ended because
 *    they had not been read are not added.
 *  - Code without a rule may be a signal's return code: the word at the pc is read again, unless it
 *    is the code of a file, which is taken to be constant.
 *  - The end of the stack's mapping, which bounds frame pointers, is not looked up again: the words
 *    behind the frame pointer are read again and are equal, so the memory is still a stack.
 *  - Return addresses that a return probe has replaced are not known to the cache: it is not used
 *    while the thread has a pending return probe.
 * An entry may be replaced while others lead to it: these have its old serial number.
 *
 * Context: Called from handlers. Does not sleep, but for init and exit. The target's memory is read
 * with page faults off; a page that is not present is like a word that has changed.
 * Locking: None: a CPU uses its own cache only, with preemption disabled.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "counters.h"
#include "unwind.h"
#include "walk_cache.h"

DEFINE_PER_CPU(struct mlu_walk_cache *, mlu_walk_caches);

/**
 * mlu_walk_cache_init() - allocate the caches of all CPUs that are online
 *
 * CPUs that come online later walk without a cache.
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int mlu_walk_cache_init(void)
{
	struct mlu_walk_cache *cache;
	int cpu;

	for_each_online_cpu(cpu) {
		cache = kvzalloc_node(sizeof(*cache), GFP_KERNEL, cpu_to_node(cpu));
		if (!cache) {
			mlu_walk_cache_exit();
			return -ENOMEM;
		}
		per_cpu(mlu_walk_caches, cpu) = cache;
	}
	return 0;
}

/**
 * mlu_walk_cache_exit() - free the caches
 *
 * No handler runs any more.
 */
void mlu_walk_cache_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(mlu_walk_caches, cpu));
		per_cpu(mlu_walk_caches, cpu) = NULL;
	}
}

/**
 * mlu_walk_cache_is_linked() - check that all outer frames of an entry are still in the cache
 * @f: the entry
 * @serial: the cache's serial number: if it is the same next time, nothing has been replaced
 *
 * Context: Preemption is disabled.
 * Return: true if they are.
 */
bool mlu_walk_cache_is_linked(struct mlu_cached_frame *f, u32 serial)
{
	struct mlu_cached_frame *at;

	for (at = f; at->up; at = at->up)
		if (at->up->serial != at->up_serial)
			return false;
	f->linked_at = serial;
	return true;
}

/**
 * mlu_cached_frame_changed() - check all words that the walk from a frame on has read
 * @f: the frame, which is linked
 *
 * Context: The target's task. Preemption is disabled.
 * Return: NULL if they are unchanged, or the frame where a word has changed or cannot be read.
 */
const struct mlu_cached_frame *mlu_cached_frame_changed(const struct mlu_cached_frame *f)
{
	u64 word;

	pagefault_disable();
	if (!user_access_begin((void __user *)0, f->end))
		goto out;
	for (;; f = f->up) {
		if (f->checks) {
			if (f->checks & MLU_CHECK_WORD) {
				unsafe_get_user(word, (u64 __user *)f->word_at, changed);
				if (word != f->word)
					goto changed;
			}
			if (f->checks & (MLU_CHECK_CODE | MLU_CHECK_END)) {
				if (f->checks & MLU_CHECK_CODE) {
					unsafe_get_user(word, (u64 __user *)f->pc, changed);
					if (word != f->code)
						goto changed;
				}
				if (f->checks & MLU_CHECK_END)
					break;
			}
		}
		unsafe_get_user(word, (u64 __user *)f->slot, changed);
		if (word != f->ret)
			goto changed;
	}
	f = NULL;
changed:
	user_access_end();
out:
	pagefault_enable();
	return f;
}

/**
 * mlu_walk_cache_join() - complete a walk by the frames that an earlier one has found
 * @walk: the walk, which has come to the frame
 * @frame: the frame's entry: same version, pc, stack pointer and, if needed, frame pointer
 * @changed_sp: set to the stack pointer of the frame where memory has changed
 *
 * Context: Handler, preemption is disabled. Does not sleep.
 * Return: false if memory has changed.
 */
bool mlu_walk_cache_join(struct mlu_walk *walk, struct mlu_cached_frame *frame, u64 *changed_sp)
{
	const struct mlu_cached_frame *f = mlu_cached_frame_changed(frame);
	struct mlu_trace *trace = &walk->trace;

	if (f) {
		*changed_sp = f->sp;
		return false;
	}
	walk->joined = frame;
	walk->joined_serial = frame->serial;
	walk->nr_by_pointer += frame->nr_by_pointer;
	walk->nr_by_rule += frame->nr - frame->nr_by_pointer;
	trace->outer_hash = frame->hash;
	trace->nr_hashed = frame->nr;
	for (f = frame; f; f = f->up) {
		trace->frames[trace->nr].tagged_pc = f->pc;
		trace->frames[trace->nr++].mapping = f->mapping;
	}
	trace->end = MLU_WALK_END;
	return true;
}

/*
 * Choose the entry to be replaced: one of another version, or the innermost of its walk, since
 * others lead to the outer ones. Entries of the walk that is being added stay.
 */
static struct mlu_cached_frame *choose_entry(struct mlu_walk_cache *cache, u64 version, u64 sp,
					     u64 pc, const struct mlu_cached_frame *up)
{
	struct mlu_cached_frame *f = mlu_cached_frames(cache, sp, pc), *chosen = f;
	unsigned int i;

	for (i = 0; i < MLU_CACHE_WAYS; i++, f++) {
		if (f->version != version || (f->sp == sp && f->pc == pc))
			return f;
		if (f->nr > chosen->nr)
			chosen = f;
	}
	/* An entry that led to itself would never end. */
	return chosen->walk == cache->walk || chosen == up ? NULL : chosen;
}

/* Fill in what is to be checked, and what the frames from here on need. */
static void fill_frame(struct mlu_cached_frame *f, struct mlu_cached_frame *up,
		       const struct mlu_step *step)
{
	bool up_needs_fp = up && up->needs_fp;

	f->up = up;
	f->up_serial = up ? up->serial : 0;
	f->linked_at = 0;
	f->slot = up ? up->sp + MLU_CFI_RA_OFFSET : 0;
	f->ret = up ? up->pc : 0;
	f->nr = up ? up->nr + 1 : 1;
	f->nr_by_pointer = (up ? up->nr_by_pointer : 0) + step->by_pointer;
	f->end = up ? max(up->end, up->sp) : 0;
	f->checks = up ? 0 : MLU_CHECK_END;
	if (up_needs_fp && step->saves_fp) {
		f->checks |= MLU_CHECK_WORD;
		f->word_at = step->fp_slot;
		f->word = up->fp;
		f->end = max_t(u64, f->end, f->word_at + sizeof(f->word));
	}
	if (step->checks_code) {
		f->checks |= MLU_CHECK_CODE;
		f->code = step->code;
		f->end = max_t(u64, f->end, f->pc + sizeof(f->code));
	}
	f->needs_fp = step->uses_fp || (up_needs_fp && !step->saves_fp);
	f->fp = step->uses_fp ? step->fp : up_needs_fp ? up->fp : 0;
}

/**
 * mlu_walk_cache_add() - add the frames of a walk that is complete and regular
 * @walk: the walk
 * @epoch: id of the epoch
 * @stack: the stored stack, not a placeholder
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_walk_cache_add(struct mlu_walk *walk, u64 epoch, struct mlu_stack *stack)
{
	struct mlu_walk_cache *cache = mlu_walk_cache_get();
	const struct mlu_trace *trace = &walk->trace;
	struct mlu_cached_frame *up = walk->joined, *f = up;
	unsigned int i;

	/* The task may have migrated since, and another one may have replaced the entry. */
	if (!cache || cache != walk->cache || (up && up->serial != walk->joined_serial))
		goto out;
	cache->walk++;
	for (i = trace->nr - trace->nr_hashed; i-- > 0; up = f) {
		f = choose_entry(cache, walk->version, walk->steps[i].sp,
				 trace->frames[i].tagged_pc, up);
		if (!f)
			goto out;
		f->version = walk->version;
		f->sp = walk->steps[i].sp;
		f->pc = trace->frames[i].tagged_pc;
		f->mapping = trace->frames[i].mapping;
		f->hash = mlu_stack_hash(up ? up->hash : 0, f->pc, f->mapping);
		f->serial = ++cache->serial;
		f->walk = cache->walk;
		f->stack = NULL;
		fill_frame(f, up, &walk->steps[i]);
	}
	f->stack = stack;
	f->epoch = epoch;
	f->kind = trace->kind;
out:
	mlu_walk_cache_put();
}
