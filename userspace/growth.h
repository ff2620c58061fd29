/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_GROWTH_H
#define MU_GROWTH_H

#include "report.h"

/**
 * struct mu_row - what a row of a table had
 * @id: of its stack
 * @key: of its group of stacks, NULL without groups
 * @amount: its bytes and allocations
 */
struct mu_row {
	uint64_t id;
	char *key;
	struct mu_amount amount;
};

/**
 * struct mu_table - the rows and the total of a table
 * @rows: the rows, sorted
 * @nr: number of @rows
 * @total: of the target
 */
struct mu_table {
	struct mu_row *rows;
	size_t nr;
	struct mu_amount total;
};

/**
 * struct mu_history - former tables of a target; begins with zeros
 * @nr_tables: number of tables since the start
 * @is_cleared: the target was cleared before the last table
 * @allocated: allocations of the target at the last table
 * @start: the first table
 * @last: the last table
 */
struct mu_history {
	size_t nr_tables;
	bool is_cleared;
	uint64_t allocated;
	struct mu_table start;
	struct mu_table last;
};

void mu_growth_update(struct mu_history *history, struct mu_target *target);
void mu_history_free(struct mu_history *history);

#endif
