/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that may be ELF files: opened without harm, told apart by build-id. */
#ifndef MU_ELF_FILE_H
#define MU_ELF_FILE_H

#include <stdbool.h>

/*
 * Opens a regular file to read, -1 with errno if that fails, EINVAL for any other file. Below dir;
 * in_root makes dir the root for path's own "..", links and leading slash.
 */
int mu_elf_open(int dir, const char *path, bool in_root);

/* In hexadecimal, "-" if the file has none; to be freed. */
char *mu_elf_build_id(int fd);

/*
 * A file of this build-id from DIR/.build-id/xx/ for each directory of
 * debug_path and /usr/lib/debug, or from the servers of DEBUGINFOD_URLS: the
 * object itself or, as good for names, its separate debug information. -1 if
 * there is none. Asks no server when the variable is not set.
 */
int mu_elf_fetch(const char *build_id, const char *debug_path);

/* The directories libdwfl searches for debug_path, to be freed. None is relative to an object. */
char *mu_elf_search_path(const char *debug_path);

#endif
