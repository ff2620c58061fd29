// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recognize a file again without holding it: by device, inode, size and times of change.
 *
 * Context: Any. Nothing here sleeps: the cached inode is read, the file system is not queried.
 * Locks: none. An identity that is read while the inode changes equals no other one.
 */
#include <linux/fs.h>

#include "compat.h"
#include "file_id.h"

/**
 * mlu_file_id_read() - read the identity of a file from its inode
 * @id: set to the identity
 * @file: the file
 */
void mlu_file_id_read(struct mlu_file_id *id, const struct file *file)
{
	const struct inode *inode = file_inode(file);

	id->dev = inode->i_sb->s_dev;
	id->ino = inode->i_ino;
	id->generation = inode->i_generation;
	id->size = i_size_read(inode);
	id->mtime = mlu_inode_mtime(inode);
	id->ctime = mlu_inode_ctime(inode);
}

/**
 * mlu_file_id_is_same_inode() - compare two files without their state
 * @a: the identity of one
 * @b: the identity of the other
 *
 * The kernel's probes belong to an inode, whatever its state.
 *
 * Return: true if it is one inode.
 */
bool mlu_file_id_is_same_inode(const struct mlu_file_id *a, const struct mlu_file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->generation == b->generation;
}

/**
 * mlu_file_id_is_same() - compare two files with their state
 * @a: the identity of one
 * @b: the identity of the other
 *
 * Return: true if it is one inode in one state.
 */
bool mlu_file_id_is_same(const struct mlu_file_id *a, const struct mlu_file_id *b)
{
	return mlu_file_id_is_same_inode(a, b) && a->size == b->size &&
	       timespec64_equal(&a->mtime, &b->mtime) && timespec64_equal(&a->ctime, &b->ctime);
}
