/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SUM_KEY_H
#define MU_SUM_KEY_H

#include "report.h"

/**
 * struct mu_sum_object - what frames of several targets can have in common
 * @key: identifies it
 * @number: stands for @key in the keys of stacks
 * @table: the table that @mapping belongs to
 * @mapping: id of its mapping in the sum
 */
struct mu_sum_object {
	char *key;
	size_t number;
	size_t table;
	uint64_t mapping;
};

/**
 * struct mu_sum_objects - the objects of all tables; begins with zeros
 * @tree: the objects by their keys
 * @nr: their number
 */
struct mu_sum_objects {
	void *tree;
	size_t nr;
};

/**
 * struct mu_sum_place - where a frame is
 * @mapping: its mapping in its target, or NULL
 * @object: its object
 * @offset: its address in the object
 */
struct mu_sum_place {
	const struct mu_mapping *mapping;
	struct mu_sum_object *object;
	uint64_t offset;
};

struct mu_sum_place mu_sum_place(struct mu_sum_objects *objects, const struct mu_target *target,
				 const struct mu_frame *frame);
char *mu_sum_key(struct mu_sum_objects *objects, const struct mu_target *target,
		 const struct mu_stack *stack);
void mu_sum_objects_free(struct mu_sum_objects *objects);

#endif
