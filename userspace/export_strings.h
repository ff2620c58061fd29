/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_STRINGS_H
#define MU_EXPORT_STRINGS_H

#include <stddef.h>

/**
 * struct mu_export_strings - a table of distinct strings; begins with zeros
 * @text: the strings
 * @nr: number of @text
 * @capacity: allocated elements of @text
 * @index: finds them, a tree
 */
struct mu_export_strings {
	char **text;
	size_t nr;
	size_t capacity;
	void *index;
};

size_t mu_export_string(struct mu_export_strings *strings, const char *text);
void mu_export_strings_free(struct mu_export_strings *strings);

#endif
