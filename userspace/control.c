// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's file control: targets, groups of targets, and why a command was refused.
 *
 * Parsed as strictly as reports; lines that begin with another word are skipped. Depends on
 * report_line.c for the lines that control shares with reports, and on text.c.
 */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "report_line.h"
#include "text.h"

#define GROUP_KEY "group="

/* Take WORD[ key=value...]: up to the colon behind the last word. */
static bool take_word_and_keys(const char **p, struct mu_span *first, struct mu_span *keys)
{
	struct mu_span word;

	if (!mu_take_word(p, first))
		return false;
	*keys = (struct mu_span){ .at = *p + (**p == ' '), .len = 0 };
	word = *first;
	while (word.at[word.len - 1] != ':') {
		if (!mu_take(p, " ") || !mu_take_word(p, &word))
			return false;
		keys->len = word.at + word.len - 1 - keys->at;
	}
	if (first->at[first->len - 1] == ':')
		first->len--;
	return true;
}

/* Return: the text of a key in "key=value key=value", or NULL. */
static const char *find_key(const char *keys, const char *key)
{
	size_t len = strlen(key);

	while (*keys && strncmp(keys, key, len)) {
		keys += strcspn(keys, " ");
		keys += strspn(keys, " ");
	}
	return *keys ? keys : NULL;
}

static uint64_t read_group_key(const char *keys)
{
	const char *p = find_key(keys, GROUP_KEY);
	uint64_t id = 0;

	if (p && mu_take(&p, GROUP_KEY))
		mu_take_number(&p, &id);
	return id;
}

/* target ID pid PID COMM STATE[ key=value...]: PROBE[, PROBE...] */
static bool parse_row(const char *p, struct mu_control_row *row)
{
	struct mu_span comm, state, keys;

	*row = (struct mu_control_row){};
	if (!mu_take(&p, "target ") || !mu_take_number(&p, &row->id) || !mu_take(&p, " pid ") ||
	    !mu_take_number(&p, &row->pid) || !mu_take(&p, " ") || !mu_take_word(&p, &comm) ||
	    !mu_take(&p, " ") || !take_word_and_keys(&p, &state, &keys))
		return false;
	row->live = mu_span_is(state, "tracing");
	row->keys = mu_span_copy(keys);
	row->group = read_group_key(row->keys);
	return true;
}

/* group ID[ key=value...]: N targets, M live, K not traced[, L events lost][: PROBE...] */
static bool parse_group(const char *p, struct mu_control_group *group)
{
	struct mu_span id, keys;
	const char *digits;

	*group = (struct mu_control_group){};
	if (!mu_take(&p, "group ") || !take_word_and_keys(&p, &id, &keys) || !mu_take(&p, " ") ||
	    !mu_take_number(&p, &group->made) || !mu_take(&p, " targets, ") ||
	    !mu_take_number(&p, &group->live) || !mu_take(&p, " live, ") ||
	    !mu_take_number(&p, &group->untraced) || !mu_take(&p, " not traced"))
		return false;
	digits = id.at;
	if (!mu_take_number(&digits, &group->id) || digits != id.at + id.len)
		return false;
	if (mu_take(&p, ", ") && !mu_take_number(&p, &group->lost))
		return false;
	group->keys = mu_span_copy(keys);
	return true;
}

static void add_row(struct mu_control *control, const char *line)
{
	struct mu_control_row row;

	if (!parse_row(line, &row))
		return;
	control->rows = mu_grow(control->rows, control->nr, &control->capacity, sizeof(row));
	control->rows[control->nr++] = row;
}

static void add_group(struct mu_control *control, const char *line)
{
	struct mu_control_group group;

	if (!parse_group(line, &group))
		return;
	control->groups = mu_grow(control->groups, control->nr_groups, &control->groups_capacity,
				  sizeof(group));
	control->groups[control->nr_groups++] = group;
}

/* The unseen lines of a target follow it. */
static void add_unseen(struct mu_control *control, const char *line)
{
	char *message = control->nr ? mu_parse_unseen(line) : NULL;
	struct mu_control_row *row;

	if (!message)
		return;
	row = &control->rows[control->nr - 1];
	row->unseen = mu_grow(row->unseen, row->nr_unseen, &row->unseen_capacity,
			      sizeof(*row->unseen));
	row->unseen[row->nr_unseen++] = message;
}

