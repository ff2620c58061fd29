/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is there or ends the tool: it is one short-lived process, and
 * the probes go with it (the target is bound to the tool's open file).
 */
#ifndef MU_MEM_H
#define MU_MEM_H

#include <stddef.h>

#include "compiler.h"

void *mu_zalloc(size_t size);
char *mu_strndup(const char *s, size_t len);
__printf(1, 2) char *mu_format(const char *fmt, ...);

/* An array of nr elements with room for at least one more; it may move. */
void *mu_grow(void *array, size_t nr, size_t *room, size_t size);

#endif
