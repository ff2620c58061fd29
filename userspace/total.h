/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a table: why it is empty, what was lost, what cannot be seen, and the sums. */
#ifndef MU_TOTAL_H
#define MU_TOTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "print.h"
#include "report.h"
#include "rows.h"

/* The counters of a target when its last table was shown; all 0 before the first one. */
struct mu_since {
	bool has_table;
	uint64_t allocated;
	uint64_t freed;
};

/* What the end of a table needs to be read beside the target. */
struct mu_total {
	const struct mu_view *view;
	const struct mu_filter *filter; /* of the attach; NULL: not known */
	uint64_t limit;			/* bytes of the module; 0: not known */
};

/**
 * mu_print_total() - print the end of a table
 * @total: how the table was made
 * @target: whose table it was
 * @since: the counters at the last table; it is brought up to date
 *
 * The very last line is the one that begins with "total: ".
 */
void mu_print_total(const struct mu_total *total, const struct mu_target *target,
		    struct mu_since *since);

#endif
