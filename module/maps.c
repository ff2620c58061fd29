// SPDX-License-Identifier: GPL-2.0-only
/*
 * The executable mappings of one target.
 *
 * A frame is a pc and its mapping, so each event looks up mappings in a handler: by bisection in a
 * sorted table under RCU (maps_table.c). maps_learn.c fills the table at attach and adds mappings
 * that are made later. munmap() is reported by the mmu notifier, which marks the mapping as gone
 * or a part of it as a hole. Neither is found any more, and a new mapping at the same address gets
 * a new id, unless it is the same part of the same file.
 *
 * maps->clock is incremented at each change. With it a stack that is walked some time after its
 * event still finds the mapping that a pc lay in when the event was.
 *
 * Context: mlu_maps_add() and mlu_maps_find() are called from handlers within rcu_read_lock() and
 * do not sleep. mlu_maps_unmap() is called from the mmu notifier under mmap_lock, when lookups in
 * the mm no longer find what is being unmapped. mlu_maps_publish_all() and mlu_maps_exit() are
 * called from the worker and may sleep.
 * Lock order: mmap_lock -> maps->lock.
 *
 * Ownership: the maps own their mappings and free them in mlu_maps_exit(). A mapping holds its
 * file from its creation until it is resolved (maps_resolve.c).
 */
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "dso.h"
#include "known_files.h"
#include "maps_internal.h"
#include "maps_table.h"
#include "mem.h"

/* How many of the newest mappings are searched for one that has been mapped again. */
#define MAX_LOOKED_BACK 1024

static struct mlu_maps_table *maps_table_locked(struct mlu_maps *maps)
{
	return rcu_dereference_protected(maps->table, lockdep_is_held(&maps->lock));
}

/* === Marking what is unmapped === */

static void maps_mark_gone(struct mlu_maps *maps, struct mlu_mapping *m)
{
	WRITE_ONCE(m->gone, true);
	m->gone_at = maps->clock;
}

/*
 * Whatever overlaps [@start, @end) has been unmapped, or has been merged by the kernel into @by.
 * @by is the mapping that is there now; NULL if nothing is.
 */
static void maps_mark_overlapped(struct mlu_maps *maps, unsigned long start, unsigned long end,
				 struct mlu_mapping *by)
{
	struct mlu_maps_table *table = maps_table_locked(maps);
	unsigned long left, left_end;
	bool is_change = by;
	unsigned int i;

	WRITE_ONCE(maps->clock, maps->clock + is_change);
	for (i = 0; table && i < table->nr; i++) {
		struct mlu_mapping *m = table->entry[i].mapping;

		if (m->start >= end || start >= m->end || m->gone || m == by)
			continue;
		/* Most ranges that are unmapped have no code: these leave the clock as it is. */
		if (!is_change)
			WRITE_ONCE(maps->clock, maps->clock + 1);
		is_change = true;
		if (by && mlu_mapping_is_part(m, by)) {
			WRITE_ONCE(m->part_of, by);
			maps_mark_gone(maps, m);
			continue;
		}
		mlu_holes_add(&m->holes, max(start, m->start), min(end, m->end), maps->clock);
		left = m->start;
		left_end = m->end;
		if (!mlu_holes_find_left(&m->holes, &left, &left_end))
			maps_mark_gone(maps, m);
		else if (by)
			WRITE_ONCE(by->overlays, true);
	}
}

/**
 * mlu_maps_unmap() - note that a range of addresses is being unmapped
 * @maps: the maps
 * @start: the first address
 * @end: the first address behind the range
 *
 * Context: mmu notifier. Does not sleep or allocate, cannot fail. Takes and releases maps->lock.
 */
void mlu_maps_unmap(struct mlu_maps *maps, unsigned long start, unsigned long end)
{
	spin_lock(&maps->lock);
	maps_mark_overlapped(maps, start, end, NULL);
	spin_unlock(&maps->lock);
}

/* === Adding === */

/*
 * Find the mapping like @m that was unmapped earlier, to use it again: a program that opens and
 * closes a library over and over then gets one mapping, and equal stacks. A mapping whose unwind
 * data could not be read is not used again, so that the data is read once more. No mapping is
 * used again while a late walk is pending, since its times would be overwritten.
 */
static struct mlu_mapping *maps_find_gone(struct mlu_maps *maps, const struct mlu_mapping *m)
{
	unsigned int looked_at = 0;
	struct mlu_mapping *old;
	struct mlu_dso *dso;

