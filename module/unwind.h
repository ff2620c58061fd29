/* SPDX-License-Identifier: GPL-2.0-only */
/* Unwind a user stack: from registers to frames, and why the walk ended. */
#ifndef MLU_UNWIND_H
#define MLU_UNWIND_H

#include "counters.h"
#include "lib/frame.h"
#include "maps.h"
#include "rules.h"
#include "stacks.h"
#include "walk_cache.h"

/**
 * struct mlu_unwind_start - where a walk starts
 * @registers: the caller's registers, as of the call's return
 * @at_return: called from a return handler
 */
struct mlu_unwind_start {
	struct mlu_registers registers;
	bool at_return;
};

/**
 * struct mlu_stack_copy - the copy of a stack, to be walked later by another task
 * @memory: the copy
 * @limit: end of the stack's mapping
 * @first: start of the process's stack
 * @time: when it was made, by the maps' clock
 */
struct mlu_stack_copy {
	struct mlu_memory memory;
	u64 limit;
	u64 first;
	u32 time;
};

/**
 * struct mlu_walk - a buffer for one walk, and its result
 * @trace: the frames, and how the walk ended
 * @pending: ended as unread: the unwind data is being read
 * @is_regular: @steps describes all frames so far: the walk can be added to the cache
 * @nr_by_rule: frames that were left by an unwind rule
 * @nr_by_pointer: frames that were left by the frame pointer
 * @nr_by_signal: frames that were left by what a signal saved
 * @version: mlu_maps_version() when the walk began
 * @cache: the cache that was used, or NULL
 * @joined: the entry that completed the walk, or NULL
 * @joined_serial: its serial number then
 * @steps: how each frame was left, without those of @joined
 * @scratch: for looking up rules
 *
 * Too large for the kernel's stack.
 */
struct mlu_walk {
	struct mlu_trace trace;
	bool pending;
	bool is_regular;
	u16 nr_by_rule;
	u16 nr_by_pointer;
	u16 nr_by_signal;
	u64 version;
	struct mlu_walk_cache *cache;
	struct mlu_cached_frame *joined;
	u32 joined_serial;
	struct mlu_step steps[MLU_MAX_DEPTH];
	struct mlu_rules_scratch scratch;
};

/* Whether the stack leads from an inner call to an outer one. */
enum mlu_reach {
	MLU_REACH_NO,
	MLU_REACH_YES,
	MLU_REACH_UNKNOWN, /* the stack cannot be walked far enough */
};

int mlu_unwind_init(bool cache);
void mlu_unwind_exit(void);

struct mlu_walk *mlu_walk_get(void);
void mlu_walk_put(struct mlu_walk *walk);

void mlu_unwind(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		const struct mlu_unwind_start *start, unsigned int depth, struct mlu_walk *walk);
bool mlu_unwind_fast(struct mlu_maps *maps, unsigned int depth, struct mlu_registers *regs,
		     struct mlu_walk *walk);
enum mlu_reach mlu_unwind_reaches(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
				  const struct mlu_unwind_start *start, unsigned long slot,
				  struct mlu_walk *walk);
void mlu_unwind_copy(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		     const struct mlu_registers *registers, const struct mlu_stack_copy *copy,
		     unsigned int depth, struct mlu_walk *walk);
void mlu_unwind_count(struct mlu_counters __percpu *counters, const struct mlu_walk *walk);

#endif /* MLU_UNWIND_H */
