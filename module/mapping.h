/* SPDX-License-Identifier: GPL-2.0-only */
/* One executable mapping of a target. */
#ifndef MLU_MAPPING_H
#define MLU_MAPPING_H

#include <linux/list.h>
#include <linux/mm_types.h>

#include "file_id.h"
#include "holes.h"

struct file;
struct mlu_dso;
struct mlu_names;

enum mlu_mapping_type {
	MLU_MAPPING_FILE,
	MLU_MAPPING_ANON,
	MLU_MAPPING_VDSO,
};

/**
 * struct mlu_mapping - one executable mapping
 * @node: in mlu_maps.all
 * @probed_node: in mlu_maps.probed, if its file has probes
 * @id: from 1 on, never reused in a target's life
 * @type: a file's, the vdso's or none of these
 * @start: the first address
 * @end: the first address behind it
 * @offset: of @start in the file, in bytes
 * @file_id: the identity of the file
 * @holes: parts that have been unmapped while the rest stayed
 * @overlays: it lies in a hole of another mapping, or did so
 * @part_of: a larger mapping, seen later, that this one had been merged into; or NULL
 * @gone: a lookup does not find it: it has been unmapped, or is @part_of another mapping
 * @retired: it does not use its dso any more
 * @seen_at: when it was added, by the clock of struct mlu_maps; it may have been mapped earlier
 * @gone_at: when it became @gone, by the same clock; U32_MAX if it is not
 * @allocator: its file has probes; set before the first of them is hit, and false again when they
 *	have been removed. Read it with mlu_mapping_is_allocator()
 * @late: these were inserted after the attach
 * @late_since_ns: if @late, when all of them had been inserted, counted from the attach
 * @late_after_ns: if @late, for how long at most the mapping had been there by then
 * @late_err: why they could not be inserted; 0: they were, or were not to be
 * @inherited: @allocator is known from the target's group: the target has no uses of its own yet
 * @program: it is of the program itself, not of a library
 * @special: it is made by the kernel, like [vdso] and [uprobes]
 * @held: the file, with a reference of its own, while the worker examines it or has probes in it
 * @used: probes are in @held
 * @examined: the worker has decided about probes in the file
 * @tries: how often inserting them has failed
 * @failed_at: the @seen_at for which @late_err is
 * @round: when @pending_node was looked at last
 * @pending_node: in the list of mappings that are not @examined; this and the six members above
 *	are written by the worker only
 * @file: until it is resolved, with a reference
 * @dso: of @file; read it with mlu_mapping_dso()
 * @path: as in /proc/PID/maps; read it with mlu_mapping_path()
 * @path_len: the length of @path
 *
 * It is freed with its target, not before: stacks point to it.
 *
 * @file, @dso and @path are written by mlu_maps_read() or mlu_maps_resolve_work(), all with
 * release. See struct mlu_maps for the members that its lock guards. The rest is constant.
 */
struct mlu_mapping {
	struct list_head node;
	struct list_head probed_node;
	struct list_head pending_node;
	u32 id;
	enum mlu_mapping_type type;
	unsigned long start;
	unsigned long end;
	u64 offset;
	struct mlu_file_id file_id;
	struct mlu_holes holes;
	bool overlays;
	const struct mlu_mapping *part_of;
	bool gone;
	bool retired;
	u32 seen_at;
	u32 gone_at;
	bool allocator;
	bool late;
	bool inherited;
	bool program;
	bool special;
	bool used;
	bool examined;
	u8 tries;
	u32 failed_at;
	unsigned int round;
	int late_err;
	u64 late_since_ns;
	u64 late_after_ns;
	struct file *held;
	struct file *file;
	struct mlu_dso *dso;
	char *path;
	u16 path_len;
};

struct mlu_mapping *mlu_mapping_new(const struct vm_area_struct *vma, gfp_t gfp);
struct mlu_mapping *mlu_mapping_new_whole(struct file *file);
void mlu_mapping_free(struct mlu_mapping *m);
bool mlu_mapping_is_same(const struct mlu_mapping *a, const struct mlu_mapping *b);
bool mlu_mapping_is_part(const struct mlu_mapping *part, const struct mlu_mapping *whole);
void mlu_mapping_name_file(struct mlu_mapping *m, struct mlu_names *names);
struct file *mlu_mapping_take_file(struct mlu_mapping *m);
void mlu_mapping_name_vdso(struct mlu_mapping *m, const struct mm_struct *mm);

/* Return: the path, or NULL if it has not been noted yet. */
static inline const char *mlu_mapping_path(const struct mlu_mapping *mapping)
{
	/* Pairs with mlu_mapping_name_file(). */
	return smp_load_acquire(&mapping->path);
}

/*
 * Return: true if the functions of the mapping's file are probed. The worker sets this while
 * handlers run: each call is decided once, at its entry, and what was decided stays.
 */
static inline bool mlu_mapping_is_allocator(const struct mlu_mapping *mapping)
{
	return READ_ONCE(mapping->allocator);
}

struct mlu_dso *mlu_mapping_dso(const struct mlu_mapping *mapping);
const struct mlu_dso *mlu_mapping_read_dso(const struct mlu_mapping *mapping);

/**
 * enum mlu_rules_state - the state of the unwind rules of a mapping's code
 * @MLU_RULES_NONE: the code has no rules
 * @MLU_RULES_PENDING: they are still to be read
 * @MLU_RULES_MISSING: the code may have rules, but they could not be read
 * @MLU_RULES_THERE: they have been read
 */
enum mlu_rules_state {
	MLU_RULES_NONE,
	MLU_RULES_PENDING,
	MLU_RULES_MISSING,
	MLU_RULES_THERE,
};

enum mlu_rules_state mlu_mapping_rules(const struct mlu_mapping *mapping, struct mlu_dso **dso);
bool mlu_mapping_defines_allocator(const struct mlu_mapping *mapping, const struct mlu_dso *dso);
bool mlu_mapping_vaddr(const struct mlu_mapping *mapping, const struct mlu_dso *dso, u64 offset,
		       u64 *vaddr);

const char *mlu_mapping_name(const struct mlu_mapping *mapping, size_t *len);
u64 mlu_mapping_address(const struct mlu_mapping *mapping, const struct mlu_dso *dso,
			unsigned long pc);

#endif /* MLU_MAPPING_H */
