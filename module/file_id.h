/* SPDX-License-Identifier: GPL-2.0-only */
/* The identity of a file in one state: after a rewrite or a replacement it is another one. */
#ifndef MLU_FILE_ID_H
#define MLU_FILE_ID_H

#include <linux/time64.h>
#include <linux/types.h>

struct file;

/**
 * struct mlu_file_id - the identity of a file in one state
 * @dev: the device
 * @ino: the inode number
 * @generation: the inode's generation
 * @size: in bytes
 * @mtime: the time of the last modification
 * @ctime: the time of the last change
 */
struct mlu_file_id {
	dev_t dev;
	unsigned long ino;
	u32 generation;
	loff_t size;
	struct timespec64 mtime, ctime;
};

void mlu_file_id_read(struct mlu_file_id *id, const struct file *file);
bool mlu_file_id_is_same_inode(const struct mlu_file_id *a, const struct mlu_file_id *b);
bool mlu_file_id_is_same(const struct mlu_file_id *a, const struct mlu_file_id *b);

#endif /* MLU_FILE_ID_H */
