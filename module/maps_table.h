/* SPDX-License-Identifier: GPL-2.0-only */
/* The present mappings of a target, sorted by address. */
#ifndef MLU_MAPS_TABLE_H
#define MLU_MAPS_TABLE_H

#include <linux/rcupdate.h>

#include "mapping.h"

/**
 * struct mlu_maps_table - the present mappings of a target, sorted by address
 * @rcu: for kfree_rcu()
 * @nr: the number of entries
 * @capacity: the number of entries that were allocated
 * @entry: a mapping with holes has an entry for each part that is left, which reaches to the next
 *	hole or to the mapping's end
 *
 * Immutable once published.
 */
struct mlu_maps_table {
	struct rcu_head rcu;
	unsigned int nr;
	unsigned int capacity;
	struct mlu_maps_entry {
		unsigned long start;
		struct mlu_mapping *mapping;
	} entry[];
};

struct mlu_maps_table *mlu_maps_table_new(unsigned int capacity, gfp_t gfp);
unsigned int mlu_maps_table_capacity(const struct mlu_maps_table *old);
void mlu_maps_table_append(struct mlu_maps_table *table, unsigned long start,
			   struct mlu_mapping *m);
void mlu_maps_table_fill(struct mlu_maps_table *table, const struct mlu_maps_table *old,
			 struct mlu_mapping *m);
struct mlu_mapping *mlu_maps_table_find(const struct mlu_maps_table *table, unsigned long pc);

#endif /* MLU_MAPS_TABLE_H */
