/* SPDX-License-Identifier: GPL-2.0-only */
/* Uprobes: one consumer for each (inode, offset), shared by all targets with the same names. */
#ifndef MLU_PROBES_H
#define MLU_PROBES_H

#include <linux/list.h>

#include "allocator.h"
#include "compat.h"
#include "lib/prototypes.h"
#include "lib/place.h"
#include "target.h"

/**
 * struct mlu_site - an allocator function of a target, to be probed
 * @function: which function it is
 * @mapping: the mapping that contains it
 * @offset: offset of the function's first byte in the file
 * @places: where in the function the breakpoint may go
 * @names: it is probed only in targets with these names; NULL: in all
 * @head: the function's first bytes; owned by the mapping's dso
 */
struct mlu_site {
	struct mlu_function function;
	struct mlu_mapping *mapping;
	u64 offset;
	struct mlu_places places;
	const struct mlu_names *names;
	const struct mlu_code_head *head;
};

/**
 * struct mlu_probe - a uprobe on an allocator function
 * @consumer: the shared consumer; constant while it is registered
 * @node: in the list of probes
 * @function: the function; constant
 * @names: only targets with these names are probed; NULL: all; constant
 * @emulated: the kernel emulates the instruction under the breakpoint
 * @users: number of targets that use the probe
 */
struct mlu_probe {
	struct mlu_consumer consumer;
	struct list_head node;
	struct mlu_function function;
	const struct mlu_names *names;
	bool emulated;
	unsigned int users;
};

/**
 * struct mlu_helper - a consumer that makes the uprobe core call the filters for one mm again
 * @consumer: registered for a moment only
 * @mm: the mm
 */
struct mlu_helper {
	struct mlu_consumer consumer;
	struct mm_struct *mm;
};

/**
 * struct mlu_use - the use of a probe by a target
 * @probe: the probe
 * @mapping: the mapping. The target's maps keep its file, and so inode and mount, while the
 *	probe is in use: the uprobe core requires that.
 * @addr: address of the breakpoint in the target
 * @helper: to insert and remove the breakpoint
 *
 * Freed only after a mlu_probe_sync().
 */
struct mlu_use {
	struct mlu_probe *probe;
	struct mlu_mapping *mapping;
	unsigned long addr;
	struct mlu_helper helper;
};

int mlu_probe_use(struct mlu_target *target, const struct mlu_site *site, bool beside_bcc,
		  struct mlu_use *use);
void mlu_probe_unuse(struct mlu_target *target, struct mlu_use *use, bool mm_is_alive);
void mlu_probe_sync(void);
unsigned int mlu_nr_probes(void);
u64 mlu_foreign_hits(void);

#endif /* MLU_PROBES_H */
