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

enum mlu_mapping_type {
	MLU_MAPPING_FILE,
	MLU_MAPPING_ANON,
	MLU_MAPPING_VDSO,
};

/*
 * One mapping.  Never freed while its target lives: stacks point to it.  @file, @dso and @path are
 * written by whoever resolves it (@dso and @path with release), the rest is constant but for @gone,
 * @holes, @part_of, @over, @born, @gone_at, @retired and @kept.
 */
struct mlu_mapping {
	struct list_head node;		 /* in mlu_maps.all */
	struct list_head node_of_probed; /* in mlu_maps.probed, if it is there */
	u32 id;				 /* from 1 on, never reused in a target's life */
	enum mlu_mapping_type type;
	unsigned long start;
	unsigned long end;
	u64 offset; /* in the file, bytes */
	struct mlu_file_id id_of_file;
	struct mlu_holes holes; /* unmapped since, while the rest stayed */
	bool over;		/* lies in a hole of another one, or did */
	/* A larger one that was met at its place, while it was mapped; NULL: none. */
	const struct mlu_mapping *part_of;
	bool gone;	     /* not found any more: unmapped since, or @part_of another */
	bool retired;	     /* uses its dso no more */
	u32 born;	     /* by the maps' clock; it may have been there before */
	u32 gone_at;	     /* the same, U32_MAX: it is there */
	bool allocator;	     /* its file has probes; constant before any is hit */
	bool program;	     /* of the program itself, not of a library */
	bool special;	     /* made by the kernel, like [vdso] and [uprobes] */
	bool kept;	     /* @file stays until the maps are closed: probes are in it */
	struct file *file;   /* until it is resolved; with a reference */
	struct mlu_dso *dso; /* of @file; to be read through mlu_mapping_dso() */
	char *path;	     /* as in /proc/PID/maps, NULL: not known */
	u16 path_len;
};

struct mlu_mapping *mlu_mapping_new(const struct vm_area_struct *vma, gfp_t gfp);
void mlu_mapping_free(struct mlu_mapping *m);
bool mlu_mapping_same(const struct mlu_mapping *a, const struct mlu_mapping *b);
bool mlu_mapping_is_part(const struct mlu_mapping *part, const struct mlu_mapping *whole);
void mlu_mapping_name_file(struct mlu_mapping *m);
struct file *mlu_mapping_let_go(struct mlu_mapping *m);
void mlu_mapping_name_vdso(struct mlu_mapping *m, const struct mm_struct *mm);

/* NULL: the worker has not read it. */
static inline const char *mlu_mapping_path(const struct mlu_mapping *mapping)
{
	/* Pairs with mlu_mapping_name_file(). */
	return smp_load_acquire(&mapping->path);
}

struct mlu_dso *mlu_mapping_dso(const struct mlu_mapping *mapping);
const struct mlu_dso *mlu_mapping_read_dso(const struct mlu_mapping *mapping);

/* What is known of the rules of a mapping's code. */
enum mlu_rules_state {
	MLU_RULES_NONE,	   /* there are none */
	MLU_RULES_PENDING, /* they are on their way */
	MLU_RULES_MISSING, /* there may be some, but they could not be read */
	MLU_RULES_THERE,
};

enum mlu_rules_state mlu_mapping_rules(const struct mlu_mapping *mapping, struct mlu_dso **dso);
bool mlu_mapping_vaddr(const struct mlu_mapping *mapping, const struct mlu_dso *dso, u64 offset,
		       u64 *vaddr);

const char *mlu_mapping_name(const struct mlu_mapping *mapping, size_t *len);
u64 mlu_mapping_address(const struct mlu_mapping *mapping, const struct mlu_dso *dso,
			unsigned long pc);

#endif /* MLU_MAPPING_H */
