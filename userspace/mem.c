// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory allocation that cannot fail: the tool exits if there is no memory.
 *
 * Nothing has to be undone then, because a target is bound to the open control file and the module
 * removes its probes when the tool exits. Depends on msg.c.
 */
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

static void *check_memory(void *p)
{
	if (p)
		return p;
	mu_warn("out of memory");
	exit(MU_NOTHING);
}

/**
 * mu_zalloc() - allocate zeroed memory
 * @size: in bytes
 *
 * Return: the memory, to be freed.
 */
void *mu_zalloc(size_t size)
{
	return check_memory(calloc(1, size ? size : 1));
}

/**
 * mu_strndup() - copy a string
 * @s: the string
 * @len: copy at most this many bytes
 *
 * Return: the terminated copy, to be freed.
 */
char *mu_strndup(const char *s, size_t len)
{
	return check_memory(strndup(s, len));
}

/**
 * mu_format() - print into a new string
 * @fmt: as for printf()
 *
 * Return: the string, to be freed.
 */
char *mu_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	return check_memory(len < 0 ? NULL : text);
}

/**
 * mu_grow() - grow an array so that it can take one more element
 * @array: the array; may be NULL
 * @nr: number of used elements
 * @capacity: number of allocated elements; updated
 * @size: of an element
 *
 * Return: the array, which may have moved.
 */
void *mu_grow(void *array, size_t nr, size_t *capacity, size_t size)
{
	if (nr < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 8;
	return check_memory(reallocarray(array, *capacity, size));
}
