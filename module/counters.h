/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of a target's events, by their outcome.
 *
 * The names are printed by the file stats, and described in docs/ABI/debugfs-memleak_user. Counters
 * are per CPU, so handlers of many threads do not share a cache line. A sum that is read while
 * handlers run may miss the last few events; it is exact when they have ended.
 */
#ifndef MLU_COUNTERS_H
#define MLU_COUNTERS_H

#include <linux/percpu.h>
#include <linux/types.h>

/*
 * The lost_ ones are consecutive: their sum is the number of lost events in a report. filtered,
 * unsampled and frozen have the order of enum mlu_skip.
 */
#define MLU_COUNTERS(X)         \
	X(allocated)            \
	X(freed)                \
	X(reallocated)          \
	X(split)                \
	X(failed)               \
	X(filtered)             \
	X(unsampled)            \
	X(frozen)               \
	X(nested)               \
	X(unknown_free)         \
	X(unseen_free)          \
	X(late_free)            \
	X(skipped_free)         \
	X(replaced)             \
	X(uncertain)            \
	X(unknown_caller)       \
	X(lost_memory)          \
	X(lost_limit)           \
	X(lost_busy)            \
	X(lost_inflight)        \
	X(lost_fault)           \
	X(lost_split)           \
	X(walk_end)             \
	X(walk_depth)           \
	X(walk_fault)           \
	X(walk_frame_pointer)   \
	X(walk_pc)              \
	X(walk_rule)            \
	X(walk_register)        \
	X(walk_stuck)           \
	X(walk_unread)          \
	X(walk_copy)            \
	X(walk_start)           \
	X(deferred)             \
	X(frames_by_rule)       \
	X(frames_by_pointer)    \
	X(frames_by_signal)     \
	X(refused_truncated)    \
	X(refused_version)      \
	X(refused_augmentation) \
	X(refused_encoding)     \
	X(refused_register)     \
	X(refused_operation)    \
	X(refused_too_long)     \
	X(refused_states)       \
	X(refused_range)        \
	X(refused_expression)   \
	X(unknown_mapping)

enum mlu_counter {
#define X(name) MLU_COUNT_##name,
	MLU_COUNTERS(X)
#undef X
		MLU_NR_COUNTERS,
	/* Before these, the counters are of calls; the others are of walks of stacks. */
	MLU_NR_EVENT_COUNTERS = MLU_COUNT_walk_end,
};

/**
 * struct mlu_counters - one CPU's counters, or their sum
 * @n: the counters, by enum mlu_counter
 */
struct mlu_counters {
	u64 n[MLU_NR_COUNTERS];
};

extern const char *const mlu_counter_names[MLU_NR_COUNTERS];

/* @name is that of a counter, without a prefix. */
#define mlu_count(counters, name) this_cpu_inc((counters)->n[MLU_COUNT_##name])

/* Adds @nr. */
#define mlu_count_add(counters, name, nr) this_cpu_add((counters)->n[MLU_COUNT_##name], nr)

/* For a counter that is chosen at run time. */
static inline void mlu_count_index(struct mlu_counters __percpu *counters, enum mlu_counter index)
{
	this_cpu_inc(counters->n[index]);
}

void mlu_counters_add(struct mlu_counters *sum, struct mlu_counters __percpu *counters);
u64 mlu_counters_lost(const struct mlu_counters *sum);

#endif /* MLU_COUNTERS_H */
