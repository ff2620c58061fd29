// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the file mappings that a target has made since its attach.
 *
 * Handlers add a mapping when a stack leads through it. The worker cannot wait for that: an
 * allocator that the program has opened is to be probed soon. So it walks through the mm when that
 * has changed (late.c), adds what is not known, and holds each file that has not been examined for
 * an allocator.
 *
 * mmap_lock is only tried. Its holder may be waiting for a server that does not respond, and the
 * worker must be able to detach other targets meanwhile. It is released now and then.
 *
 * Context: The worker; may sleep.
 * Lock order: mmap_lock -> maps->lock.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "maps_internal.h"

/* How many mappings of the mm are looked at while mmap_lock is held. */
#define LOOKED_AT_ONCE 256

/* A mapping that the worker has not examined yet becomes a pending one, and its file is held. */
static int scan_vma(struct mlu_maps *maps, const struct vm_area_struct *vma,
		    struct list_head *pending)
{
	struct mlu_mapping *m;

	if (!(vma->vm_flags & VM_EXEC) || !vma->vm_file)
		return 0;
	rcu_read_lock();
	m = mlu_maps_find(maps, vma->vm_start);
	rcu_read_unlock();
	if (!m)
		m = mlu_maps_learn(maps, vma, GFP_KERNEL);
	if (IS_ERR(m))
		return PTR_ERR(m);
	/* Its probes could not be inserted, and it has been unmapped since. */
	if (m->late_err && READ_ONCE(m->seen_at) != m->failed_at)
		m->examined = false;
	if (m->examined || !list_empty(&m->pending_node) || m->type != MLU_MAPPING_FILE)
		return 0;
	spin_lock(&maps->lock);
	/* Its file has had its probes before: the kernel has put them into this mapping, too. */
	m->examined = m->allocator && !m->inherited;
	if (!m->examined) {
		mlu_maps_hold_locked(maps, m, vma->vm_file);
		list_add_tail(&m->pending_node, pending);
	}
	spin_unlock(&maps->lock);
	return 0;
}

/* Look at the next mappings from *@at on. *@at is 0 behind the last one. */
static int scan_some(struct mlu_maps *maps, struct mm_struct *mm, struct list_head *pending,
		     unsigned long *at, bool *is_full)
{
	struct vm_area_struct *vma;
	unsigned int n;
	int err = 0;

	if (!mmap_read_trylock(mm))
		return -EAGAIN;
	vma = find_vma(mm, *at);
	for (n = 0; vma && vma->vm_start < TASK_SIZE_MAX && n < LOOKED_AT_ONCE && !err; n++) {
		err = scan_vma(maps, vma, pending);
		/* No mapping can be added, but known ones may still have to be examined. */
		if (err == -ENOSPC) {
			*is_full = true;
			err = 0;
		}
		*at = vma->vm_end;
		vma = find_vma(mm, *at);
	}
	if (!vma || vma->vm_start >= TASK_SIZE_MAX)
		*at = 0;
	mmap_read_unlock(mm);
	return err;
}

/**
 * mlu_maps_scan() - add the file mappings of a target that are not known yet
 * @maps: the maps
 * @mm: the target's mm; the caller holds a reference on its users
 * @pending: the mappings are added here whose files are to be examined; these are held
 *
 * Context: Worker. May sleep. Tries mmap_lock, takes and releases maps->lock.
 * Return: 0; -EAGAIN if mmap_lock was taken; -ENOMEM; -ENOSPC, see mlu_maps_add(). What was found
 * before an error stays.
 */
int mlu_maps_scan(struct mlu_maps *maps, struct mm_struct *mm, struct list_head *pending)
{
	unsigned long at = 0;
	bool is_full = false;
	int err;

	do {
		err = scan_some(maps, mm, pending, &at, &is_full);
		cond_resched();
	} while (!err && at);
	mlu_maps_resolve(maps);
	return !err && is_full ? -ENOSPC : err;
}
