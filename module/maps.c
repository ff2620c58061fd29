// SPDX-License-Identifier: GPL-2.0-only
/*
 * The executable mappings of one target.
 *
 * A frame is a pc and its mapping, so each event looks up mappings, in a handler: by bisection in a
 * sorted table under RCU.  The table is filled at attach; a pc in none of its mappings (dlopen,
 * JIT) is looked up in the mm, under mmap_lock if it is to be had at once, and added.  munmap() is
 * told by the mmu notifier, which marks the mapping as gone; a gone mapping is no longer found, and
 * a new one at its place gets a new id.  A clock that ticks at each change tells afterwards which
 * mapping a pc lay in at the time of an event whose stack is walked later.
 *
 * Entered from: the worker (read, exit; may sleep), handlers (find, learn; do not sleep, within
 * rcu_read_lock()), the mmu notifier (unmap; under mmap_lock for writing).
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

/* More mappings than any real program has; the tables are copied at each change. */
#define MAX_MAPPINGS 8192
/* Mappings of any sort that a handler looks at to find new libraries among them. */
#define MAX_LOOKED_AT 4096

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

/* 0, -EAGAIN if @table is too small by now, or why there is no room for @m. */
static int publish(struct mlu_maps *maps, struct mlu_maps_table *table, unsigned int room,
		   struct mlu_mapping *m)
{
	struct mlu_maps_table *old;
	int err = 0;

	spin_lock(&maps->lock);
	old = table_of(maps);
	if (maps->closed || maps->last_id >= MAX_MAPPINGS) {
		err = -ENOSPC;
	} else if (old && old->nr >= room) {
		err = -EAGAIN;
	} else {
		mark_overlapped(maps, m->start, m->end);
		table_fill(table, old, m);
		m->id = ++maps->last_id;
		m->born = maps->clock;
		maps->nr_unresolved += m->file ? 1 : 0;
		list_add_tail(&m->node, &maps->all);
		rcu_assign_pointer(maps->table, table);
	}
	spin_unlock(&maps->lock);
	if (!err && old)
		kfree_rcu(old, rcu);
	return err;
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

/* Add @m, which is the maps' own from then on. */
static int add(struct mlu_maps *maps, struct mlu_mapping *m, gfp_t gfp)
{
	int err;

	do {
		unsigned int room = table_room(maps);
		struct mlu_maps_table *table = kmalloc(table_size(room), gfp);

		if (!table)
			return -ENOMEM;
		err = publish(maps, table, room, m);
		if (err)
			kfree(table);
	} while (err == -EAGAIN);
	return err;
}

void mlu_maps_init(struct mlu_maps *maps)
{
	spin_lock_init(&maps->lock);
	INIT_LIST_HEAD(&maps->all);
	INIT_WORK(&maps->resolve, mlu_maps_resolve_work);
}

static int add_vma(struct mlu_maps *maps, const struct vm_area_struct *vma)
{
	struct mlu_mapping *m = mlu_mapping_new(vma, GFP_KERNEL);
	int err;

	if (!m)
		return -ENOMEM;
	err = add(maps, m, GFP_KERNEL);
	if (err)
		mlu_mapping_free(m);
	return err;
}

/*
 * mlu_maps_read() - take over all executable mappings of a new target
 * @mm: with a reference; nobody else uses @maps yet
 *
 * Their files are held until mlu_maps_resolve(), and are being read when this returns.
 *
 * Context: may sleep, waits for mmap_lock.
 */
int mlu_maps_read(struct mlu_maps *maps, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct mlu_mapping *m;
	int err = 0;

	mmap_read_lock(mm);
	for (vma = find_vma(mm, 0); vma && !err; vma = find_vma(mm, vma->vm_end))
		if (vma->vm_flags & VM_EXEC && vma->vm_start < TASK_SIZE_MAX)
			err = add_vma(maps, vma);
	mmap_read_unlock(mm);
	list_for_each_entry(m, &maps->all, node) {
		if (m->file)
			mlu_mapping_name_file(m);
		else if (m->sort == MLU_MAPPING_VDSO)
			mlu_mapping_name_vdso(m, mm);
	}
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

static struct mlu_mapping *learn_vma(struct mlu_maps *maps, const struct vm_area_struct *vma)
{
	struct mlu_mapping *m = mlu_mapping_new(vma, MLU_GFP);

	if (m && add(maps, m, MLU_GFP)) {
		mlu_mapping_free(m);
		m = NULL;
	}
	return m;
}

/*
 * A library has come, perhaps with others: a walk that is made later can find only what is learned
 * by now.
 */
static void learn_files(struct mlu_maps *maps, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned int n = 0;

	for (vma = find_vma(mm, 0); vma && n < MAX_LOOKED_AT; vma = find_vma(mm, vma->vm_end), n++)
		if (vma->vm_file && vma->vm_flags & VM_EXEC && !mlu_maps_find(maps, vma->vm_start))
			learn_vma(maps, vma);
}

/*
 * mlu_maps_learn() - look up a pc that mlu_maps_find() does not know
 * @mm: current->mm
 * @no_code: set if nothing executable is mapped there: @pc is no return address
 *
 * mmap_lock is only tried: whoever holds it may wait for a handler to end, or for userspace.
 *
 * Context: handler, within rcu_read_lock(); does not sleep.
 * Return: NULL if it is no code, or could not be looked up now.
 */
struct mlu_mapping *mlu_maps_learn(struct mlu_maps *maps, struct mm_struct *mm, unsigned long pc,
				   bool *no_code)
{
	struct mlu_mapping *m = NULL;
	struct vm_area_struct *vma;

	*no_code = pc >= TASK_SIZE_MAX;
	if (*no_code || !mmap_read_trylock(mm))
		return NULL;
	vma = find_vma(mm, pc);
	if (!vma || vma->vm_start > pc || !(vma->vm_flags & VM_EXEC))
		*no_code = true;
	else
		m = learn_vma(maps, vma);
	/* Not by m->file: the worker may have let go of that already. */
	if (m && m->sort == MLU_MAPPING_FILE)
		learn_files(maps, mm);
	mmap_read_unlock(mm);
	if (m)
		mlu_maps_resolve(maps);
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