	if (atomic_read(&maps->nr_late_walks))
		return NULL;
	list_for_each_entry_reverse(old, &maps->all, node) {
		if (looked_at++ == MAX_LOOKED_BACK)
			break;
		if (old->gone && mlu_mapping_is_same(old, m) &&
		    mlu_mapping_rules(old, &dso) != MLU_RULES_MISSING)
			return old;
	}
	return NULL;
}

/* A present mapping like @m: another thread has added it, or its holes have been filled again. */
static struct mlu_mapping *maps_find_present(const struct mlu_maps_table *table,
					     const struct mlu_mapping *m)
{
	unsigned int i;

	for (i = 0; table && i < table->nr; i++)
		if (!table->entry[i].mapping->gone &&
		    mlu_mapping_is_same(table->entry[i].mapping, m))
			return table->entry[i].mapping;
	return NULL;
}

static void maps_append_locked(struct mlu_maps *maps, struct mlu_mapping *m)
{
	m->id = ++maps->last_id;
	maps->nr_unresolved += m->file ? 1 : 0;
	if (maps->known)
		mlu_known_files_apply(maps->known, m);
	list_add_tail(&m->node, &maps->all);
}

/*
 * Publish @table, filled from the current one and @m, or the equal mapping that @maps has already.
 * *@in is set to the mapping that is used.
 *
 * Return: 0; -EEXIST if that mapping is present already, so that @table is not needed; -EAGAIN if
 * @table has become too small; -ENOSPC if no mapping can be added.
 */
static int maps_publish(struct mlu_maps *maps, struct mlu_maps_table *table, struct mlu_mapping *m,
			struct mlu_mapping **in)
{
	struct mlu_maps_table *old = maps_table_locked(maps);
	struct mlu_mapping *used = maps_find_present(old, m);

	*in = used;
	/* A late walk needs the holes as they were. */
	if (used && (!used->holes.nr || atomic_read(&maps->nr_late_walks)))
		return -EEXIST;
	if (table->capacity < mlu_maps_table_capacity(old))
		return -EAGAIN;
	if (!used)
		used = maps_find_gone(maps, m);
	if (maps->closed || (!used && maps->last_id >= MLU_MAX_MAPPINGS))
		return -ENOSPC;
	if (!used) {
		maps_append_locked(maps, m);
		used = m;
		/* The kernel puts a file's probes into each mapping of it. */
		mlu_maps_inherit_probed_locked(maps, m);
	}
	*in = used;
	maps_mark_overlapped(maps, used->start, used->end, used);
	mlu_maps_table_fill(table, old, used);
	used->seen_at = maps->clock;
	used->gone_at = U32_MAX;
	WRITE_ONCE(used->part_of, NULL);
	WRITE_ONCE(used->holes.nr, 0);
	/* A reader of an older table may find it from here on, which is correct, too. */
	WRITE_ONCE(used->gone, false);
	rcu_assign_pointer(maps->table, table);
	return 0;
}

/**
 * mlu_maps_add() - add a mapping to the table
 * @maps: the maps
 * @m: the mapping; @maps owns it or frees it
 *
 * Context: Handler. Does not sleep. Takes and releases maps->lock.
 * Return: @m; or the equal mapping that @maps had already; or an ERR_PTR: -ENOMEM, or -ENOSPC if
 * the target has ended or has had MLU_MAX_MAPPINGS.
 */
struct mlu_mapping *mlu_maps_add(struct mlu_maps *maps, struct mlu_mapping *m)
{
	struct mlu_maps_table *table, *old;
	struct mlu_mapping *in = NULL;
	int err;

	do {
		rcu_read_lock();
		old = rcu_dereference(maps->table);
		table = mlu_maps_table_new(mlu_maps_table_capacity(old), MLU_GFP);
		rcu_read_unlock();
		err = -ENOMEM;
		if (!table)
			break;
		spin_lock(&maps->lock);
		old = maps_table_locked(maps);
		err = maps_publish(maps, table, m, &in);
		spin_unlock(&maps->lock);
		if (err)
			kfree(table);
		else if (old)
			kfree_rcu(old, rcu);
	} while (err == -EAGAIN);
	if (err == -EEXIST)
		err = 0;
	if (err || in != m)
		mlu_mapping_free(m);
	return err ? ERR_PTR(err) : in;
}

/**
 * mlu_maps_append() - append a mapping that is put into the table by mlu_maps_publish_all()
 * @maps: the maps; they own @m from then on
 * @m: the mapping, at a higher address than all before
 *
 * Context: Worker, at attach. Takes and releases maps->lock.
 */
