/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PERF_MAP_H
#define MU_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

struct mu_perf_map;

struct mu_perf_map *mu_perf_map_new(char *text, size_t len);
void mu_perf_map_free(struct mu_perf_map *map);
char *mu_perf_map_name(const struct mu_perf_map *map, uint64_t address, uint64_t *offset);

#endif
