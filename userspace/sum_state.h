/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SUM_STATE_H
#define MU_SUM_STATE_H

#include "report.h"

/**
 * struct mu_sum_counter - counters of a target in the last table
 * @id: id of the target
 * @allocated: its allocations since the attach
 * @freed: those of them that were freed
 */
struct mu_sum_counter {
	uint64_t id;
	uint64_t allocated;
	uint64_t freed;
};

/**
 * struct mu_sum_counters - counters of the targets of a sum; begins with zeros
 * @last: those of the last table, in the order of their ids
 * @nr: number of @last
 * @gone: allocations of targets that are not in the sum any more, and before a clear
 */
struct mu_sum_counters {
	struct mu_sum_counter *last;
	size_t nr;
	uint64_t gone;
};

void mu_sum_states(const struct mu_target *const *targets, size_t nr, struct mu_target *result);
void mu_sum_count(struct mu_sum_counters *counters, const struct mu_target *const *targets,
		  size_t nr, struct mu_target *result);
void mu_sum_counters_free(struct mu_sum_counters *counters);

#endif
