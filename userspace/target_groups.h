/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TARGET_GROUPS_H
#define MU_TARGET_GROUPS_H

#include "control.h"

/**
 * struct mu_target_groups - the groups that the tool has attached; begins with zeros
 * @id: their ids
 * @nr: number of @id
 * @capacity: allocated elements of @id
 * @ended: ids of ended targets in them that are not to be counted again
 * @nr_ended: number of @ended
 * @ended_capacity: allocated elements of @ended
 * @gone: number of targets that were made and are not live
 * @untraced: number of processes that could not be traced
 * @lost: number of events that were lost when processes had their first one
 * @warned: sum of @untraced and @lost when a message named them
 */
struct mu_target_groups {
	uint64_t *id;
	size_t nr;
	size_t capacity;
	uint64_t *ended;
	size_t nr_ended;
	size_t ended_capacity;
	uint64_t gone;
	uint64_t untraced;
	uint64_t lost;
	uint64_t warned;
};

void mu_target_groups_add(struct mu_target_groups *groups, uint64_t id);
bool mu_target_groups_has(const struct mu_target_groups *groups, uint64_t id);
void mu_target_groups_count(struct mu_target_groups *groups, const struct mu_control *control);
bool mu_target_groups_end(struct mu_target_groups *groups, uint64_t target);
void mu_target_groups_forget(struct mu_target_groups *groups, const struct mu_control *control);
void mu_target_groups_free(struct mu_target_groups *groups);

#endif
