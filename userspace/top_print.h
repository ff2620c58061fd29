/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_PRINT_H
#define MU_TOP_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "top_trend.h"

/* Lines of a table besides its rows: at most so many. */
#define MU_TOP_OTHER_LINES 7

/**
 * struct mu_top_table - what is printed
 * @time: the time of day
 * @machine: the machine
 * @rows: the rows, by growth
 * @nr: number of @rows
 * @shown: print at most this many rows
 * @by_cgroup: the rows are cgroups
 * @unreadable: number of processes that could not be read
 * @width: columns of the terminal; SIZE_MAX: cut nothing
 */
struct mu_top_table {
	const char *time;
	struct mu_top_machine_trend machine;
	const struct mu_top_row *rows;
	size_t nr, shown;
	bool by_cgroup;
	size_t unreadable;
	size_t width;
};

void mu_top_print(FILE *out, const struct mu_top_table *t);

#endif
