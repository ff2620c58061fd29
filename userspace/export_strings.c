// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of distinct strings, which formats refer to by index. Depends on mem.c.
 */
#include "export_strings.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct node {
	const char *text; /* in the table */
	size_t index;
};

static int compare_nodes(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/**
 * mu_export_string() - get the index of a string
 * @strings: the table, which gets the string if it does not have it
 * @text: the string
 *
 * Return: the index.
 */
size_t mu_export_string(struct mu_export_strings *strings, const char *text)
{
	const struct node key = { .text = text };
	struct node **found = tfind(&key, &strings->index, compare_nodes);
	struct node *node;

	if (found)
		return (*found)->index;
	node = mu_zalloc(sizeof(*node));
	strings->text = mu_grow(strings->text, strings->nr, &strings->capacity,
				sizeof(*strings->text));
	strings->text[strings->nr] = mu_strndup(text, strlen(text));
	*node = (struct node){ .text = strings->text[strings->nr], .index = strings->nr };
	if (!tsearch(node, &strings->index, compare_nodes))
		abort();
	return strings->nr++;
}

/**
 * mu_export_strings_free() - free a table
 * @strings: the table
 */
void mu_export_strings_free(struct mu_export_strings *strings)
{
	tdestroy(strings->index, free);
	for (size_t i = 0; i < strings->nr; i++)
		free(strings->text[i]);
	free(strings->text);
}
