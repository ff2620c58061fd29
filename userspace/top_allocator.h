/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_ALLOCATOR_H
#define MU_TOP_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "top_trend.h"

struct mu_top_allocators;

struct mu_top_allocators *mu_top_allocators_new(int root);
void mu_top_allocators_free(struct mu_top_allocators *a);
void mu_top_allocators_fill(struct mu_top_allocators *a, struct mu_top_row *rows, size_t nr,
			    uint64_t ms);
bool mu_top_is_traceable(const char *allocator);

#endif
