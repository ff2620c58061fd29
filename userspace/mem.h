/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is there or ends the tool: it is one short-lived process, and
 * the probes go with it (the target is bound to the tool's open file).
 */
#ifndef MLU_MEM_H
#define MLU_MEM_H

#include <stddef.h>

#include "compiler.h"

void *mlu_zalloc(size_t size);
char *mlu_strndup(const char *s, size_t len);
__printf(1, 2) char *mlu_format(const char *fmt, ...);

/* An array of nr elements with room for at least one more; it may move. */
void *mlu_grow(void *array, size_t nr, size_t *room, size_t size);

#endif
