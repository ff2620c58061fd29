// SPDX-License-Identifier: GPL-2.0-only
/*
 * The executable mappings of one target.
 *
 * A frame is a pc and its mapping, so each event looks up mappings, in a handler: by bisection in a
 * sorted table under RCU.  The table is filled at attach; what comes later is learned
 * (maps_learn.c).  munmap() is told by the mmu notifier, which marks the mapping as gone, or a part
 * of it as a hole; neither is found any more, and a new mapping at its place gets a new id, unless
 * it is the same part of the same file.  A clock that ticks at each change tells afterwards which
 * mapping a pc lay in at the time of an event whose stack is walked later.
 *
 * Entered from: the worker (read, exit; may sleep), handlers (find, add; do not sleep, within
 * rcu_read_lock()), the mmu notifier (unmap; under mmap_lock, for what no lookup finds any more).
 * Order: mmap_lock -> maps->lock.
 *
 * Ownership: mappings belong to the maps and go with them.  A file is held from the moment its
 * mapping is seen until it is resolved (maps_resolve.c).
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "dso.h"
#include "maps.h"
#include "maps_table.h"
#include "mem.h"

/* How many of the newest are searched for one that has come again. */
#define MAX_LOOKED_BACK 1024

static struct mlu_maps_table *table_of(struct mlu_maps *maps)
{
	return rcu_dereference_protected(maps->table, lockdep_is_held(&maps->lock));
}

static void mark_gone(struct mlu_maps *maps, struct mlu_mapping *m)
{
	WRITE_ONCE(m->gone, true);
	m->gone_at = maps->clock;
}

/* The part of @m that lies between two addresses is there no more. */
static void mark_unmapped(struct mlu_maps *maps, struct mlu_mapping *m, unsigned long start,
			  unsigned long end)
{
	unsigned long left = m->start, left_end = m->end;

	mlu_holes_add(&m->holes, max(start, m->start), min(end, m->end), maps->clock);
	if (!mlu_holes_leave(&m->holes, &left, &left_end))
		mark_gone(maps, m);
}

/* What overlaps is unmapped, or a part of @by, which is there now; NULL: nothing is. */
static void mark_overlapped(struct mlu_maps *maps, unsigned long start, unsigned long end,
			    struct mlu_mapping *by)
{
	struct mlu_maps_table *table = table_of(maps);
	unsigned int i;

	WRITE_ONCE(maps->clock, maps->clock + 1);
	for (i = 0; table && i < table->nr; i++) {
		struct mlu_mapping *m = table->entry[i].mapping;

		if (m->start >= end || start >= m->end || m->gone || m == by)
			continue;
		if (by && mlu_mapping_is_part(m, by)) {
			WRITE_ONCE(m->part_of, by);
			mark_gone(maps, m);
			continue;
		}
		mark_unmapped(maps, m, start, end);
		if (by && !m->gone)
			WRITE_ONCE(by->over, true);
	}
}

/*
 * The mapping that has gone and is there again: what a program opens and closes over and over is
 * one object, and its stacks are the same.  One whose unwind data could not be read gets another
 * try.  A walk of the past would look for it where it was not, so none must be due.
 */
static struct mlu_mapping *find_again(struct mlu_maps *maps, const struct mlu_mapping *m)
{
	unsigned int looked_at = 0;
	struct mlu_mapping *old;
	struct mlu_dso *dso;

	if (atomic_read(&maps->nr_late_walks))
		return NULL;
	list_for_each_entry_reverse(old, &maps->all, node) {
		if (looked_at++ == MAX_LOOKED_BACK)
			break;
		if (old->gone && mlu_mapping_same(old, m) &&
		    mlu_mapping_rules(old, &dso) != MLU_RULES_MISSING)
			return old;
	}
	return NULL;
}

/* Another thread has seen it, too; or its holes have been filled again. */
static struct mlu_mapping *find_there(const struct mlu_maps_table *table,
				      const struct mlu_mapping *m)
{
	unsigned int i;

	for (i = 0; table && i < table->nr; i++)
		if (!table->entry[i].mapping->gone && mlu_mapping_same(table->entry[i].mapping, m))
			return table->entry[i].mapping;
	return NULL;
}

