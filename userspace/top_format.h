/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_FORMAT_H
#define MU_TOP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Size of the buffers for a quantity. */
#define MU_TOP_TEXT_MAX 32

void mu_top_format_size(char *text, double bytes, bool with_sign);
void mu_top_format_time(char *text, uint64_t ms);
char *mu_top_cut(const char *name, size_t columns);
char *mu_top_cut_path(const char *path, size_t columns);
char *mu_top_cgroup_name(const char *path);

#endif
