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
		return NULL;
	m->allocator = has_probes(maps, m);
	m = mlu_maps_add(maps, m);
	return IS_ERR(m) ? NULL : m;
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

/* mmap_lock is only tried: whoever holds it may wait for a handler to end, or for userspace. */
static struct mlu_mapping *learn(struct mlu_maps *maps, struct mm_struct *mm, unsigned long pc,
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
	if (m && m->type == MLU_MAPPING_FILE)
		learn_files(maps, mm);
	mmap_read_unlock(mm);
	if (m)
		mlu_maps_resolve(maps);
	return m;
}

/*
 * mlu_maps_look_up() - the mapping of a pc, learned now if it is not known
 * @mm: current->mm
 * @no_code: says whether nothing executable is mapped there: @pc is no return address
 *
 * Context: handler, within rcu_read_lock(); does not sleep.
 * Return: NULL if it is no code, or could not be looked up now.
 */
struct mlu_mapping *mlu_maps_look_up(struct mlu_maps *maps, struct mm_struct *mm, unsigned long pc,
				     bool *no_code)
{
	struct mlu_mapping *m = mlu_maps_find(maps, pc);

	*no_code = false;
	return m ? m : learn(maps, mm, pc, no_code);
}
