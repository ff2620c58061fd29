/* SPDX-License-Identifier: GPL-2.0-only */
/* Uprobes: one consumer for each (inode, offset), shared by all targets. */
#ifndef MLU_PROBES_H
#define MLU_PROBES_H

#include <linux/list.h>

#include "allocator.h"
#include "compat.h"
#include "lib/prototypes.h"
#include "lib/place.h"
#include "lib/step.h"
#include "target.h"

/**
 * enum mlu_probe_kind - what a probe is for
 * @MLU_PROBE_FREE: the entry of a function that frees, whose return does not matter
 * @MLU_PROBE_RETURN: the entry of a function, and its return by a return probe
 * @MLU_PROBE_ENTRY: the entry of a function whose return is seen at its exits
 * @MLU_PROBE_EXIT: an instruction that returns; this and the following in the order of
 *	enum mlu_exit_kind
 * @MLU_PROBE_JUMP: a jump to a function that returns its first argument
 * @MLU_PROBE_LEAVE: a jump to a function whose result is not known
 */
enum mlu_probe_kind {
	MLU_PROBE_FREE,
	MLU_PROBE_RETURN,
	MLU_PROBE_ENTRY,
	MLU_PROBE_EXIT,
	MLU_PROBE_JUMP,
	MLU_PROBE_LEAVE,
};

/* Return: true if a probe is at the entry of a function. */
static inline bool mlu_probe_is_entry(enum mlu_probe_kind kind)
{
	return kind < MLU_PROBE_EXIT;
}

/**
 * struct mlu_site - a place of a target that is to be probed: a function, or an exit of it
 * @kind: the kind of the probe
 * @function: which function it is; of an exit, one that has it
 * @mapping: the mapping that contains it
 * @offset: offset of the function's first byte in the file, or of the exit
 * @places: where the breakpoint may go, from @offset on
 * @names: the set of names that the function was found by, or NULL
 * @code: the bytes at @offset, as read from the file; owned by the mapping's dso
 * @code_len: number of @code
 * @nr_exits: number of the exits that are probed
 * @refusal: why exit probes are not used, although they were wanted: a word for control, or NULL
 */
struct mlu_site {
	enum mlu_probe_kind kind;
	struct mlu_function function;
	struct mlu_mapping *mapping;
	u64 offset;
	struct mlu_places places;
	const struct mlu_names *names;
	const u8 *code;
	u8 code_len;
	u8 nr_exits;
	const char *refusal;
};

/**
 * struct mlu_probe - a uprobe on an allocator function
 * @consumer: the shared consumer; constant while it is registered
 * @node: in the list of probes
 * @kind: what it is for; constant
 * @function: the function; constant
 * @names: the set of names that its users have found the function by, or NULL; constant
 * @place: how the instruction under the breakpoint is executed; constant
 * @exit_len: length of the instruction of an exit; constant
 * @is_registered: its consumer has been registered; written by the worker
 * @is_retired: it has been unregistered; the worker's
 * @uses: the targets that use the probe; changed by the worker, read under RCU
 * @step: the instruction, if the handler executes it; constant
 */
struct mlu_probe {
	struct mlu_consumer consumer;
	struct list_head node;
	enum mlu_probe_kind kind;
	struct mlu_function function;
	const struct mlu_names *names;
	enum mlu_place_kind place;
	u8 exit_len;
	bool is_registered;
	bool is_retired;
	struct list_head uses;
	struct mlu_step_insn step;
};

/**
 * struct mlu_helper - a consumer that makes the uprobe core call the filters for one mm again
 * @consumer: registered for a moment only
 * @mm: the mm, or NULL for all
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
 * @nr_exits: as in struct mlu_site
 * @refusal: as in struct mlu_site
 * @helper: to insert and remove the breakpoint
 * @node: in the probe's list
 * @mm: the target's mm; compared only; NULL: every process that maps the file uses the probe
 * @group: the target's group, or NULL
 *
 * Freed only after a mlu_probe_sync() and a synchronize_rcu().
 */
struct mlu_use {
	struct list_head node;
	const struct mm_struct *mm;
	struct mlu_group *group;
	struct mlu_probe *probe;
	struct mlu_mapping *mapping;
	unsigned long addr;
	u8 nr_exits;
	const char *refusal;
	struct mlu_helper helper;
};

bool mlu_probe_may_be(struct inode *inode, const struct mlu_site *site, enum mlu_probe_kind kind);

/* Return: true if the handler executes the instruction under the breakpoint. */
static inline bool mlu_probe_is_executed(const struct mlu_probe *probe)
{
	return probe->place == MLU_PLACE_EXECUTED || probe->place == MLU_PLACE_FRAME;
}

int mlu_probe_use(struct mlu_target *target, const struct mlu_site *site, bool beside_bcc,
		  u64 there, struct mlu_use *use);
void mlu_probe_leave(struct mlu_use *use);
void mlu_probe_unuse(struct mlu_target *target, struct mlu_use *use, bool mm_is_alive);
void mlu_probe_sync(void);
unsigned int mlu_nr_probes(void);

#endif /* MLU_PROBES_H */
