/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a file with the ids of the process that has it mapped. */
#ifndef MU_FILE_COPY_H
#define MU_FILE_COPY_H

#include "file_identity.h"

/**
 * mu_file_copy() - copy a file that only its user may read
 * @proc: /proc/PID of the process that has it mapped
 * @handle: of the file, opened with O_PATH
 * @inode: the file must be this one, if this is not NULL
 *
 * root may not read the file system that a user has mounted with FUSE, nor files of an NFS server
 * that takes root for nobody. A child process takes the ids of the process, and so no right that
 * the process lacks, and copies the file to memory. The file system may never answer: the child
 * is waited for a few seconds.
 *
 * Return: a copy of the file, or -1 with errno.
 */
int mu_file_copy(int proc, int handle, const struct mu_inode *inode);

#endif
