/* SPDX-License-Identifier: GPL-2.0-only */
/* mm_types.h: an mm and the current task, as far as arch_x86.h needs them, for the host. */
#ifndef MLU_SHIM_MM_TYPES_H
#define MLU_SHIM_MM_TYPES_H

#include <linux/types.h>

#define TASK_SIZE_MAX ((1UL << 47) - 4096)
#define TIF_ADDR32 29

struct vdso_image {
	const void *data;
	unsigned long size;
};

struct mm_struct {
	struct {
		void *vdso;
		const struct vdso_image *vdso_image;
	} context;
};

struct task_struct {
	struct {
		unsigned long features;
	} thread;
};

extern struct task_struct *current;

static inline bool test_tsk_thread_flag(struct task_struct *task, int flag)
{
	return task->thread.features >> flag & 1;
}

#endif /* MLU_SHIM_MM_TYPES_H */
