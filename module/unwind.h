/* SPDX-License-Identifier: GPL-2.0-only */
/* Unwind a user stack: from registers to frames, and why the walk ended. */
#ifndef MLU_UNWIND_H
#define MLU_UNWIND_H

#include "counters.h"
#include "lib/frame.h"
#include "maps.h"
#include "rules.h"
#include "stacks.h"

/* Where a walk starts. */
struct mlu_unwind_start {
	struct mlu_registers registers; /* the caller's, as of the call's return */
	bool at_return;			/* in a return handler */
};

/* The copy of a stack, to be walked later by another task. */
struct mlu_stack_copy {
	struct mlu_memory memory;
	u64 limit; /* end of the stack's mapping */
	u64 first; /* start of the process's stack */
	u32 time;  /* of the copy, by the maps' clock */
};

/* A buffer for one walk, and its result. Too large for the kernel's stack. */
struct mlu_walk {
	struct mlu_trace trace;
	bool pending; /* ended as unread: the unwind data is being read */
	u16 nr_by_rule;
	u16 nr_by_pointer;
	u16 nr_by_signal;
	struct mlu_rules_scratch scratch;
};

/* Whether the stack leads from an inner call to an outer one. */
enum mlu_reach {
	MLU_REACH_NO,
	MLU_REACH_YES,
	MLU_REACH_UNKNOWN, /* the stack cannot be walked far enough */
};

int mlu_unwind_init(void);
void mlu_unwind_exit(void);

struct mlu_walk *mlu_walk_get(void);
void mlu_walk_put(struct mlu_walk *walk);

void mlu_unwind(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		const struct mlu_unwind_start *start, unsigned int depth, struct mlu_walk *walk);
enum mlu_reach mlu_unwind_reaches(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
				  const struct mlu_unwind_start *start, unsigned long slot,
				  struct mlu_walk *walk);
void mlu_unwind_copy(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		     const struct mlu_registers *registers, const struct mlu_stack_copy *copy,
		     unsigned int depth, struct mlu_walk *walk);
void mlu_unwind_count(struct mlu_counters __percpu *counters, const struct mlu_walk *walk);

#endif /* MLU_UNWIND_H */
