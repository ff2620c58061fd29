// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of an attach command: their table, their values, and how control shows them.
 *
 * Context: The writer, in process context. No locks.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include "command.h"
#include "command_keys.h"
#include "text.h"

struct command_key {
	const char *name;
	size_t field; /* offset in struct mlu_options */
	u64 min;
	u64 max; /* 0: the value is a text */
	/* Takes a text. */
	int (*parse)(struct mlu_request *request, const char *key, char *value);
	bool is_repeatable;
	const char *const *words; /* the value is one of these, or NULL */
};

/* In the order of enum mlu_exits_key. */
static const char *const exits_words[] = { "needed", "always", NULL };

static int parse_object(struct mlu_request *request, const char *key, char *value);
static int parse_prefix(struct mlu_request *request, const char *key, char *value);
static int parse_pair(struct mlu_request *request, const char *key, char *value);

#define KEY(name, field, min, max)                                  \
	{                                                           \
		name, offsetof(struct mlu_options, field), min, max \
	}
#define TEXT(name, field, parse, is_repeatable)                                       \
	{                                                                             \
		name, offsetof(struct mlu_options, field), 0, 0, parse, is_repeatable \
	}

static const struct command_key keys[] = {
	KEY("min", min, 0, U64_MAX),
	KEY("max", max, 0, U64_MAX),
	KEY("depth", depth, 1, MLU_MAX_DEPTH),
	KEY("older", older_ms, 0, U32_MAX),
	TEXT("object", object, parse_object, false),
	KEY("bound", bound, 0, 1),
	KEY("children", children, 0, 1),
	KEY("sample", sample, 1, U32_MAX),
	KEY("every", every, 1, U32_MAX),
	TEXT("prefix", names.prefix, parse_prefix, false),
	TEXT("pair", names.nr_pairs, parse_pair, true),
	{
		.name = "exits",
		.field = offsetof(struct mlu_options, exits),
		.max = MLU_EXITS_ALWAYS,
		.words = exits_words,
	},
};

/**
 * mlu_command_is_number() - does a word begin as a number?
 * @word: the word
 *
 * Return: true if it does: kstrtou64() also takes a sign.
 */
bool mlu_command_is_number(const char *word)
{
	return isdigit(*word);
}

/**
 * mlu_command_append() - append to a list of names
 * @list: the list
 * @size: the size of its buffer; what does not fit is left out
 * @name: the name
 */
void mlu_command_append(char *list, size_t size, const char *name)
{
	size_t len = strlen(list);

	scnprintf(list + len, size - len, "%s%s", len ? ", " : "", name);
}

static int refuse_key(struct mlu_request *request, const char *word)
{
	char list[MLU_REASON_MAX / 2] = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		mlu_command_append(list, sizeof(list), keys[i].name);
	return mlu_refuse(request, -EINVAL, "unknown key \"%s\" (keys: %s)", word, list);
}

static int parse_path(struct mlu_request *request, const char *key, char *value)
{
	string_unescape_inplace(value, UNESCAPE_OCTAL);
	if (*value != '/')
		return mlu_refuse(request, -EINVAL, "%s= of attach all must be an absolute path",
				  key);
	request->path = kstrdup(value, GFP_KERNEL);
	return request->path ? 0 : -ENOMEM;
}

static int parse_object(struct mlu_request *request, const char *key, char *value)
{
	char *object = request->options.object;

	if (request->all)
		return parse_path(request, key, value);
	if (!*value || strlen(value) > MLU_NAME_MAX || strchr(value, '/'))
		return mlu_refuse(request, -EINVAL,
				  "%s= must be a file name of 1 to %d bytes, without a directory",
				  key, MLU_NAME_MAX);
	strscpy(object, value, sizeof(request->options.object));
	return 0;
}

static int parse_prefix(struct mlu_request *request, const char *key, char *value)
{
	if (mlu_names_set_prefix(&request->options.names, value))
		return mlu_refuse(request, -EINVAL, "%s= must be a prefix of 1 to %d bytes", key,
				  MLU_MAX_PREFIX);
	return 0;
}