static void enlist(struct mlu_maps *maps, struct mlu_mapping *m)
{
	m->id = ++maps->last_id;
	maps->nr_unresolved += m->file ? 1 : 0;
	list_add_tail(&m->node, &maps->all);
}

/* It is there, as a whole. */
static void put_in(struct mlu_maps *maps, struct mlu_maps_table *table, struct mlu_mapping *m)
{
	m->born = maps->clock;
	m->gone_at = U32_MAX;
	WRITE_ONCE(m->part_of, NULL);
	WRITE_ONCE(m->holes.nr, 0);
	/* Who finds it in an older table is right, too. */
	WRITE_ONCE(m->gone, false);
	rcu_assign_pointer(maps->table, table);
}

/* A walk of the past needs the holes that there were. */
static bool is_whole(struct mlu_maps *maps, const struct mlu_mapping *m)
{
	return !m->holes.nr || atomic_read(&maps->nr_late_walks);
}

/*
 * Under the lock.  Return: 0; -EEXIST if @in is there already, -EAGAIN if @table is too small by
 * now, or why there is no room for @m, which @in has become.
 */
static int publish(struct mlu_maps *maps, struct mlu_maps_table *table, struct mlu_mapping *m,
		   struct mlu_mapping **in)
{
	struct mlu_maps_table *old = table_of(maps);
	struct mlu_mapping *is;

	*in = find_there(old, m);
	if (*in && is_whole(maps, *in))
		return -EEXIST;
	if (table->room < mlu_maps_table_room(old))
		return -EAGAIN;
	if (!*in)
		*in = find_again(maps, m);
	if (maps->closed || (!*in && maps->last_id >= MLU_MAX_MAPPINGS))
		return -ENOSPC;
	is = *in ? *in : m;
	mark_overlapped(maps, is->start, is->end, is);
	mlu_maps_table_fill(table, old, is);
	if (!*in)
		enlist(maps, m);
	*in = is;
	put_in(maps, table, is);
	return 0;
}

static int try_to_add(struct mlu_maps *maps, struct mlu_mapping *m, struct mlu_mapping **in)
{
	struct mlu_maps_table *table, *old;
	int err;

	rcu_read_lock();
	table = mlu_maps_table_new(mlu_maps_table_room(rcu_dereference(maps->table)), MLU_GFP);
	rcu_read_unlock();
	if (!table)
		return -ENOMEM;
	spin_lock(&maps->lock);
	old = table_of(maps);
	err = publish(maps, table, m, in);
	spin_unlock(&maps->lock);
	if (err)
		kfree(table);
	else if (old)
		kfree_rcu(old, rcu);
	return err == -EEXIST ? 0 : err;
}

/*
 * mlu_maps_add() - a mapping that was seen
 * @m: the maps' own from then on, or freed
 *
 * Context: handler; does not sleep.
 * Return: @m, or the same one that was there before, or an error.
 */
struct mlu_mapping *mlu_maps_add(struct mlu_maps *maps, struct mlu_mapping *m)
{
	struct mlu_mapping *in = NULL;
	int err;

	do {
		err = try_to_add(maps, m, &in);
	} while (err == -EAGAIN);
	if (err || in != m)
		mlu_mapping_free(m);
	return err ? ERR_PTR(err) : in;
}

void mlu_maps_init(struct mlu_maps *maps)
{
	spin_lock_init(&maps->lock);
	INIT_LIST_HEAD(&maps->all);
	INIT_LIST_HEAD(&maps->probed);
	INIT_WORK(&maps->resolve, mlu_maps_resolve_work);
}

