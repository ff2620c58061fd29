/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_CONTROL_H
#define MU_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct mu_control_row - a target in the control file
 * @id: its id
 * @pid: its PID
 * @group: id of its group, 0 if it is in none
 * @keys: the keys that are not at their defaults, "" if all are
 * @live: it is being traced
 * @unseen: messages about what cannot be traced
 * @nr_unseen: number of @unseen
 * @unseen_capacity: allocated elements of @unseen
 */
struct mu_control_row {
	uint64_t id;
	uint64_t pid;
	uint64_t group;
	char *keys;
	bool live;
	char **unseen;
	size_t nr_unseen;
	size_t unseen_capacity;
};

/**
 * struct mu_control_group - a group of targets in the control file
 * @id: its id
 * @keys: its keys
 * @made: number of targets that were made
 * @live: number of those that are being traced
 * @untraced: number of processes that could not be traced
 * @lost: number of events that were lost when processes had their first one
 */
struct mu_control_group {
	uint64_t id;
	char *keys;
	uint64_t made;
	uint64_t live;
	uint64_t untraced;
	uint64_t lost;
};

/**
 * struct mu_control - the contents of the control file
 * @rows: the targets, oldest first
 * @nr: number of @rows
 * @capacity: allocated elements of @rows
 * @groups: the groups
 * @nr_groups: number of @groups
 * @groups_capacity: allocated elements of @groups
 */
struct mu_control {
	struct mu_control_row *rows;
	size_t nr;
	size_t capacity;
	struct mu_control_group *groups;
	size_t nr_groups;
	size_t groups_capacity;
};

struct mu_control *mu_control_read(FILE *in);
void mu_control_free(struct mu_control *control);
const struct mu_control_group *mu_control_group(const struct mu_control *control, uint64_t id);
const struct mu_control_group *mu_control_group_with(const struct mu_control *control,
						     const char *key);
bool mu_control_find(FILE *in, uint64_t pid, struct mu_control_row *row);
void mu_control_row_free(struct mu_control_row *row);
char *mu_control_reason(FILE *in, const char *command);

#endif
