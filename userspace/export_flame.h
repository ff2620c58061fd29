/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_FLAME_H
#define MU_EXPORT_FLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile.h"

/**
 * enum mu_measure - what the width of a frame stands for
 * @MU_MEASURE_BYTES: outstanding bytes
 * @MU_MEASURE_BLOCKS: outstanding allocations
 * @MU_MEASURE_GROWTH: by how many bytes stacks have grown or shrunk since the start, added up
 * @MU_NR_MEASURES: number of measures
 */
enum mu_measure { MU_MEASURE_BYTES, MU_MEASURE_BLOCKS, MU_MEASURE_GROWTH, MU_NR_MEASURES };

/**
 * struct mu_flame_node - a function as it is called by the parent's, or a process, or all of them
 * @name: of the function or process
 * @owned: @name if it is freed with the node, else NULL
 * @object: the object of the function, NULL if the node is not a function
 * @file: path of the source file, NULL if it is not known
 * @line: the line in it
 * @has_more_lines: it has calls in other lines, too
 * @is_inlined: it is inlined into the parent
 * @parent: index of the parent; the first node has none
 * @depth: number of nodes above
 * @value: for each measure, that of the stacks that lead through the node
 * @at: for each measure, where the node begins: the values of all nodes left of it
 * @shrunk: the part of the growth that is negative
 * @nr_small: number of small functions that this node stands for, 0 if it stands for none
 * @is_hidden: another node stands for it, or for one of its parents
 */
struct mu_flame_node {
	const char *name;
	char *owned;
	const struct mu_profile_object *object;
	const char *file;
	uint64_t line;
	bool has_more_lines;
	bool is_inlined;
	size_t parent;
	size_t depth;
	uint64_t value[MU_NR_MEASURES];
	uint64_t at[MU_NR_MEASURES];
	uint64_t shrunk;
	size_t nr_small;
	bool is_hidden;
};

/**
 * struct mu_flame - all stacks of a profile as a tree
 * @nodes: the nodes; the first one is the process, or all processes; parents are before children
 * @nr: number of @nodes
 * @capacity: allocated elements of @nodes
 * @nr_levels: levels of nodes that are not hidden
 * @has_start: a target has a start, so that there is a growth
 * @index: finds children, a tree
 */
struct mu_flame {
	struct mu_flame_node *nodes;
	size_t nr;
	size_t capacity;
	size_t nr_levels;
	bool has_start;
	void *index;
};

/* A function is small if it has less than this part of all, in each measure. */
#define MU_FLAME_PARTS 10000

struct mu_flame *mu_flame_new(const struct mu_profile *profile);
void mu_flame_free(struct mu_flame *flame);

#endif
