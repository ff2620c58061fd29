/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_FILE_SOURCES_H
#define MU_FILE_SOURCES_H

#include "jit_names.h"
#include "mapped_file.h"
#include "moved_text.h"

struct mu_file_sources;

struct mu_file_sources *mu_file_sources_new(const struct mu_search_dirs *dirs);
void mu_file_sources_free(struct mu_file_sources *sources);
void mu_file_sources_add(struct mu_file_sources *sources, uint64_t target, int proc);
void mu_file_sources_remove(struct mu_file_sources *sources, uint64_t target);
void mu_file_sources_hold(struct mu_file_sources *sources);
void mu_file_sources_bind(struct mu_file_sources *sources, struct mu_target *target);
struct mu_mapped_files *mu_file_sources_get(const struct mu_file_sources *sources, uint64_t target);
struct mu_jit_names *mu_file_sources_jit(const struct mu_file_sources *sources, uint64_t target);
const struct mu_moved *mu_file_sources_moved(const struct mu_file_sources *sources, uint64_t target,
					     uint64_t address);
size_t mu_file_sources_errors(const struct mu_file_sources *sources);
int mu_file_sources_open(const struct mu_file_sources *sources, const struct mu_origin *origin,
			 const struct mu_mapping *mapping, char **path, char **why);

#endif
