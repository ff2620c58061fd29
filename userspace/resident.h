/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_RESIDENT_H
#define MU_RESIDENT_H

#include "report.h"

/**
 * struct mu_resident - the memory of a process beside what is outstanding
 * @since: when the comparison began, for people; NULL if it has not
 * @is_known: @now is known
 * @start: anonymous memory then, resident or swapped
 * @outstanding: outstanding bytes then
 * @now: anonymous memory now
 */
struct mu_resident {
	const char *since;
	bool is_known;
	uint64_t start;
	uint64_t outstanding;
	uint64_t now;
};

void mu_resident_begin(struct mu_resident *r, const char *since, int proc, uint64_t outstanding);
void mu_resident_update(struct mu_resident *r, int proc);
void mu_resident_add(struct mu_resident *sum, const struct mu_resident *r);
void mu_resident_print(const struct mu_resident *r, const struct mu_target *target);

#endif
