/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SUM_TABLE_H
#define MU_SUM_TABLE_H

#include "sessions.h"
#include "sum.h"

/**
 * struct mu_sum_table - the tables of the sum of all processes
 * @o: the options
 * @files: the module's files
 * @sym: symbolizer of all processes
 * @sum: the rows of former tables
 * @history: the tables that were printed
 * @since: counters at the last table
 * @gone: targets of groups that were not live at the last table
 * @is_frozen: the processes have been frozen, by --freeze
 * @shown: a table has been printed
 */
struct mu_sum_table {
	const struct mu_options *o;
	struct mu_files *files;
	struct mu_symbolizer *sym;
	struct mu_sum *sum;
	struct mu_history history;
	struct mu_since since;
	uint64_t gone;
	bool is_frozen;
	bool shown;
};

void mu_sum_table_init(struct mu_sum_table *table, const struct mu_options *o,
		       struct mu_files *files);
void mu_sum_table_add(struct mu_sum_table *table, struct mu_sessions *all);
void mu_sum_table_remove(struct mu_sum_table *table, struct mu_session *s);
void mu_sum_table_show(struct mu_sum_table *table, struct mu_sessions *all);
void mu_sum_table_free(struct mu_sum_table *table);

#endif
