/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_MEM_H
#define MU_MEM_H

#include <stddef.h>

#include "compiler.h"

void *mu_zalloc(size_t size);
char *mu_strndup(const char *s, size_t len);
__printf(1, 2) char *mu_format(const char *fmt, ...);
void *mu_grow(void *array, size_t nr, size_t *capacity, size_t size);

#endif
