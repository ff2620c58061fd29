// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is mapped after the attach, by dlopen or a compiler at run time.
 *
 * Nobody tells of it: a pc in no known mapping is looked up in the mm, under mmap_lock if that is
 * to be had at once, and its mapping added to the known ones.
 *
 * Entered from handlers, within rcu_read_lock(), and mlu_maps_probe() from the worker before there
 * are any; nothing here sleeps.
 * Order: mmap_lock -> maps->lock.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>

#include "maps.h"
#include "mem.h"

/* Mappings of any sort that a handler looks at to find new libraries among them. */
#define MAX_LOOKED_AT 4096

/*
 * mlu_maps_probe() - there will be probes in the file of @m
 *
 * Context: the worker at attach; no lock, for nobody learns yet.
 */
void mlu_maps_probe(struct mlu_maps *maps, struct mlu_mapping *m)
{
	m->allocator = true;
	list_add_tail(&m->node_of_probed, &maps->probed);
}

/* Probes are in each mapping of their file, whenever it comes. */
static bool has_probes(const struct mlu_maps *maps, const struct mlu_mapping *m)
{
	const struct mlu_mapping *other;

	if (m->type != MLU_MAPPING_FILE)
		return false;
	list_for_each_entry(other, &maps->probed, node_of_probed)
		if (mlu_file_id_same_inode(&other->id_of_file, &m->id_of_file))
			return true;
	return false;
}

static struct mlu_mapping *learn_vma(struct mlu_maps *maps, const struct vm_area_struct *vma)
{
	struct mlu_mapping *m = mlu_mapping_new(vma, MLU_GFP);

	if (!m)
		return ERR_PTR(-ENOMEM);
	m->allocator = has_probes(maps, m);
	return mlu_maps_add(maps, m);
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

/**
 * mlu_maps_look_up() - find the mapping of a pc, adding it if it is not known yet
 * @maps: the maps
 * @mm: current->mm
 * @pc: the address
 *
 * mmap_lock is only tried: its holder may be waiting for a handler to end, or for userspace.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the mapping or an ERR_PTR: -EFAULT if nothing executable is mapped at @pc, so that it is
 * no return address; -EAGAIN if mmap_lock is taken; -ENOMEM; -ENOSPC, see mlu_maps_add().
 */
struct mlu_mapping *mlu_maps_look_up(struct mlu_maps *maps, struct mm_struct *mm, unsigned long pc)
{
	struct mlu_mapping *m = mlu_maps_find(maps, pc);
	struct vm_area_struct *vma;

	if (m)
		return m;
	if (pc >= TASK_SIZE_MAX)
		return ERR_PTR(-EFAULT);
	if (!mmap_read_trylock(mm))
		return ERR_PTR(-EAGAIN);
	vma = find_vma(mm, pc);
	if (!vma || vma->vm_start > pc || !(vma->vm_flags & VM_EXEC))
		m = ERR_PTR(-EFAULT);
	else
		m = learn_vma(maps, vma);
	/* The type, not m->file: mlu_maps_resolve_work() may have dropped the file already. */
	if (!IS_ERR(m) && m->type == MLU_MAPPING_FILE)
		learn_files(maps, mm);
	mmap_read_unlock(mm);
	if (!IS_ERR(m))
		mlu_maps_resolve(maps);
	return m;
}