static int take_over(struct mlu_maps *maps, const struct vm_area_struct *vma)
{
	struct mlu_mapping *m;

	if (maps->last_id >= MLU_MAX_MAPPINGS)
		return -ENOSPC;
	m = mlu_mapping_new(vma, GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	spin_lock(&maps->lock);
	enlist(maps, m);
	spin_unlock(&maps->lock);
	return 0;
}

/* The first table, of all that are enlisted: they are in order of address. */
static int make_table(struct mlu_maps *maps)
{
	struct mlu_maps_table *table = mlu_maps_table_new(maps->last_id, GFP_KERNEL);
	struct mlu_mapping *m;

	if (!table)
		return -ENOMEM;
	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node)
		mlu_maps_table_append(table, m->start, m);
	rcu_assign_pointer(maps->table, table);
	spin_unlock(&maps->lock);
	return 0;
}

/*
 * mlu_maps_read() - take over all executable mappings of a new target
 * @mm: with a reference; nobody else uses @maps yet but the mmu notifier
 *
 * One table for all: one more for each would take seconds where there are thousands.  Until it is
 * there mmap_lock is held, for what is unmapped is looked up in it.
 *
 * Their files are held until mlu_maps_resolve(), and are being read when this returns.
 *
 * Context: may sleep, waits for mmap_lock.
 * Return: 0, -ENOMEM, or -ENOSPC for more than MLU_MAX_MAPPINGS.
 */
int mlu_maps_read(struct mlu_maps *maps, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	int err = 0;

	mmap_read_lock(mm);
	for (vma = find_vma(mm, 0); vma && !err; vma = find_vma(mm, vma->vm_end))
		if (vma->vm_flags & VM_EXEC && vma->vm_start < TASK_SIZE_MAX)
			err = take_over(maps, vma);
	if (!err)
		err = make_table(maps);
	mmap_read_unlock(mm);
	if (!err)
		mlu_maps_name_all(maps, mm);
	return err;
}

/** mlu_maps_exit() - free all mappings, after mlu_maps_close() and mlu_maps_retire() */
void mlu_maps_exit(struct mlu_maps *maps)
{
	struct mlu_mapping *m, *tmp;

	cancel_work_sync(&maps->resolve);
	list_for_each_entry_safe(m, tmp, &maps->all, node)
		mlu_mapping_free(m);
	/* Once closed the table is not replaced; with the last reference there is no reader. */
	kfree(rcu_dereference_protected(maps->table, maps->closed));
}

/*
 * mlu_maps_find() - the mapping of a pc, if it is known and still there
 *
 * Context: within rcu_read_lock(); does not sleep.
 */
struct mlu_mapping *mlu_maps_find(struct mlu_maps *maps, unsigned long pc)
{
	const struct mlu_maps_table *table = rcu_dereference(maps->table);

	return table ? mlu_maps_table_find(table, pc) : NULL;
}

/*
 * mlu_maps_find_at() - the mapping in which a pc lay at a time of the maps' clock
 *
 * A mapping that nobody had learned by then is not found, though it may be known now: it could be
 * another one that has come to its place.
 *
 * Context: any, does not sleep.
 */
struct mlu_mapping *mlu_maps_find_at(struct mlu_maps *maps, unsigned long pc, u32 time)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node)
		if (pc >= m->start && pc < m->end && m->born <= time && time < m->gone_at &&
		    !mlu_holes_had(&m->holes, pc, time))
			goto out;
	m = NULL;
out:
	spin_unlock(&maps->lock);
	return m;
}

/*
 * mlu_maps_unmap() - these addresses are being unmapped
 *
 * Context: mmu notifier; allocates nothing, cannot fail.
 */
void mlu_maps_unmap(struct mlu_maps *maps, unsigned long start, unsigned long end)
{
	spin_lock(&maps->lock);
	mark_overlapped(maps, start, end, NULL);
	spin_unlock(&maps->lock);
}

/*
 * mlu_maps_holes() - what is there no more of a mapping
 * @holes: filled in
 *
 * Context: any, does not sleep.  Return: whether something of it is left.
 */
bool mlu_maps_holes(struct mlu_maps *maps, const struct mlu_mapping *m, struct mlu_holes *holes)
{
	bool left;

	spin_lock(&maps->lock);
	/* Each is larger than the one before. */
	while (m->part_of)
		m = m->part_of;
	left = !m->gone;
	*holes = m->holes;
	spin_unlock(&maps->lock);
	return left;
}
