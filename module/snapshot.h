/* SPDX-License-Identifier: GPL-2.0-only */
/* The outstanding allocations at one moment, by target and stack. */
#ifndef MLU_SNAPSHOT_H
#define MLU_SNAPSHOT_H

#include "files_internal.h"
#include "lib/sample.h"
#include "unseen.h"

/**
 * struct mlu_row - the outstanding allocations of one stack
 * @stack: the stack
 * @bytes: the sum of their sizes; an estimate if the target is sampled
 * @nr: their number; an estimate if the target is sampled
 * @nr_recorded: the number of them that are recorded
 * @estimate: the sums that estimates are made of
 * @youngest_ns: when the youngest was made
 * @oldest_ns: when the oldest was made
 * @made: the number of allocations that the stack has made
 * @nr_present: the number of these that have not been freed, of any age
 */
struct mlu_row {
	const struct mlu_stack *stack;
	u64 bytes;
	u64 nr;
	u64 nr_recorded;
	struct mlu_estimate estimate;
	u64 youngest_ns;
	u64 oldest_ns;
	u64 made;
	u64 nr_present;
};

/**
 * struct mlu_mapping_shown - a mapping that frames name, as it was when the file was opened
 * @mapping: the mapping
 * @dso: its dso, or NULL if that had not been read
 * @name: the last part of its path, not terminated; see mlu_mapping_name()
 * @name_len: its length
 * @gone: all of it had been unmapped
 * @shared: other mappings have had some of its addresses
 * @holes: the parts that had been unmapped
 */
struct mlu_mapping_shown {
	const struct mlu_mapping *mapping;
	const struct mlu_dso *dso;
	const char *name;
	size_t name_len;
	bool gone;
	bool shared;
	struct mlu_holes holes;
};

/**
 * struct mlu_section - the part of a snapshot that shows one target
 * @target: the target
 * @epoch: the epoch that was current when the file was opened
 * @state: the target's state
 * @now_ns: the time of the snapshot
 * @older_ns: allocations that are younger than this are left out
 * @bytes: the sum over all rows
 * @nr: the number of allocations of all rows
 * @nr_recorded: the number of them that are recorded
 * @estimate: the sum of the estimates of all rows
 * @mark: the last mark, with a reference, or NULL
 * @frozen_ns: since when the target is frozen; 0: it is not
 * @counters: read once, so that the head and the events line agree
 * @nr_rows: the number of @rows
 * @rows: the stacks, largest first
 * @nr_mappings: the number of @mappings
 * @mappings: the mappings that frames name, by id
 * @unseen: the unseen lines
 */
struct mlu_section {
	const struct mlu_target *target;
	struct mlu_epoch *epoch;
	enum mlu_state state;
	u64 now_ns;
	u64 older_ns;
	u64 bytes, nr, nr_recorded;
	struct mlu_estimate estimate;
	struct mlu_mark *mark;
	u64 frozen_ns;
	struct mlu_counters counters;
	unsigned int nr_rows;
	struct mlu_row *rows;
	unsigned int nr_mappings;
	struct mlu_mapping_shown *mappings;
	struct mlu_unseen unseen;
};

/**
 * struct mlu_snapshot - the outstanding allocations of some targets at one moment
 * @selection: the targets, with the references that keep what the sections point to
 * @sections: one for each target
 */
struct mlu_snapshot {
	struct mlu_selection *selection;
	struct mlu_section sections[];
};

struct mlu_snapshot *mlu_snapshot_new(u32 id);
void mlu_snapshot_free(struct mlu_snapshot *snapshot);
const struct mlu_mapping_shown *mlu_section_mapping(const struct mlu_section *section,
						    const struct mlu_mapping *mapping);

#endif /* MLU_SNAPSHOT_H */
