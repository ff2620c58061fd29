// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file is known again without being held: by device, inode, size and times of change.
 *
 * Context: any; nothing here sleeps, and whoever serves the file is not asked.  No locks: numbers
 * that are being changed meanwhile make it another file.
 */
#include <linux/fs.h>

#include "compat.h"
#include "file_id.h"

/** mlu_file_id_of() - by what the inode has just now */
void mlu_file_id_of(struct mlu_file_id *id, const struct file *file)
{
	const struct inode *inode = file_inode(file);

	id->dev = inode->i_sb->s_dev;
	id->ino = inode->i_ino;
	id->generation = inode->i_generation;
	id->size = i_size_read(inode);
	id->mtime = mlu_inode_mtime(inode);
	id->ctime = mlu_inode_ctime(inode);
}

static bool same_time(const struct timespec64 *a, const struct timespec64 *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* mlu_file_id_same_inode() - in whatever state: the kernel's probes are in an inode */
bool mlu_file_id_same_inode(const struct mlu_file_id *a, const struct mlu_file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->generation == b->generation;
}

bool mlu_file_id_same(const struct mlu_file_id *a, const struct mlu_file_id *b)
{
	return mlu_file_id_same_inode(a, b) && a->size == b->size &&
	       same_time(&a->mtime, &b->mtime) && same_time(&a->ctime, &b->ctime);
}
