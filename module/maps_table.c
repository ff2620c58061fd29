// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings that are there, by address: a sorted table, made anew whenever one comes.
 *
 * What goes in between is told by the mappings themselves, which say that they are gone or have
 * holes.
 *
 * Made under the lock of the maps, looked up in handlers within rcu_read_lock(); nothing here
 * sleeps but mlu_maps_table_new(), if it may.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "maps_table.h"

/* mlu_maps_table_new() - an empty table, or NULL; freed by kfree() */
struct mlu_maps_table *mlu_maps_table_new(unsigned int room, gfp_t gfp)
{
	struct mlu_maps_table *table = kmalloc(struct_size(table, entry, room), gfp);

	if (!table)
		return NULL;
	table->nr = 0;
	table->room = room;
	return table;
}

/*
 * mlu_maps_table_room() - how large one has to be that is filled from @old and one more mapping
 * @old: or NULL
 *
 * As many entries as there are parts of mappings at most, the new one, and one more part: the new
 * one may lie within one of them, and is cut out of it.
 */
unsigned int mlu_maps_table_room(const struct mlu_maps_table *old)
{
	unsigned int i, room = 2;

	for (i = 0; old && i < old->nr; i++)
		room += 1 + READ_ONCE(old->entry[i].mapping->holes.nr);
	return room;
}

/* mlu_maps_table_append() - an entry behind all others */
void mlu_maps_table_append(struct mlu_maps_table *table, unsigned long start, struct mlu_mapping *m)
{
	if (WARN_ON_ONCE(table->nr == table->room))
		return;
	table->entry[table->nr].start = start;
	table->entry[table->nr++].mapping = m;
}

/* What is left of @o between two addresses, behind *@m if that comes first: then it is in. */
static void append_parts(struct mlu_maps_table *table, struct mlu_mapping *o, unsigned long start,
			 unsigned long end, struct mlu_mapping **m)
{
	unsigned long to = end;

	for (; mlu_holes_leave(&o->holes, &start, &to); start = to, to = end) {
		if (*m && (*m)->start < start) {
			mlu_maps_table_append(table, (*m)->start, *m);
			*m = NULL;
		}
		mlu_maps_table_append(table, start, o);
	}
}

/*
 * mlu_maps_table_fill() - what is left of the mappings of @old, and @m as a whole
 * @table: with room for them, see mlu_maps_table_room()
 * @old: or NULL; all that overlaps @m is marked as gone or has a hole there
 */
void mlu_maps_table_fill(struct mlu_maps_table *table, const struct mlu_maps_table *old,
			 struct mlu_mapping *m)
{
	struct mlu_mapping *still = m;
	unsigned int i;

	for (i = 0; old && i < old->nr; i++) {
		struct mlu_mapping *o = old->entry[i].mapping;
		unsigned long end = o->end;

		if (i + 1 < old->nr)
			end = min(end, old->entry[i + 1].start);
		if (!o->gone && o != m)
			append_parts(table, o, old->entry[i].start, end, &still);
	}
	if (still)
		mlu_maps_table_append(table, still->start, still);
}

/* mlu_maps_table_find() - the mapping of @pc, or NULL */
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
	return pc < m->end && !READ_ONCE(m->gone) && !mlu_holes_have(&m->holes, pc) ? m : NULL;
}