void mlu_maps_append(struct mlu_maps *maps, struct mlu_mapping *m)
{
	spin_lock(&maps->lock);
	maps_append_locked(maps, m);
	spin_unlock(&maps->lock);
}

/**
 * mlu_maps_publish_all() - publish the first table, of all mappings that have been appended
 * @maps: the maps
 *
 * Context: Worker, at attach. May sleep. Takes and releases maps->lock.
 * Return: 0 or -ENOMEM.
 */
int mlu_maps_publish_all(struct mlu_maps *maps)
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

/* === Looking up === */

/**
 * mlu_maps_find() - find the present mapping of a pc, if it is in the table
 * @maps: the maps
 * @pc: the address
 *
 * Context: Any, within rcu_read_lock(). Does not sleep.
 * Return: the mapping or NULL.
 */
struct mlu_mapping *mlu_maps_find(struct mlu_maps *maps, unsigned long pc)
{
	const struct mlu_maps_table *table = rcu_dereference(maps->table);

	return table ? mlu_maps_table_find(table, pc) : NULL;
}

/**
 * mlu_maps_find_at() - find the mapping that a pc lay in at an earlier time
 * @maps: the maps
 * @pc: the address
 * @time: a value that maps->clock has had
 *
 * A mapping that was added after that time is not found: another one may have been at its address.
 *
 * Context: Any. Does not sleep. Takes and releases maps->lock.
 * Return: the mapping or NULL.
 */
struct mlu_mapping *mlu_maps_find_at(struct mlu_maps *maps, unsigned long pc, u32 time)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node)
		if (pc >= m->start && pc < m->end && m->seen_at <= time && time < m->gone_at &&
		    !mlu_holes_contained(&m->holes, pc, time))
			goto out;
	m = NULL;
out:
	spin_unlock(&maps->lock);
	return m;
}

/**
 * mlu_maps_next() - go through all mappings, present and past, oldest first
 * @maps: the maps
 * @m: the mapping before, or NULL
 *
 * Context: Any. Does not sleep. Takes and releases maps->lock.
 * Return: the next mapping, or NULL behind the last one.
 */
struct mlu_mapping *mlu_maps_next(struct mlu_maps *maps, struct mlu_mapping *m)
{
	struct list_head *next;

	spin_lock(&maps->lock);
	next = m ? m->node.next : maps->all.next;
	spin_unlock(&maps->lock);
	return next == &maps->all ? NULL : list_entry(next, struct mlu_mapping, node);
}

/**
 * mlu_maps_copy_holes() - copy the holes of a mapping, or of the larger one it is now a part of
 * @maps: the maps
 * @m: the mapping
 * @holes: set to its holes
 *
 * Context: Any. Does not sleep. Takes and releases maps->lock.
 * Return: true if any part of it is still mapped.
 */
bool mlu_maps_copy_holes(struct mlu_maps *maps, const struct mlu_mapping *m,
			 struct mlu_holes *holes)
{
	bool left;

	spin_lock(&maps->lock);
	/* This ends: each is larger than the one before. */
	while (m->part_of)
		m = m->part_of;
	left = !m->gone;
	*holes = m->holes;
	spin_unlock(&maps->lock);
	return left;
}

/* === Init and exit === */

/**
 * mlu_maps_init() - initialize the maps of a new target, without mappings
 * @maps: zeroed memory
 * @names: the names of functions that its files are searched for besides those of the table, or
 *	NULL; the maps take over the caller's reference
 */
void mlu_maps_init(struct mlu_maps *maps, struct mlu_names *names)
{
	static atomic_t last_number;

	maps->names = names;
	maps->number = atomic_inc_return(&last_number);
	spin_lock_init(&maps->lock);
	INIT_LIST_HEAD(&maps->all);
	INIT_LIST_HEAD(&maps->probed);
	INIT_WORK(&maps->resolve, mlu_maps_resolve_work);
}

/**
 * mlu_maps_exit() - free all mappings
 * @maps: the maps, which mlu_maps_close() and mlu_maps_retire() have been called for
 *
 * Context: Process context, with the last reference on the target. May sleep.
 */
void mlu_maps_exit(struct mlu_maps *maps)
{
	struct mlu_mapping *m, *tmp;

	cancel_work_sync(&maps->resolve);
	list_for_each_entry_safe(m, tmp, &maps->all, node)
		mlu_mapping_free(m);
	/* Once closed the table is not replaced; with the last reference there is no reader. */
	kfree(rcu_dereference_protected(maps->table, maps->closed));
	mlu_names_put(maps->names);
}
