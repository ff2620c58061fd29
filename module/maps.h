/* SPDX-License-Identifier: GPL-2.0-only */
/* The executable mappings of one target, those that are and those that were. */
#ifndef MLU_MAPS_H
#define MLU_MAPS_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct mlu_dso;

enum mlu_mapping_sort {
	MLU_MAPPING_FILE,
	MLU_MAPPING_ANON,
	MLU_MAPPING_VDSO,
};

/*
 * One mapping.  Never freed while its target lives: stacks point to it.  What is below @gone is
 * written by the worker (@dso and @path last, with release), the rest is constant.
 */
struct mlu_mapping {
	struct list_head node; /* in mlu_maps.all */
	u32 id;		       /* from 1 on, never reused in a target's life */
	enum mlu_mapping_sort sort;
	unsigned long start;
	unsigned long end;
	u64 offset;	   /* in the file, bytes */
	bool gone;	   /* unmapped since */
	bool allocator;	   /* of an object that has probes */
	bool program;	   /* of the program itself, not of a library */
	struct file *file; /* until it is resolved; with a reference */
	struct mlu_dso *dso;
	char *path; /* as in /proc/PID/maps, NULL: not known */
	u16 path_len;
};

struct mlu_maps_table;

struct mlu_maps {
	/*
	 * Guards @all, @last_id, @nr_unresolved, the replacing of @table and each mapping's @gone.
	 * A leaf, taken in the mmu notifier too: nothing under it may reclaim or fault.
	 */
	spinlock_t lock;
	struct mlu_maps_table __rcu *table;
	struct list_head all;
	u32 last_id;
	unsigned int nr_unresolved;
	bool closed; /* no more learning: the target has ended */
	struct work_struct resolve;
	wait_queue_head_t resolved;
};

int mlu_maps_wq_init(void);
void mlu_maps_wq_exit(void);

void mlu_maps_init(struct mlu_maps *maps);
int mlu_maps_read(struct mlu_maps *maps, struct mm_struct *mm);
void mlu_maps_resolve(struct mlu_maps *maps);
void mlu_maps_close(struct mlu_maps *maps);
void mlu_maps_exit(struct mlu_maps *maps);

struct mlu_mapping *mlu_maps_find(struct mlu_maps *maps, unsigned long pc);
struct mlu_mapping *mlu_maps_learn(struct mlu_maps *maps, struct mm_struct *mm, unsigned long pc,
				   bool *no_code);
void mlu_maps_unmap(struct mlu_maps *maps, unsigned long start, unsigned long end);
void mlu_maps_wait(struct mlu_maps *maps);

/* NULL: the worker has not read it. */
static inline const char *mlu_mapping_path(const struct mlu_mapping *mapping)
{
	/* Pairs with name() in maps.c. */
	return smp_load_acquire(&mapping->path);
}

/* Likewise. */
static inline const struct mlu_dso *mlu_mapping_dso(const struct mlu_mapping *mapping)
{
	/* Pairs with resolve_one() in maps.c. */
	return smp_load_acquire(&mapping->dso);
}

const char *mlu_mapping_name(const struct mlu_mapping *mapping, size_t *len);
u64 mlu_mapping_address(const struct mlu_mapping *mapping, unsigned long pc);

#endif /* MLU_MAPS_H */
