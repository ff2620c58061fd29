// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of a file of all targets that is about one of them: what the file in the target's own
 * directory would have, where there is no such directory (/proc).
 *
 * The copy is in memory. Only what separates targets is looked at: the result is parsed, and
 * distrusted, like a file of the module. Depends on text.c.
 */
#include "target_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blocks.h"
#include "text.h"

/* Take "WORD ID" followed by a space. */
static bool is_of_target(const char *line, const char *word, uint64_t id)
{
	uint64_t found;

	return mu_take(&line, word) && mu_take_number(&line, &found) && *line == ' ' && found == id;
}

/* A report has a section for each target, which begins with the line "target ID ...". */
static bool copy_report(FILE *in, FILE *out, uint64_t id)
{
	bool is_copied = true; /* the first line */
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) >= 0) {
		if (!strncmp(line, "target ", strlen("target "))) {
			is_copied = is_of_target(line, "target ", id);
			found |= is_copied;
		}
		if (is_copied)
			fputs(line, out);
	}
	free(line);
	return found;
}

/* Each line is about one target, but for the first two. One without allocations has no line. */
static bool copy_allocations(FILE *in, FILE *out, uint64_t id)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) >= 0)
		if (line[0] < '0' || line[0] > '9' || is_of_target(line, "", id))
			fputs(line, out);
	free(line);
	return true;
}

/* For each target there are a head and records, all of the same size. */
static bool copy_blocks(FILE *in, FILE *out, uint64_t id)
{
	union mu_blocks_unit unit;
	bool is_copied = false;
	bool found = false;

	while (fread(&unit, sizeof(unit), 1, in) == 1) {
		if (mu_blocks_is_header(&unit.header)) {
			is_copied = unit.header.target_id == id;
			found |= is_copied;
		}
		if (is_copied)
			fwrite(&unit, sizeof(unit), 1, out);
	}
	return found;
}

static const struct {
	const char *name;
	bool (*copy)(FILE *in, FILE *out, uint64_t id);
} copiers[] = {
	{ "report", copy_report },
	{ "allocations", copy_allocations },
	{ "blocks", copy_blocks },
};

/* Return: 0, or an errno: ENOENT if there is nothing about the target. */
static int copy_part(FILE *in, FILE *out, const char *name, uint64_t id)
{
	bool found = false;
	int error = 0;

	for (size_t i = 0; i < sizeof(copiers) / sizeof(copiers[0]); i++)
		if (!strcmp(copiers[i].name, name))
			found = copiers[i].copy(in, out, id);
	if (ferror(in))
		error = EIO;
	else if (fflush(out) || ferror(out))
		error = ENOMEM;
	else if (!found)
		error = ENOENT;
	return error;
}

/**
 * mu_target_file() - copy what a file of all targets has about one of them
 * @all: the file; stays open
 * @name: its name: "report", "allocations" or "blocks"
 * @id: id of the target
 *
 * Return: the copy, at its start, or NULL with errno: ENOENT if there is nothing about the target,
 * as far as the file shows that.
 */
FILE *mu_target_file(FILE *all, const char *name, uint64_t id)
{
	int fd = memfd_create("memleak-user", MFD_CLOEXEC), error;
	FILE *copy = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!copy) {
		error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return NULL;
	}
	error = copy_part(all, copy, name, id);
	if (!error) {
		rewind(copy);
		return copy;
	}
	fclose(copy);
	errno = error;
	return NULL;
}
