/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_FILE_H
#define MU_TOP_FILE_H

#include <stdbool.h>
#include <stdint.h>

char *mu_top_read(int dir, const char *path);
bool mu_top_field(const char *text, const char *name, uint64_t *value);

#endif
