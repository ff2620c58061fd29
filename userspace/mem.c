// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is there or ends the tool. */
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

static void *or_end(void *p)
{
	if (p)
		return p;
	mu_warn("out of memory");
	exit(MU_NOTHING);
}

void *mu_zalloc(size_t size)
{
	return or_end(calloc(1, size ? size : 1));
}

char *mu_strndup(const char *s, size_t len)
{
	return or_end(strndup(s, len));
}

char *mu_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	return or_end(len < 0 ? NULL : text);
}

void *mu_grow(void *array, size_t nr, size_t *room, size_t size)
{
	if (nr < *room)
		return array;
	*room = *room ? *room * 2 : 8;
	return or_end(reallocarray(array, *room, size));
}
