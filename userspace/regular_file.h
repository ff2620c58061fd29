/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_REGULAR_FILE_H
#define MU_REGULAR_FILE_H

/* The directory is the root for "..", links and a leading slash in the path. */
#define MU_IN_ROOT 1
/* The last part of the path must not be a link. Only with MU_IN_ROOT. */
#define MU_NO_LINK 2

int mu_regular_file_open(int dir, const char *path, unsigned int how);

#endif
