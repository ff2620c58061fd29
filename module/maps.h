/* SPDX-License-Identifier: GPL-2.0-only */
/* The executable mappings of one target, present and past. */
#ifndef MLU_MAPS_H
#define MLU_MAPS_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "mapping.h"
#include "workqueues.h"

/* In a target's life. More than any real program has: the table is copied at each change. */
#define MLU_MAX_MAPPINGS 8192

struct mlu_known_files;
struct mlu_maps_table;

/**
 * struct mlu_maps - the executable mappings of one target
 * @lock: guards @all, @probed, @last_id, @clock, @nr_unresolved, the replacing of @table, and of
 *	each mapping @gone, @holes, @part_of, @overlays, @seen_at, @gone_at, @retired, @held, and
 *	the changes of @allocator and the members that begin with late. A leaf that is also taken
 *	in the mmu notifier: nothing under it may reclaim or fault
 * @table: the present mappings by address
 * @all: all mappings, oldest first; one is removed only by mlu_maps_exit()
 * @probed: one mapping of each file with probes
 * @names: the names of functions that files are searched for, with a reference, or NULL; constant
 * @known: files that are known before they are mapped, or NULL; constant
 * @number: from 1 on, never reused
 * @last_id: the id of the newest mapping
 * @clock: incremented whenever a mapping comes or goes
 * @nr_unresolved: the number of mappings that have a @file
 * @nr_late_walks: the number of pending walks that will look up the mappings of an earlier time
 * @closed: no mapping is added any more: the target has ended
 * @retired: no stack of the target will be walked any more
 * @resolve: notes the paths of new mappings and drops their files
 */
struct mlu_maps {
	spinlock_t lock; /* a leaf, see above */
	struct mlu_maps_table __rcu *table;
	struct list_head all;
	struct list_head probed;
	struct mlu_names *names;
	const struct mlu_known_files *known;
	u32 number;
	u32 last_id;
	u32 clock;
	unsigned int nr_unresolved;
	atomic_t nr_late_walks;
	bool closed;
	bool retired;
	struct work_struct resolve;
};

/**
 * mlu_maps_version() - the mappings of a target at one moment
 * @maps: the maps
 *
 * Context: Any.
 * Return: a number that no other target has, nor this one once a mapping has come or gone.
 */
static inline u64 mlu_maps_version(const struct mlu_maps *maps)
{
	return (u64)maps->number << 32 | READ_ONCE(maps->clock);
}

void mlu_maps_init(struct mlu_maps *maps, struct mlu_names *names);
int mlu_maps_read(struct mlu_maps *maps, struct mm_struct *mm);
int mlu_maps_scan(struct mlu_maps *maps, struct mm_struct *mm, struct list_head *pending);

void mlu_maps_set_probed(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_set_late(struct mlu_maps *maps, struct mlu_mapping *m, u64 since_ns, u64 after_ns);
void mlu_maps_clear_probed(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_clear_allocator(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_end_pending(struct mlu_maps *maps, struct mlu_mapping *m, int err);
void mlu_maps_drop_pending(struct mlu_maps *maps, struct mlu_mapping *m);
bool mlu_maps_has_present(struct mlu_maps *maps, const struct mlu_mapping *m);
void mlu_maps_name_again(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_end_attach(struct mlu_maps *maps);

void mlu_maps_recheck(struct mlu_maps *maps, struct mm_struct *mm);
void mlu_maps_close(struct mlu_maps *maps);
void mlu_maps_retire(struct mlu_maps *maps);
void mlu_maps_exit(struct mlu_maps *maps);

/**
 * mlu_maps_resolve() - queue the work that notes the paths of new mappings and drops their files
 * @maps: the maps
 *
 * Context: Any. Does not sleep.
 */
static inline void mlu_maps_resolve(struct mlu_maps *maps)
{
	queue_work(mlu_close_wq, &maps->resolve);
}

struct mlu_mapping *mlu_maps_find(struct mlu_maps *maps, unsigned long pc);
struct mlu_mapping *mlu_maps_find_at(struct mlu_maps *maps, unsigned long pc, u32 time);
struct mlu_mapping *mlu_maps_look_up(struct mlu_maps *maps, struct mm_struct *mm, unsigned long pc);
bool mlu_maps_copy_holes(struct mlu_maps *maps, const struct mlu_mapping *m,
			 struct mlu_holes *holes);
void mlu_maps_unmap(struct mlu_maps *maps, unsigned long start, unsigned long end);

struct mlu_mapping *mlu_maps_next(struct mlu_maps *maps, struct mlu_mapping *m);

/* Each mapping @m, while handlers may add further ones. The worker. */
#define mlu_maps_for_each(m, maps) \
	for ((m) = mlu_maps_next(maps, NULL); m; (m) = mlu_maps_next(maps, m))

void mlu_maps_wait(struct mlu_maps *maps);
void mlu_maps_wait_or_give_up(struct mlu_maps *maps);
void mlu_maps_wait_until(struct mlu_maps *maps, unsigned long deadline);

#endif /* MLU_MAPS_H */
