// SPDX-License-Identifier: GPL-2.0-only
/* The lines of groups in control, for several tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mst.h"
#include "mst_group.h"

/**
 * mst_group_line() - read the line of a group
 * @id: the group, 0 for the first one
 *
 * Return: the line without its newline, "" if there is no such group; to be freed
 */
char *mst_group_line(int id)
{
	char *text = mst_text("control"), head[32] = "\ngroup ", *line;

	if (id)
		snprintf(head, sizeof(head), "\ngroup %d ", id);
	line = strstr(text, head);
	line = line ? strndup(line + 1, strcspn(line + 1, "\n")) : strdup("");
	free(text);
	return line;
}

/**
 * mst_group_number() - read a number in the line of a group
 * @id: the group, 0 for the first one
 * @words: what follows the number, with the space before it
 *
 * Return: the number, 0 if the line has no such words, -1 if there is no such group
 */
long mst_group_number(int id, const char *words)
{
	char *line = mst_group_line(id), *at = strstr(line, words);
	long number = *line ? 0 : -1;

	while (at && at > line && at[-1] != ':' && at[-1] != ',')
		at--;
	if (at)
		number = atol(at);
	free(line);
	return number;
}
