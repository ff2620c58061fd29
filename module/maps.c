// SPDX-License-Identifier: GPL-2.0-only
/*
 * The executable mappings of one target.
 *
 * A frame is a pc and its mapping, so each event looks up mappings, in a handler: by bisection in a
 * sorted table under RCU.  The table is filled at attach; what comes later is learned
 * (maps_learn.c).  munmap() is told by the mmu notifier, which marks the mapping as gone; a gone
 * mapping is no longer found, and a new one at its place gets a new id, unless it is the same part
 * of the same file.  A clock that ticks at each change tells afterwards which mapping a pc lay in
 * at the time of an event whose stack is walked later.
 *
 * Entered from: the worker (read, exit; may sleep), handlers (find, add; do not sleep, within
 * rcu_read_lock()), the mmu notifier (unmap; under mmap_lock, for what no lookup finds any more).
 * Order: mmap_lock -> maps->lock.
 *
 * Ownership: mappings belong to the maps and go with them.  A file is held from the moment its
 * mapping is seen until it is resolved (maps_files.c).
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
#include "mem.h"

/* Live mappings by address; immutable once published. */
struct mlu_maps_table {
	struct rcu_head rcu;
	unsigned int nr;
	struct mlu_mapping *mapping[];
};

/* How many of the newest are searched for one that has come again. */
#define MAX_LOOKED_BACK 1024

static size_t table_size(unsigned int nr)
{
	return struct_size((struct mlu_maps_table *)NULL, mapping, nr);
}

static struct mlu_maps_table *table_of(struct mlu_maps *maps)
{
	return rcu_dereference_protected(maps->table, lockdep_is_held(&maps->lock));
}

/* The live mappings of @old, and @m, in order of address. */
static void table_fill(struct mlu_maps_table *table, const struct mlu_maps_table *old,
		       struct mlu_mapping *m)
{
	unsigned int i;

	table->nr = 0;
	for (i = 0; old && i < old->nr; i++) {
		struct mlu_mapping *o = old->mapping[i];

		if (o->gone)
			continue;
		if (m && m->start < o->start) {
			table->mapping[table->nr++] = m;
			m = NULL;
		}
		table->mapping[table->nr++] = o;
	}
	if (m)
		table->mapping[table->nr++] = m;
}

/* What overlaps is gone. */
static void mark_overlapped(struct mlu_maps *maps, unsigned long start, unsigned long end)
{
	struct mlu_maps_table *table = table_of(maps);
	unsigned int i;

	WRITE_ONCE(maps->clock, maps->clock + 1);
	for (i = 0; table && i < table->nr; i++) {
		struct mlu_mapping *m = table->mapping[i];

		if (m->start >= end || start >= m->end || m->gone)
			continue;
		WRITE_ONCE(m->gone, true);
		m->gone_at = maps->clock;
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

/* Another thread has seen it, too. */
static struct mlu_mapping *find_there(const struct mlu_maps_table *table,
				      const struct mlu_mapping *m)
{
	unsigned int i;

	for (i = 0; table && i < table->nr; i++)
		if (!table->mapping[i]->gone && mlu_mapping_same(table->mapping[i], m))
			return table->mapping[i];
	return NULL;
}

static void enlist(struct mlu_maps *maps, struct mlu_mapping *m)
{
	m->id = ++maps->last_id;
	maps->nr_unresolved += m->file ? 1 : 0;
	list_add_tail(&m->node, &maps->all);
}

static void put_in(struct mlu_maps *maps, struct mlu_maps_table *table, struct mlu_mapping *m)
{
	mark_overlapped(maps, m->start, m->end);
	table_fill(table, table_of(maps), m);
	m->born = maps->clock;
	m->gone_at = U32_MAX;
	/* Who finds it in an older table is right, too. */
	WRITE_ONCE(m->gone, false);
	rcu_assign_pointer(maps->table, table);
}

/*
 * Under the lock.  Return: 0; -EEXIST if @in is there already, -EAGAIN if @table is too small by
 * now, or why there is no room for @m, which @in has become.
 */
static int publish(struct mlu_maps *maps, struct mlu_maps_table *table, unsigned int room,
		   struct mlu_mapping *m, struct mlu_mapping **in)
{
	struct mlu_maps_table *old = table_of(maps);

	*in = find_there(old, m);
	if (*in)
		return -EEXIST;
	if (old && old->nr >= room)
		return -EAGAIN;
	*in = find_again(maps, m);
	if (maps->closed || (!*in && maps->last_id >= MLU_MAX_MAPPINGS))
		return -ENOSPC;
	if (!*in) {
		*in = m;
		enlist(maps, m);
	}
	put_in(maps, table, *in);
	return 0;
}

static unsigned int table_room(struct mlu_maps *maps)
{
	const struct mlu_maps_table *table;
	unsigned int room;

	rcu_read_lock();
	table = rcu_dereference(maps->table);
	room = (table ? table->nr : 0) + 1;
	rcu_read_unlock();
	return room;
}

static int try_to_add(struct mlu_maps *maps, struct mlu_mapping *m, struct mlu_mapping **in)
{
	unsigned int room = table_room(maps);
	struct mlu_maps_table *table = kmalloc(table_size(room), MLU_GFP), *old;
	int err;

	if (!table)
		return -ENOMEM;
	spin_lock(&maps->lock);
	old = table_of(maps);
	err = publish(maps, table, room, m, in);
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
	struct mlu_maps_table *table = kmalloc(table_size(maps->last_id), GFP_KERNEL);
	struct mlu_mapping *m;

	if (!table)
		return -ENOMEM;
	table->nr = 0;
	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node)
		table->mapping[table->nr++] = m;
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

/** mlu_maps_exit() - free all; after mlu_maps_close() or a failed attach */
void mlu_maps_exit(struct mlu_maps *maps)
{
	struct mlu_mapping *m, *tmp;

	cancel_work_sync(&maps->resolve);
	list_for_each_entry_safe(m, tmp, &maps->all, node)
		mlu_mapping_free(m);
	kfree(rcu_dereference_protected(maps->table, true));
}

/*
 * mlu_maps_find() - the mapping of a pc, if it is known and still there
 *
 * Context: within rcu_read_lock(); does not sleep.
 */
struct mlu_mapping *mlu_maps_find(struct mlu_maps *maps, unsigned long pc)
{
	const struct mlu_maps_table *table = rcu_dereference(maps->table);
	unsigned int low = 0, high = table ? table->nr : 0;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		struct mlu_mapping *m = table->mapping[mid];

		if (pc < m->start)
			high = mid;
		else if (pc >= m->end)
			low = mid + 1;
		else
			return READ_ONCE(m->gone) ? NULL : m;
	}
	return NULL;
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
		if (pc >= m->start && pc < m->end && m->born <= time && time < m->gone_at)
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
	mark_overlapped(maps, start, end);
	spin_unlock(&maps->lock);
}
