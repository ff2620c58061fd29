/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_FILE_COPY_H
#define MU_FILE_COPY_H

#include "file_identity.h"

int mu_file_copy(int proc, int handle, const struct mu_inode *inode);

#endif
