/* SPDX-License-Identifier: GPL-2.0-only */
/* The file that a mapping of a path has. */
#ifndef MLU_MAPPED_PATH_H
#define MLU_MAPPED_PATH_H

struct file;

struct file *mlu_open_as_mapped(const char *path);

#endif /* MLU_MAPPED_PATH_H */
