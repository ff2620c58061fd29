/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_MAPPED_FILE_H
#define MU_MAPPED_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "report.h"

/**
 * struct mu_search_dirs - where the files of mappings are searched
 * @proc: /proc/PID of a live process, or -1; stays open until mu_mapped_files_free()
 * @sysroot: paths of the report are below this directory, NULL: below /
 * @debug_path: further directories separated by colons, or NULL
 */
struct mu_search_dirs {
	int proc;
	const char *sysroot;
	const char *debug_path;
};

struct mu_mapped_files;

bool mu_mapped_file_is_memory(const char *path);
struct mu_mapped_files *mu_mapped_files_new(const struct mu_search_dirs *dirs);
void mu_mapped_files_share(struct mu_mapped_files *files, struct mu_mapped_files *with);
void mu_mapped_files_free(struct mu_mapped_files *files);
void mu_mapped_files_hold(struct mu_mapped_files *files);
void mu_mapped_files_bind(struct mu_mapped_files *files, const struct mu_target *target);
char *mu_mapped_files_identify(const struct mu_mapped_files *files,
			       const struct mu_mapping *mapping);
int mu_mapped_files_open(struct mu_mapped_files *files, const struct mu_mapping *mapping,
			 char **path, char **why);
int mu_mapped_files_open_debug(struct mu_mapped_files *files, const char *build_id);
int mu_mapped_files_open_below(const struct mu_mapped_files *files, const char *path);
int mu_mapped_files_open_path(struct mu_mapped_files *files, const char *path);

#endif