static int parse_pair(struct mlu_request *request, const char *key, char *value)
{
	static const char form[] = "ALLOC:SIZEARG,FREE:PTRARG";
	const char *taken = NULL;

	switch (mlu_names_add_pair(&request->options.names, value, &taken)) {
	case 0:
		return 0;
	case -ENOSPC:
		return mlu_refuse(request, -EINVAL, "more than %d %s=", MLU_MAX_PAIRS, key);
	case -EEXIST:
		return mlu_refuse(request, -EINVAL, "%s= gives %s a second meaning", key, taken);
	default:
		return mlu_refuse(request, -EINVAL,
				  "%s= must be %s: names of 1 to %d bytes, numbers from 1 to %d",
				  key, form, MLU_ELF_MAX_NAME, MLU_MAX_ARG);
	}
}

static int parse_word(struct mlu_request *request, const struct command_key *key, const char *value)
{
	char list[MLU_REASON_MAX / 2] = "";
	u64 i;

	for (i = 0; key->words[i]; i++) {
		if (!strcmp(key->words[i], value)) {
			*(u64 *)((void *)&request->options + key->field) = i;
			return 0;
		}
		mlu_command_append(list, sizeof(list), key->words[i]);
	}
	return mlu_refuse(request, -EINVAL, "%s= must be one of: %s, not \"%s\"", key->name, list,
			  value);
}

/**
 * mlu_key_parse() - parse "key=value"
 * @request: the request; gets the value, or the reason of a refusal
 * @word: the text; changed
 * @seen: the keys before it
 *
 * Return: 0, or -EINVAL.
 */
int mlu_key_parse(struct mlu_request *request, char *word, unsigned long *seen)
{
	const struct command_key *key = keys;
	char *value = strchr(word, '=');
	void *field;

	if (!value)
		return mlu_refuse(request, -EINVAL, "\"%s\" is not of the form key=value", word);
	*value++ = '\0';
	while (key < keys + ARRAY_SIZE(keys) && strcmp(key->name, word))
		key++;
	if (key == keys + ARRAY_SIZE(keys))
		return refuse_key(request, word);
	if (!key->is_repeatable && __test_and_set_bit(key - keys, seen))
		return mlu_refuse(request, -EINVAL, "duplicate key %s=", word);
	if (key->words)
		return parse_word(request, key, value);
	if (key->max) {
		field = (void *)&request->options + key->field;
		if (!mlu_command_is_number(value) || kstrtou64(value, 10, field) ||
		    *(u64 *)field < key->min || *(u64 *)field > key->max)
			return mlu_refuse(request, -EINVAL,
					  "%s= must be a number from %llu to %llu, not \"%s\"",
					  word, key->min, key->max, value);
		return 0;
	}
	return key->parse(request, word, value);
}

static void show_pairs(struct seq_file *m, const char *key, const struct mlu_names_spec *spec)
{
	const struct mlu_pair *pair;

	for (pair = spec->pair; pair < spec->pair + spec->nr_pairs; pair++) {
		seq_printf(m, " %s=", key);
		mlu_seq_name(m, pair->alloc, strlen(pair->alloc));
		seq_printf(m, ":%u,", pair->size);
		mlu_seq_name(m, pair->free, strlen(pair->free));
		seq_printf(m, ":%u", pair->block);
	}
}

/**
 * mlu_options_show() - write " key=value" for each key that is not at its default
 * @m: the file
 * @options: the options
 */
void mlu_options_show(struct seq_file *m, const struct mlu_options *options)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const void *field = (const void *)options + keys[i].field;
		const void *by_default = (const void *)&mlu_default_options + keys[i].field;

		if (keys[i].is_repeatable) {
			show_pairs(m, keys[i].name, &options->names);
		} else if (!keys[i].max && *(const char *)field) {
			seq_printf(m, " %s=", keys[i].name);
			mlu_seq_name(m, field, strlen(field));
		} else if (keys[i].words && *(const u64 *)field != *(const u64 *)by_default) {
			seq_printf(m, " %s=%s", keys[i].name, keys[i].words[*(const u64 *)field]);
		} else if (keys[i].max && *(const u64 *)field != *(const u64 *)by_default) {
			seq_printf(m, " %s=%llu", keys[i].name, *(const u64 *)field);
		}
	}
}
