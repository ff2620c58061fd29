// SPDX-License-Identifier: GPL-2.0-only
/*
 * The present mappings of a target: a sorted table, replaced by a new one for each mapping that is
 * added.
 *
 * A mapping that is unmapped between two tables is marked as gone, or has a hole.
 *
 * Context: Tables are filled under maps->lock and looked up in handlers within rcu_read_lock().
 * Nothing here sleeps, except mlu_maps_table_new() with a gfp that allows it.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "maps_table.h"

/**
 * mlu_maps_table_new() - allocate an empty table
 * @capacity: the number of entries it can hold
 * @gfp: as for kmalloc()
 *
 * Return: the table, which is freed with kfree(), or NULL.
 */
struct mlu_maps_table *mlu_maps_table_new(unsigned int capacity, gfp_t gfp)
{
	struct mlu_maps_table *table = kmalloc(struct_size(table, entry, capacity), gfp);

	if (!table)
		return NULL;
	table->nr = 0;
	table->capacity = capacity;
	return table;
}

/**
 * mlu_maps_table_capacity() - the capacity a table needs to hold another one and a new mapping
 * @old: the other table; may be NULL
 *
 * Context: Within rcu_read_lock() or under maps->lock.
 * Return: the number of parts of the mappings in @old at most; plus one for the new mapping, and
 * one more as it may lie within one of these parts and divide it.
 */
unsigned int mlu_maps_table_capacity(const struct mlu_maps_table *old)
{
	unsigned int i, capacity = 2;

	for (i = 0; old && i < old->nr; i++)
		capacity += 1 + READ_ONCE(old->entry[i].mapping->holes.nr);
	return capacity;
}

/**
 * mlu_maps_table_append() - append an entry
 * @table: the table, which is not full
 * @start: the first address of the entry, higher than all before
 * @m: the mapping that lies there
 */
void mlu_maps_table_append(struct mlu_maps_table *table, unsigned long start, struct mlu_mapping *m)
{
	if (WARN_ON_ONCE(table->nr == table->capacity))
		return;
	table->entry[table->nr].start = start;
	table->entry[table->nr++].mapping = m;
}

/**
 * mlu_maps_table_fill() - fill a table with what is left of the mappings of another, and a new one
 * @table: the empty table, with the capacity that mlu_maps_table_capacity() returns
 * @old: the other table; may be NULL
 * @m: the new mapping; all that overlaps it has been marked as gone or has a hole there
 *
 * Context: Under maps->lock.
 */
void mlu_maps_table_fill(struct mlu_maps_table *table, const struct mlu_maps_table *old,
			 struct mlu_mapping *m)
{
	bool appended = false;
	unsigned int i;

	for (i = 0; old && i < old->nr; i++) {
		struct mlu_mapping *o = old->entry[i].mapping;
		unsigned long start = old->entry[i].start, end = o->end, to;

		if (i + 1 < old->nr)
			end = min(end, old->entry[i + 1].start);
		if (o->gone || o == m)
			continue;
		/* Append what is left of @o in [@start, @end), and @m before what follows it. */
		for (to = end; mlu_holes_find_left(&o->holes, &start, &to); start = to, to = end) {
			if (!appended && m->start < start) {
				mlu_maps_table_append(table, m->start, m);
				appended = true;
			}
			mlu_maps_table_append(table, start, o);
		}
	}
	if (!appended)
		mlu_maps_table_append(table, m->start, m);
}

/**
 * mlu_maps_table_find() - find the mapping of an address
 * @table: the table
 * @pc: the address
 *
 * Context: Any, within rcu_read_lock(). Does not sleep.
 * Return: the mapping or NULL.
 */
struct mlu_mapping *mlu_maps_table_find(const struct mlu_maps_table *table, unsigned long pc)
{
	unsigned int low = 0, high = table->nr;
	struct mlu_mapping *m;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (pc < table->entry[mid].start)
			high = mid;
		else
			low = mid + 1;
	}
	if (!low)
		return NULL;
	m = table->entry[low - 1].mapping;
	return pc < m->end && !READ_ONCE(m->gone) && !mlu_holes_contain(&m->holes, pc) ? m : NULL;
}
