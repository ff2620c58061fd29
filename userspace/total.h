/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOTAL_H
#define MU_TOTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "print.h"
#include "report.h"
#include "resident.h"
#include "rows.h"

/**
 * struct mu_since - counters of a target at its last table
 * @has_table: a table has been printed; the counters are 0 before the first one
 * @allocated: allocations since the attach
 * @freed: those of them that were freed
 */
struct mu_since {
	bool has_table;
	uint64_t allocated;
	uint64_t freed;
};

/**
 * struct mu_total - what the end of a table depends on, besides the target
 * @view: how the table was printed
 * @filter: filter of the attach, NULL if it is not known
 * @limit: memory limit of the module in bytes, 0 if it is not known
 * @freeze: the target was to be frozen before the table
 * @resident: the memory of the process, NULL in a saved report
 */
struct mu_total {
	const struct mu_view *view;
	const struct mu_filter *filter;
	uint64_t limit;
	bool freeze;
	const struct mu_resident *resident;
};

void mu_print_total(const struct mu_total *total, const struct mu_target *target,
		    struct mu_since *since);

#endif
