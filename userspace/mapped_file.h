/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a mapping in a report to the file that was mapped, never another one. A live process's files
 * are taken from the process itself, so that mount namespaces and deleted files need no care; else
 * by path. A build-id decides in every case; held.h says what proves a file without one.
 */
#ifndef MU_MAPPED_FILE_H
#define MU_MAPPED_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "report.h"

struct mu_search_dirs {
	int proc;		/* /proc/PID, or -1: it stays with the caller */
	const char *sysroot;	/* paths are below it, NULL: below / */
	const char *debug_path; /* directories with colons between, or NULL */
};

struct mu_mapped_files;

struct mu_mapped_files *mu_mapped_files_new(const struct mu_search_dirs *places);
void mu_mapped_files_free(struct mu_mapped_files *files);

/*
 * Opens what the live process has mapped executable now, and keeps it: it may
 * exit and take its mount namespace with it before its last report is read.
 */
void mu_mapped_files_hold(struct mu_mapped_files *files);

/* After a report was read: ties its mappings to the files that are held. */
void mu_mapped_files_bind(struct mu_mapped_files *files, const struct mu_target *target);

/*
 * The file of a mapping, open, or -1 with *why, to be freed. *path is how the
 * target knew it, to be freed.
 */
int mu_mapped_files_open(struct mu_mapped_files *files, const struct mu_mapping *mapping,
			 char **path, char **why);

/* Separate debug information of this build-id below the process's or the given root, or -1. */
int mu_mapped_files_open_debug(struct mu_mapped_files *files, const char *build_id);

/*
 * A regular file at a path that debug information names, below the process's or the given root, or
 * -1. The caller has to prove that it is the right one.
 */
int mu_mapped_files_open_path(struct mu_mapped_files *files, const char *path);

#endif
