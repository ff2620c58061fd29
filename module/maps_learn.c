// SPDX-License-Identifier: GPL-2.0-only
/*
 * Take the executable mappings of a target over from its mm.
 *
 * All mappings are read at attach. What dlopen() or a compiler at run time maps later is not
 * reported by the kernel, so a pc in no known mapping is looked up in the mm, if mmap_lock is free
 * at that moment, and its mapping is added. The worker finds the rest (maps_scan.c).
 *
 * Context: mlu_maps_read() is called from the worker at attach, before there is a handler.
 * mlu_maps_look_up() is called from handlers within rcu_read_lock() and does not sleep.
 * Lock order: mmap_lock -> maps->lock.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>

#include "maps_internal.h"
#include "mem.h"

/* How many mappings of the mm a handler looks at to find new libraries among them. */
#define MAX_LOOKED_AT 4096

/**
 * mlu_maps_read() - take over all executable mappings of a new target
 * @maps: the maps, which only the mmu notifier uses yet
 * @mm: the target's mm; the caller holds a reference on its users
 *
 * One table is made for all: one more for each mapping would take seconds where there are
 * thousands. mmap_lock is held until the table is published, since mlu_maps_unmap() looks up in
 * the table what is unmapped.
 *
 * When this returns the files of the mappings are being read. They are held until
 * mlu_maps_end_attach().
 *
 * Context: Worker. May sleep. Takes and releases mmap_lock.
 * Return: 0, -ENOMEM, or -ENOSPC if there are more than MLU_MAX_MAPPINGS.
 */
int mlu_maps_read(struct mlu_maps *maps, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct mlu_mapping *m;
	int err;

	mmap_read_lock(mm);
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end)) {
		if (!(vma->vm_flags & VM_EXEC) || vma->vm_start >= TASK_SIZE_MAX)
			continue;
		err = -ENOSPC;
		if (maps->last_id >= MLU_MAX_MAPPINGS)
			goto out;
		err = -ENOMEM;
		m = mlu_mapping_new(vma, GFP_KERNEL);
		if (!m)
			goto out;
		if (m->file)
			m->held = get_file(m->file);
		mlu_maps_append(maps, m);
	}
	err = mlu_maps_publish_all(maps);
out:
	mmap_read_unlock(mm);
	if (!err)
		mlu_maps_name_all(maps, mm);
	return err;
}

/**
 * mlu_maps_learn() - add a mapping of the mm, if it is not known yet
 * @maps: the maps
 * @vma: the mapping
 * @gfp: as for kmalloc()
 *
 * Context: Under mmap_lock. Does not sleep unless @gfp allows it.
 * Return: as mlu_maps_add().
 */
struct mlu_mapping *mlu_maps_learn(struct mlu_maps *maps, const struct vm_area_struct *vma,
				   gfp_t gfp)
{
	struct mlu_mapping *m = mlu_mapping_new(vma, gfp);

	return m ? mlu_maps_add(maps, m) : ERR_PTR(-ENOMEM);
}

/**
 * mlu_maps_recheck() - find what was mapped and unmapped while a target had no notifier
 * @maps: the maps of a target that was made in a handler
 * @mm: the target's mm; the caller holds a reference on its users
 *
 * Without memory, a mapping is added by a handler or by a scan.
 *
 * Context: Worker, when the target has its notifier. May sleep. Takes and releases mmap_lock.
 */
void mlu_maps_recheck(struct mlu_maps *maps, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct mlu_mapping *m;
	unsigned long end = 0;

	mmap_read_lock(mm);
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end)) {
		if (!(vma->vm_flags & VM_EXEC) || vma->vm_start >= TASK_SIZE_MAX)
			continue;
		mlu_maps_unmap(maps, end, vma->vm_start);
		end = vma->vm_end;
		/* One that is known is found, and replaces what was there before. */
		m = mlu_maps_learn(maps, vma, GFP_KERNEL);
		if (!IS_ERR(m) && m->type == MLU_MAPPING_VDSO && !mlu_mapping_dso(m))
			mlu_mapping_name_vdso(m, mm);
	}
	mlu_maps_unmap(maps, end, ULONG_MAX);
	mmap_read_unlock(mm);
	mlu_maps_resolve(maps);
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
	unsigned int n = 0;

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
		m = mlu_maps_learn(maps, vma, MLU_GFP);
	/*
	 * A library has been mapped, perhaps together with others. Add them all: a late walk finds
	 * only mappings that were added by the time of its event. The type is checked, not m->file,
	 * as mlu_maps_resolve_work() may have dropped the file already.
	 */
	if (IS_ERR(m) || m->type != MLU_MAPPING_FILE)
		goto out;
	for (vma = find_vma(mm, 0); vma && n < MAX_LOOKED_AT; vma = find_vma(mm, vma->vm_end), n++)
		if (vma->vm_file && vma->vm_flags & VM_EXEC && !mlu_maps_find(maps, vma->vm_start))
			mlu_maps_learn(maps, vma, MLU_GFP);
out:
	mmap_read_unlock(mm);
	if (!IS_ERR(m))
		mlu_maps_resolve(maps);
	return m;
}
