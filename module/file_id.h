/* SPDX-License-Identifier: GPL-2.0-only */
/* Which file, in which state: what is rewritten or replaced is another one. */
#ifndef MLU_FILE_ID_H
#define MLU_FILE_ID_H

#include <linux/time64.h>
#include <linux/types.h>

struct file;

struct mlu_file_id {
	dev_t dev;
	unsigned long ino;
	u32 generation;
	loff_t size;
	struct timespec64 mtime, ctime;
};

void mlu_file_id_of(struct mlu_file_id *id, const struct file *file);
bool mlu_file_id_same_inode(const struct mlu_file_id *a, const struct mlu_file_id *b);
bool mlu_file_id_same(const struct mlu_file_id *a, const struct mlu_file_id *b);

#endif /* MLU_FILE_ID_H */
