// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read the names of functions in an attach command: the values of prefix= and pair=.
 *
 * A name may consist of any printable bytes but those that separate it, as languages have other
 * rules than C. A function has one meaning: a name of the table (lib/prototypes.c) is refused, and
 * so is one that occurs in two pairs with different meanings. Two functions of one meaning are
 * useful: sqlite3_malloc and sqlite3_malloc64 are both freed by sqlite3_free.
 *
 * Context: Any; changes only what is passed. No locks.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "names.h"

static bool is_symbol(const char *text, size_t max)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++)
		if (!isgraph(text[i]) || text[i] == ':' || text[i] == ',')
			return false;
	return len && len <= max;
}

/**
 * mlu_names_set_prefix() - take the value of prefix=
 * @spec: the names
 * @text: the value
 *
 * Return: 0, or -EINVAL if it is no prefix.
 */
int mlu_names_set_prefix(struct mlu_names_spec *spec, const char *text)
{
	if (!is_symbol(text, MLU_MAX_PREFIX))
		return -EINVAL;
	strscpy(spec->prefix, text, sizeof(spec->prefix));
	return 0;
}

/* Take "NAME:NUMBER". Return: false if it is something else. */
static bool parse_function(char *text, char *name, u8 *arg)
{
	char *number = strchr(text, ':');

	if (!number)
		return false;
	*number++ = '\0';
	if (!is_symbol(text, MLU_ELF_MAX_NAME) || number[0] < '1' ||
	    number[0] > '0' + MLU_MAX_ARG || number[1])
		return false;
	strscpy(name, text, MLU_ELF_MAX_NAME + 1);
	*arg = number[0] - '0';
	return true;
}

/* Return: true if a pair has a function @name with another meaning. */
static bool is_taken(const struct mlu_names_spec *spec, const char *name, bool frees, u8 arg)
{
	const struct mlu_pair *pair;

	for (pair = spec->pair; pair < spec->pair + spec->nr_pairs; pair++)
		if ((!strcmp(pair->alloc, name) && (frees || pair->size != arg)) ||
		    (!strcmp(pair->free, name) && (!frees || pair->block != arg)))
			return true;
	return false;
}

/* Return: the name of @pair that has another meaning already, or NULL. */
static const char *taken_name(const struct mlu_names_spec *spec, const struct mlu_pair *pair)
{
	if (mlu_prototype_of(pair->alloc) || !strcmp(pair->alloc, pair->free) ||
	    is_taken(spec, pair->alloc, false, pair->size))
		return pair->alloc;
	if (mlu_prototype_of(pair->free) || is_taken(spec, pair->free, true, pair->block))
		return pair->free;
	return NULL;
}

/**
 * mlu_names_add_pair() - take the value of a pair=
 * @spec: the names
 * @text: the value, which is changed
 * @taken: set to a name that has another meaning, for -EEXIST
 *
 * Return: 0; -EINVAL if it is not of the form ALLOC:SIZEARG,FREE:PTRARG; -EEXIST; or -ENOSPC if
 * there are MLU_MAX_PAIRS already. After an error the names are not to be used.
 */
int mlu_names_add_pair(struct mlu_names_spec *spec, char *text, const char **taken)
{
	struct mlu_pair *pair = &spec->pair[spec->nr_pairs];
	char *second = strchr(text, ',');

	if (spec->nr_pairs == MLU_MAX_PAIRS)
		return -ENOSPC;
	if (!second)
		return -EINVAL;
	*second++ = '\0';
	if (!parse_function(text, pair->alloc, &pair->size) ||
	    !parse_function(second, pair->free, &pair->block))
		return -EINVAL;
	*taken = taken_name(spec, pair);
	if (*taken)
		return -EEXIST;
	spec->nr_pairs++;
	return 0;
}
