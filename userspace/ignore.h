/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_IGNORE_H
#define MU_IGNORE_H

#include "report.h"
#include "symbolize.h"

/**
 * struct mu_ignore - which stacks are left out
 * @patterns: globs for the names of functions and objects
 * @nr: number of @patterns
 * @capacity: allocated elements of @patterns
 */
struct mu_ignore {
	char **patterns;
	size_t nr;
	size_t capacity;
};

int mu_ignore_add(struct mu_ignore *ignore, const char *pattern);
int mu_ignore_add_file(struct mu_ignore *ignore, const char *path);
void mu_ignore_free(struct mu_ignore *ignore);
void mu_ignore_stacks(const struct mu_ignore *ignore, struct mu_target *target,
		      struct mu_symbolizer *sym);

#endif
