// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands that attach, as the module reads them: docs/ABI/debugfs-memleak_user.
 *
 * Depends on object_name.c, process.c and text.c.
 */
#include "attach_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"
#include "object_name.h"
#include "text.h"

/* Append a key to a command. Takes both strings. */
static char *append_key(char *command, char *key)
{
	char *whole = mu_format("%s %s", command, key);

	free(command);
	free(key);
	return whole;
}

/* Append the keys that do not depend on a process. Takes the command. */
static char *append_keys(char *command, const struct mu_options *o)
{
	const struct mu_filter *f = &o->filter;

	command = append_key(command,
			     mu_format("bound=1 min=%" PRIu64 " max=%" PRIu64 " older=%" PRIu64,
				       f->min, f->max, f->older));
	if (o->depth)
		command = append_key(command, mu_format("depth=%" PRIu64, o->depth));
	if (o->sample)
		command = append_key(command, mu_format("sample=%" PRIu64, o->sample));
	if (o->every > 1)
		command = append_key(command, mu_format("every=%" PRIu64, o->every));
	if (o->exits)
		command = append_key(command, mu_format("exits=%s", o->exits));
	if (o->prefix)
		command = append_key(command, mu_format("prefix=%s", o->prefix));
	if (o->pairs)
		command = append_key(command, mu_format("%s", o->pairs));
	return command;
}

/**
 * mu_attach_command() - write the command that attaches to a process
 * @o: the options
 * @process: the process
 *
 * Return: the command, to be freed.
 */
char *mu_attach_command(const struct mu_options *o, const struct mu_process *process)
{
	char *command = append_keys(mu_format("attach %d", process->pid), o);

	if (o->children)
		command = append_key(command, mu_format("children=1"));
	if (o->object) {
		FILE *maps = mu_process_maps(process);
		char *name = mu_object_name(maps, o->object);

		command = append_key(command, mu_format("object=%s", name));
		free(name);
		if (maps)
			fclose(maps);
	}
	return command;
}

/**
 * mu_attach_all_key() - write the key that a group of all processes has
 * @o: the options, with --all
 *
 * Return: the key, to be freed.
 */
char *mu_attach_all_key(const struct mu_options *o)
{
	char *path = mu_escape(o->path);
	char *key = mu_format("object=%s", path);

	free(path);
	return key;
}

/**
 * mu_attach_all_command() - write the command that attaches to all processes that map a file
 * @o: the options, with --all
 *
 * Return: the command, to be freed.
 */
char *mu_attach_all_command(const struct mu_options *o)
{
	return append_keys(append_key(mu_format("attach all"), mu_attach_all_key(o)), o);
}
