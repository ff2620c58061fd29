/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel side's other files: the lines of control, allocations and stats. */
#ifndef MU_ROWS_H
#define MU_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report.h"

/* A target as control tells it. */
struct mu_control_row {
	uint64_t id;
	uint64_t pid;
	char *keys;    /* what is not at its default, "" for nothing */
	bool live;     /* it is being traced */
	char **unseen; /* sentences on what of it cannot be seen */
	size_t nr_unseen;
	size_t unseen_room;
};

/* The live target of pid in the text of control; for mu_control_row_free() if it was found. */
bool mu_control_find(FILE *control, uint64_t pid, struct mu_control_row *row);
void mu_control_row_free(struct mu_control_row *row);

/* The sentence of the refusal in the text of control, to be freed; NULL if there is none. */
char *mu_control_sentence(FILE *control, const char *command);

struct mu_allocation {
	uint64_t address;
	uint64_t size;
	uint64_t age_ms;
	uint64_t stack;
};

struct mu_allocations {
	struct mu_allocation *rows;
	size_t nr;
	size_t room;
	size_t errors;
};

/* What to show of somebody else's target, whose own filters we leave alone. */
struct mu_filter {
	uint64_t min;
	uint64_t max;
	uint64_t older;
};

/* The allocations that pass the filter, by size, smallest first, as memleak lists them. */
struct mu_allocations *mu_allocations_read(FILE *in, const struct mu_filter *filter);
void mu_allocations_free(struct mu_allocations *allocations);

/* Charges the target's stacks anew with these allocations only; some may be left with none. */
void mu_allocations_regroup(const struct mu_allocations *allocations, struct mu_target *target);

/* The value of a counter in the text of stats; 0 if it is not there. */
uint64_t mu_stats_value(FILE *in, const char *name);

#endif
