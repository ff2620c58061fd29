/* SPDX-License-Identifier: GPL-2.0-only */
/* What was outstanding at one moment, by target and stack. */
#ifndef MLU_SNAPSHOT_H
#define MLU_SNAPSHOT_H

#include "debugfs_internal.h"
#include "unseen.h"

/* One stack's allocations. */
struct mlu_row {
	const struct mlu_stack *stack;
	u64 bytes;
	u64 nr;
	u64 youngest_ns; /* when it was made */
	u64 oldest_ns;
	s64 made;
	s64 freed;
};

/* A mapping that frames name, as it was when the file was opened. */
struct mlu_mapping_shown {
	const struct mlu_mapping *mapping;
	const struct mlu_dso *dso; /* NULL: not read by then */
	bool gone;		   /* all of it */
	bool shared;		   /* others have had some of its addresses */
	struct mlu_holes holes;
};

/* One target's part of a report. */
struct mlu_section {
	const struct mlu_target *target;
	struct mlu_epoch *epoch;
	enum mlu_state state;
	u64 now_ns;
	u64 older_ns; /* what is younger is left out */
	u64 bytes, nr;
	struct mlu_counters counters; /* read once: what the head and the events line say agrees */
	unsigned int nr_rows;
	struct mlu_row *rows;
	unsigned int nr_mappings;
	struct mlu_mapping_shown *mappings; /* by id */
	struct mlu_unseen unseen;
};

struct mlu_snapshot {
	struct mlu_selection *selection;
	struct mlu_section sections[];
};

struct mlu_snapshot *mlu_snapshot_new(u32 id);
void mlu_snapshot_free(struct mlu_snapshot *snapshot);
const struct mlu_mapping_shown *mlu_section_mapping(const struct mlu_section *section,
						    const struct mlu_mapping *mapping);

#endif /* MLU_SNAPSHOT_H */
