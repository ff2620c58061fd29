// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of a target's mappings that the worker holds, and which of them have probes.
 *
 * The worker holds the file of a mapping while it finds out whether the file defines an allocator,
 * and as long as probes are in it: the uprobe core requires that of the inode. The reference
 * (@held) is apart from that of a new mapping (@file), which maps_resolve.c drops at any moment.
 * If a mapping has both, they are of one struct file.
 *
 * A held file is not closed here, since closing may wait for a server: it becomes the mapping's
 * @file once more, and maps_resolve.c closes it.
 *
 * Probes are in an inode, so all mappings of it are an allocator's or none is. maps->lock keeps
 * this so: a mapping that a handler adds at the same moment gets the marks of the others.
 *
 * Context: The worker. Nothing here sleeps.
 * Locks: maps->lock, a leaf.
 */
#include <linux/file.h>
#include <linux/fs.h>

#include "maps_internal.h"

/* === Files === */

/**
 * mlu_maps_hold_locked() - hold the file of a mapping
 * @maps: the maps
 * @m: the mapping
 * @file: what is mapped there
 *
 * Context: Worker, under maps->lock.
 */
void mlu_maps_hold_locked(struct mlu_maps *maps, struct mlu_mapping *m, struct file *file)
{
	if (!m->held)
		m->held = get_file(m->file ? m->file : file);
}

/**
 * mlu_maps_release_locked() - release the file of a mapping, if it is held
 * @maps: the maps
 * @m: the mapping
 *
 * Context: Worker, under maps->lock. The caller calls mlu_maps_resolve() afterwards.
 */
void mlu_maps_release_locked(struct mlu_maps *maps, struct mlu_mapping *m)
{
	struct file *held = m->held;

	m->held = NULL;
	m->used = false;
	if (!held)
		return;
	if (m->file) {
		/* Not the last reference: @file is another one. */
		fput(held);
		return;
	}
	WRITE_ONCE(m->file, held);
	maps->nr_unresolved++;
}

/**
 * mlu_maps_name_again() - have a held file read for which there was no memory before
 * @maps: the maps
 * @m: the mapping
 *
 * Context: Worker. Takes and releases maps->lock.
 */
void mlu_maps_name_again(struct mlu_maps *maps, struct mlu_mapping *m)
{
	spin_lock(&maps->lock);
	if (!m->file) {
		WRITE_ONCE(m->file, get_file(m->held));
		maps->nr_unresolved++;
	}
	spin_unlock(&maps->lock);
	mlu_maps_resolve(maps);
}

/**
 * mlu_maps_end_attach() - all mappings that are held have been examined: release those without
 *	probes
 * @maps: the maps
 *
 * Context: Worker, at the end of an attach. Takes and releases maps->lock.
 */
void mlu_maps_end_attach(struct mlu_maps *maps)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node) {
		if (!m->held)
			continue;
		m->examined = true;
		if (!m->used)
			mlu_maps_release_locked(maps, m);
	}
	spin_unlock(&maps->lock);
	mlu_maps_resolve(maps);
}

/* === Probes === */

static bool is_same_inode(const struct mlu_mapping *a, const struct mlu_mapping *b)
{
	return a->type == MLU_MAPPING_FILE && b->type == MLU_MAPPING_FILE &&
	       mlu_file_id_is_same_inode(&a->file_id, &b->file_id);
}

static void copy_marks(struct mlu_mapping *m, const struct mlu_mapping *from)
{
	m->late_since_ns = from->late_since_ns;
	m->late_after_ns = from->late_after_ns;
	WRITE_ONCE(m->late, from->late);
	m->inherited = from->inherited;
	WRITE_ONCE(m->allocator, from->allocator);
}

/**
 * mlu_maps_inherit_probed_locked() - mark a new mapping whose file has probes
 * @maps: the maps
 * @m: the mapping
 *
 * Context: Any, under maps->lock.
 */
void mlu_maps_inherit_probed_locked(struct mlu_maps *maps, struct mlu_mapping *m)
{
	const struct mlu_mapping *other;

	list_for_each_entry(other, &maps->probed, probed_node)
		if (is_same_inode(other, m))
			copy_marks(m, other);
}

static void copy_marks_to_all(struct mlu_maps *maps, const struct mlu_mapping *m)
{
	struct mlu_mapping *other;

	list_for_each_entry(other, &maps->all, node)
		if (is_same_inode(other, m))
			copy_marks(other, m);
}

/**
 * mlu_maps_set_probed() - mark a mapping, and all others of its file, as those of an allocator
 * @maps: the maps
 * @m: the mapping
 *
 * The calls that are in flight are not affected: whether a call is nested was decided at its entry.
 * From now on a call that the file's code makes may be nested. Until the file's own functions have
 * their probes, no call of them is in flight; a mapping that they make is found to be nested by its
 * stack, as if the call had begun before the attach.
 *
 * Context: Worker, before the first probe is inserted into the file. Takes and releases maps->lock.
 */
