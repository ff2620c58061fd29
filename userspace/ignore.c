// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stacks that are left out of tables: those with a frame whose function or object matches a
 * pattern.
 *
 * Patterns are globs for whole names, or lines of the suppressions of sanitizers, leak:PATTERN.
 * Depends on report.c, symbolize.c and msg.c.
 */
#include "ignore.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"

#define SUPPRESSION "leak:"

static void add_pattern(struct mu_ignore *ignore, char *pattern)
{
	ignore->patterns = mu_grow(ignore->patterns, ignore->nr, &ignore->capacity,
				   sizeof(*ignore->patterns));
	ignore->patterns[ignore->nr++] = pattern;
}

/*
 * The pattern of a suppression is found anywhere in a name, unless "^" or "$" says otherwise, and
 * has no special character but "*".
 * Return: the glob, to be freed.
 */
static char *convert_suppression(const char *text)
{
	char *glob = mu_zalloc(2 * strlen(text) + 3), *out = glob;

	if (*text == '^')
		text++;
	else
		*out++ = '*';
	for (; *text && strcmp(text, "$"); text++) {
		if (strchr("?[]\\", *text))
			*out++ = '\\';
		*out++ = *text;
	}
	if (!*text)
		*out++ = '*';
	return glob;
}

/**
 * mu_ignore_add() - add a pattern
 * @ignore: the patterns
 * @pattern: the pattern
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_ignore_add(struct mu_ignore *ignore, const char *pattern)
{
	bool suppression = !strncmp(pattern, SUPPRESSION, strlen(SUPPRESSION));
	const char *text = suppression ? pattern + strlen(SUPPRESSION) : pattern;

	if (!*text)
		return mu_usage_error("--ignore: empty pattern \"%s\"", pattern);
	add_pattern(ignore,
		    suppression ? convert_suppression(text) : mu_strndup(text, strlen(text)));
	return 0;
}

/* Cut white space at both ends. */
static char *trim_line(char *line)
{
	char *end;

	line += strspn(line, " \t\r\n");
	end = line + strlen(line);
	while (end > line && strchr(" \t\r\n", end[-1]))
		end--;
	*end = '\0';
	return line;
}

static int add_lines(struct mu_ignore *ignore, FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	int status = 0;

	while (!status && getline(&line, &size, in) >= 0) {
		const char *text = trim_line(line);

		if (*text && *text != '#')
			status = mu_ignore_add(ignore, text);
	}
	free(line);
	return status;
}

/**
 * mu_ignore_add_file() - add the patterns of a file, one in a line
 * @ignore: the patterns
 * @path: the file; empty lines and those that begin with "#" have no pattern
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_ignore_add_file(struct mu_ignore *ignore, const char *path)
{
	FILE *in = fopen(path, "re");
	int status;

	if (!in)
		return mu_usage_error("--ignore-file: %s: %s", path, strerror(errno));
	errno = 0;
	status = add_lines(ignore, in);
	if (!status && ferror(in))
		status = mu_usage_error("--ignore-file: %s: %s", path, strerror(errno));
	fclose(in);
	return status;
}

/**
 * mu_ignore_free() - free patterns
 * @ignore: the patterns
 */
void mu_ignore_free(struct mu_ignore *ignore)
{
	for (size_t i = 0; i < ignore->nr; i++)
		free(ignore->patterns[i]);
	free(ignore->patterns);
}

/* Return: the length of a name without the arguments "(...)" at its end, if it has any. */
static size_t length_without_arguments(const char *name)
{
	const char *p = strrchr(name, ')');
	size_t depth = 0;

	if (!p || (p[1] && strcmp(p, ") const")))
		return strlen(name);
	for (; p > name; p--) {
		depth += *p == ')';
		if (*p == '(' && !--depth)
			return p - name;
	}
	return strlen(name);
}

static bool matches_function(const char *pattern, const char *name)
{
	char *bare;
	bool good;

	if (!fnmatch(pattern, name, 0))
		return true;
	bare = mu_strndup(name, length_without_arguments(name));
	good = !fnmatch(pattern, bare, 0);
	free(bare);
	return good;
}

static bool matches_name(const char *pattern, const struct mu_frame *frame,
			 const struct mu_name *name)
{
	if (!fnmatch(pattern, frame->object, 0) || !fnmatch(pattern, name->object, 0) ||
	    (name->symbol && matches_function(pattern, name->symbol)))
		return true;
	for (size_t i = 0; i < name->nr_sources && name->source[i].function; i++)
		if (matches_function(pattern, name->source[i].function))
			return true;
	return false;
}

static bool is_ignored(const struct mu_ignore *ignore, const struct mu_target *target,
		       const struct mu_stack *stack, struct mu_symbolizer *sym)
{
	for (size_t i = 0; i < stack->nr_frames; i++) {
		struct mu_name name = mu_symbolize(sym, target, &stack->frames[i]);

		for (size_t j = 0; j < ignore->nr; j++)
			if (matches_name(ignore->patterns[j], &stack->frames[i], &name))
				return true;
	}
	return false;
}

static void leave_out(struct mu_target *target, struct mu_stack *stack)
{
	struct mu_left_out *out = &target->left_out;

	mu_amount_add(&out->amount,
		      (struct mu_amount){ .bytes = stack->bytes, .count = stack->count });
	out->ids = mu_grow(out->ids, out->nr, &out->capacity, sizeof(*out->ids));
	out->ids[out->nr++] = stack->id;
	mu_stack_free(stack);
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/**
 * mu_ignore_stacks() - remove the stacks that match a pattern from a target
 * @ignore: the patterns
 * @target: the target; its totals do not change
 * @sym: the symbolizer
 */
void mu_ignore_stacks(const struct mu_ignore *ignore, struct mu_target *target,
		      struct mu_symbolizer *sym)
{
	size_t kept = 0;

	if (!ignore->nr)
		return;
	for (size_t i = 0; i < target->nr_stacks; i++)
		if (is_ignored(ignore, target, &target->stacks[i], sym))
			leave_out(target, &target->stacks[i]);
		else
			target->stacks[kept++] = target->stacks[i];
	target->nr_stacks = kept;
	if (target->left_out.nr)
		qsort(target->left_out.ids, target->left_out.nr, sizeof(*target->left_out.ids),
		      compare_ids);
}
