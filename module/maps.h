/* SPDX-License-Identifier: GPL-2.0-only */
/* The executable mappings of one target, those that are and those that were. */
#ifndef MLU_MAPS_H
#define MLU_MAPS_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "mapping.h"

/* In a target's life.  More than any real program has: the table is copied at each change. */
#define MLU_MAX_MAPPINGS 8192

struct mlu_maps_table;

struct mlu_maps {
	/*
	 * Guards @all, @last_id, @clock, @nr_unresolved, the replacing of @table, and each
	 * mapping's @gone, @holes, @part_of, @over, @born, @gone_at, @retired and @kept.
	 * A leaf, taken in the mmu notifier too: nothing under it may reclaim or fault.
	 */
	spinlock_t lock;
	struct mlu_maps_table __rcu *table;
	struct list_head all;
	struct list_head probed; /* with probes in their files; complete before one is hit */
	u32 last_id;
	u32 clock;		    /* ticks whenever a mapping comes or goes */
	unsigned int nr_unresolved; /* have a file that is not kept */
	atomic_t nr_late_walks;	    /* will ask what was mapped some time ago */
	bool closed;		    /* no more learning: the target has ended */
	bool retired;		    /* no more walks */
	struct work_struct resolve;
};

void mlu_maps_init(struct mlu_maps *maps);
int mlu_maps_read(struct mlu_maps *maps, struct mm_struct *mm);
struct mlu_mapping *mlu_maps_add(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_probe(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_name_all(struct mlu_maps *maps, struct mm_struct *mm);
void mlu_maps_resolve(struct mlu_maps *maps);
void mlu_maps_resolve_work(struct work_struct *work);
void mlu_maps_keep(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_close(struct mlu_maps *maps);
void mlu_maps_exit(struct mlu_maps *maps);

void mlu_maps_retire(struct mlu_maps *maps);

struct mlu_mapping *mlu_maps_find(struct mlu_maps *maps, unsigned long pc);
struct mlu_mapping *mlu_maps_find_at(struct mlu_maps *maps, unsigned long pc, u32 time);
struct mlu_mapping *mlu_maps_look_up(struct mlu_maps *maps, struct mm_struct *mm,
				     unsigned long pc);
bool mlu_maps_holes(struct mlu_maps *maps, const struct mlu_mapping *m, struct mlu_holes *holes);
void mlu_maps_unmap(struct mlu_maps *maps, unsigned long start, unsigned long end);
void mlu_maps_wait(struct mlu_maps *maps);
void mlu_maps_wait_or_give_up(struct mlu_maps *maps);
void mlu_maps_wait_until(struct mlu_maps *maps, unsigned long deadline);

#endif /* MLU_MAPS_H */