void mlu_maps_set_probed(struct mlu_maps *maps, struct mlu_mapping *m)
{
	spin_lock(&maps->lock);
	if (!m->allocator || m->inherited) {
		m->inherited = false;
		WRITE_ONCE(m->allocator, true);
		list_add_tail(&m->probed_node, &maps->probed);
		copy_marks_to_all(maps, m);
	}
	spin_unlock(&maps->lock);
}

/**
 * mlu_maps_set_late() - note that all probes of a file have been inserted, after the attach
 * @maps: the maps
 * @m: the mapping that mlu_maps_set_probed() was called for first
 * @since_ns: the time since the attach
 * @after_ns: for how long the mapping had been there at most
 *
 * Context: Worker. Takes and releases maps->lock.
 */
void mlu_maps_set_late(struct mlu_maps *maps, struct mlu_mapping *m, u64 since_ns, u64 after_ns)
{
	spin_lock(&maps->lock);
	m->late = true;
	m->late_since_ns = since_ns;
	m->late_after_ns = after_ns;
	copy_marks_to_all(maps, m);
	spin_unlock(&maps->lock);
}

static void clear_marks_locked(struct mlu_maps *maps, const struct mlu_mapping *m)
{
	struct mlu_mapping *other, *tmp;

	list_for_each_entry_safe(other, tmp, &maps->probed, probed_node)
		if (is_same_inode(other, m))
			list_del(&other->probed_node);
	list_for_each_entry(other, &maps->all, node) {
		if (!is_same_inode(other, m))
			continue;
		WRITE_ONCE(other->allocator, false);
		WRITE_ONCE(other->late, false);
		other->used = false;
	}
}

/**
 * mlu_maps_clear_allocator() - no probe could be inserted into a file: undo mlu_maps_set_probed()
 * @maps: the maps
 * @m: any mapping of the file; its mappings stay held
 *
 * Context: Worker. Takes and releases maps->lock.
 */
void mlu_maps_clear_allocator(struct mlu_maps *maps, struct mlu_mapping *m)
{
	spin_lock(&maps->lock);
	clear_marks_locked(maps, m);
	spin_unlock(&maps->lock);
}

/**
 * mlu_maps_clear_probed() - all probes of a file have been removed: undo mlu_maps_set_probed()
 * @maps: the maps
 * @m: any mapping of the file
 *
 * Its mappings are released, and are examined again if they come back.
 *
 * Context: Worker. Takes and releases maps->lock.
 */
void mlu_maps_clear_probed(struct mlu_maps *maps, struct mlu_mapping *m)
{
	struct mlu_mapping *other;

	spin_lock(&maps->lock);
	clear_marks_locked(maps, m);
	list_for_each_entry(other, &maps->all, node) {
		if (!is_same_inode(other, m))
			continue;
		other->examined = false;
		/* One that is pending is examined as a new one. */
		if (list_empty(&other->pending_node))
			mlu_maps_release_locked(maps, other);
	}
	spin_unlock(&maps->lock);
	mlu_maps_resolve(maps);
}

/**
 * mlu_maps_end_pending() - a pending mapping has been examined: release it, unless it has probes
 * @maps: the maps
 * @m: the mapping
 * @err: why its file has no probes although it defines an allocator; 0: it has, or does not
 *
 * Context: Worker. Takes and releases maps->lock.
 */
void mlu_maps_end_pending(struct mlu_maps *maps, struct mlu_mapping *m, int err)
{
	spin_lock(&maps->lock);
	list_del_init(&m->pending_node);
	m->examined = true;
	m->tries = 0;
	WRITE_ONCE(m->late_err, err);
	m->failed_at = m->seen_at;
	if (!m->used)
		mlu_maps_release_locked(maps, m);
	spin_unlock(&maps->lock);
	mlu_maps_resolve(maps);
}

/**
 * mlu_maps_drop_pending() - release a pending mapping that has been unmapped
 * @maps: the maps
 * @m: the mapping, which is examined if it comes back
 *
 * Context: Worker. Takes and releases maps->lock.
 */
void mlu_maps_drop_pending(struct mlu_maps *maps, struct mlu_mapping *m)
{
	spin_lock(&maps->lock);
	list_del_init(&m->pending_node);
	mlu_maps_release_locked(maps, m);
	spin_unlock(&maps->lock);
	mlu_maps_resolve(maps);
}

/**
 * mlu_maps_has_present() - is any part of a file mapped?
 * @maps: the maps
 * @m: a mapping of the file
 *
 * Context: Worker. Takes and releases maps->lock.
 * Return: true if a known mapping of it is present.
 */
bool mlu_maps_has_present(struct mlu_maps *maps, const struct mlu_mapping *m)
{
	const struct mlu_mapping *other;
	bool found = false;

	spin_lock(&maps->lock);
	list_for_each_entry(other, &maps->all, node)
		found |= !other->gone && is_same_inode(other, m);
	spin_unlock(&maps->lock);
	return found;
}