/**
 * mu_control_read() - read the control file
 * @in: the file
 *
 * Return: its contents, to be freed. Lines that are malformed are left out.
 */
struct mu_control *mu_control_read(FILE *in)
{
	struct mu_control *control = mu_zalloc(sizeof(*control));
	struct mu_lines *lines = mu_zalloc(sizeof(*lines)); /* too large for the stack */

	lines->in = in;
	while (mu_lines_next(lines)) {
		if (!lines->is_whole)
			continue;
		add_row(control, lines->text);
		add_group(control, lines->text);
		add_unseen(control, lines->text);
	}
	free(lines);
	return control;
}

/**
 * mu_control_row_free() - free what a row owns
 * @row: the row
 */
void mu_control_row_free(struct mu_control_row *row)
{
	for (size_t i = 0; i < row->nr_unseen; i++)
		free(row->unseen[i]);
	free(row->unseen);
	free(row->keys);
}

/**
 * mu_control_free() - free the contents of the control file
 * @control: the contents; may be NULL
 */
void mu_control_free(struct mu_control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < control->nr; i++)
		mu_control_row_free(&control->rows[i]);
	for (size_t i = 0; i < control->nr_groups; i++)
		free(control->groups[i].keys);
	free(control->rows);
	free(control->groups);
	free(control);
}

/**
 * mu_control_group() - find a group
 * @control: the contents of the control file
 * @id: id of the group
 *
 * Return: the group, or NULL.
 */
const struct mu_control_group *mu_control_group(const struct mu_control *control, uint64_t id)
{
	for (size_t i = 0; i < control->nr_groups; i++)
		if (control->groups[i].id == id)
			return &control->groups[i];
	return NULL;
}

/**
 * mu_control_group_with() - find the newest group with a key
 * @control: the contents of the control file
 * @key: the key with its value
 *
 * Return: the group, or NULL.
 */
const struct mu_control_group *mu_control_group_with(const struct mu_control *control,
						     const char *key)
{
	const struct mu_control_group *found = NULL;
	size_t len = strlen(key);

	for (size_t i = 0; i < control->nr_groups; i++) {
		const struct mu_control_group *group = &control->groups[i];
		const char *at = find_key(group->keys, key);

		if (at && (!at[len] || at[len] == ' ') && (!found || group->id > found->id))
			found = group;
	}
	return found;
}

/**
 * mu_control_find() - find the live target of a process
 * @in: the control file
 * @pid: PID of the process
 * @row: set to the target, to be freed with mu_control_row_free() if it was found
 *
 * Return: true if it was found.
 */
bool mu_control_find(FILE *in, uint64_t pid, struct mu_control_row *row)
{
	struct mu_control *control = mu_control_read(in);
	bool found = false;

	for (size_t i = 0; i < control->nr && !found; i++) {
		found = control->rows[i].live && control->rows[i].pid == pid;
		if (!found)
			continue;
		*row = control->rows[i];
		control->rows[i] = (struct mu_control_row){};
	}
	mu_control_free(control);
	return found;
}

/* Return: a copy of the reason in "COMMAND: REASON (ERRNO), written by COMM[PID]". */
static char *copy_reason(const char *p, const char *command)
{
	const char *end = strstr(p, "), written by ");

	if (mu_take(&p, command))
		mu_take(&p, ": ");
	while (end && end > p && strncmp(end, " (", 2))
		end--;
	return mu_strndup(p, end && end > p ? (size_t)(end - p) : strlen(p));
}

/**
 * mu_control_reason() - read why a command was refused
 * @in: the control file
 * @command: the command
 *
 * Return: the reason, to be freed, or NULL if no command was refused.
 */
char *mu_control_reason(FILE *in, const char *command)
{
	struct mu_lines *lines = mu_zalloc(sizeof(*lines));
	char *reason = NULL;

	lines->in = in;
	while (!reason && mu_lines_next(lines)) {
		const char *p = lines->text;

		if (mu_take(&p, "refused "))
			reason = copy_reason(p, command);
	}
	free(lines);
	return reason;
}
