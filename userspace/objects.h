/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OBJECTS_H
#define MU_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file_sources.h"
#include "report.h"

struct mu_object;
struct mu_objects;
struct mu_symbols;

struct mu_objects *mu_objects_new(const struct mu_search_dirs *dirs, bool with_source);
void mu_objects_free(struct mu_objects *objects);
struct mu_file_sources *mu_objects_files(struct mu_objects *objects);
void mu_objects_add(struct mu_objects *objects, uint64_t target, int proc);
void mu_objects_hold(struct mu_objects *objects);
size_t mu_objects_errors(const struct mu_objects *objects);
struct mu_object *mu_objects_get(struct mu_objects *objects, const struct mu_target *target,
				 const struct mu_frame *frame);
struct mu_object *mu_objects_get_moved(struct mu_objects *objects, uint64_t target,
				       const struct mu_moved *moved);
struct mu_symbols *mu_object_symbols(struct mu_object *object);

#endif
