/* SPDX-License-Identifier: GPL-2.0-only */
/* One mapped file, as far as reports and the search for allocators need it. */
#ifndef MLU_DSO_H
#define MLU_DSO_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/time64.h>

#include "elf.h"

/* Constant once it is made; holds no file and no inode, so it keeps no file system busy. */
struct mlu_dso {
	struct kref refs;
	struct list_head node; /* in the list of all; guarded by its mutex */

	/* Which file, in which state. */
	dev_t dev;
	unsigned long ino;
	u32 generation;
	loff_t size;
	struct timespec64 mtime;

	bool is_elf;
	unsigned int build_id_len;
	u8 build_id[MLU_ELF_MAX_BUILD_ID];
	unsigned int nr_loads;
	struct mlu_elf_load load[MLU_ELF_MAX_LOADS];
};

/* A file opened for reading by the module itself, and its parsed headers. */
struct mlu_dso_image {
	struct mlu_elf_source source;
	struct mlu_elf elf;
	struct file *file;
	void *scratch;
};

int mlu_dso_image_open(struct mlu_dso_image *image, struct file *mapped);
void mlu_dso_image_close(struct mlu_dso_image *image);

struct mlu_dso *mlu_dso_get(struct file *mapped);
void mlu_dso_put(struct mlu_dso *dso);
bool mlu_dso_vaddr(const struct mlu_dso *dso, u64 offset, u64 *vaddr);

#endif /* MLU_DSO_H */
