/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's uprobes: one consumer for each (inode, offset), whoever uses it. */
#ifndef MLU_PROBES_H
#define MLU_PROBES_H

#include <linux/list.h>

#include "allocator.h"
#include "compat.h"
#include "lib/prototypes.h"
#include "lib/place.h"
#include "target.h"

/* Where a probe is to go: found in one mapped object of a target. */
struct mlu_site {
	struct mlu_function function;
	struct mlu_mapping *mapping;
	u64 offset; /* in the file, of the function's first byte */
	struct mlu_places places;
	const struct mlu_code_head *head; /* of the function; its dso's, which the mapping holds */
};

struct mlu_probe {
	struct mlu_consumer consumer;
	struct list_head node;
	struct mlu_function function;
	bool emulated;
	unsigned int users;
};

/* Registered for a moment, to make the uprobe core look at one mm again. */
struct mlu_helper {
	struct mlu_consumer consumer;
	struct mm_struct *mm;
};

/*
 * A target's share of a probe, freed after a mlu_probe_sync() only.  The target's maps keep the
 * mapping's file, and with it inode and mount, for as long as the probe is in: the uprobe core
 * wants that of whoever registers.
 */
struct mlu_use {
	struct mlu_probe *probe;
	struct mlu_mapping *mapping;
	unsigned long addr; /* of the breakpoint in the target */
	struct mlu_helper helper;
};

int mlu_probe_use(struct mlu_target *target, const struct mlu_site *site, bool beside_bcc,
		  struct mlu_use *use);
void mlu_probe_unuse(struct mlu_target *target, struct mlu_use *use, bool mm_is_alive);
void mlu_probe_sync(void);
unsigned int mlu_nr_probes(void);
u64 mlu_foreign_hits(void);

#endif /* MLU_PROBES_H */
