// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options that select processes, and what they exclude.
 *
 * Depends on names.c, pids.c and msg.c.
 */
#include "option_processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "names.h"

/**
 * mu_option_name() - add the argument of -n
 * @o: the options
 * @name: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_name(struct mu_options *o, const char *name)
{
	if (!*name)
		return mu_usage_error("-n: missing NAME");
	if (strchr(name, '/'))
		return mu_usage_error("-n: \"%s\" is a path: the name of a process has no slash",
				      name);
	o->names = mu_grow(o->names, o->nr_names, &o->names_capacity, sizeof(*o->names));
	o->names[o->nr_names++] = name;
	return 0;
}

/* Return: 0 if at most one of the options that select processes is given; -p and -n may be both. */
static int check_exclusive(const struct mu_options *o)
{
	const char *selected = o->pids.nr ? "-p" : o->nr_names ? "-n" : NULL;

	if (o->all && (selected || o->command))
		return mu_usage_error("--all and %s are mutually exclusive",
				      selected ? selected : "-c");
	if (o->all && o->children)
		return mu_usage_error("--all traces children, too: --children has no meaning");
	if (selected && o->command)
		return mu_usage_error("%s and -c are mutually exclusive", selected);
	if (o->sum && o->each)
		return mu_usage_error("--sum and --each are mutually exclusive");
	if (!selected && !o->command && !o->all)
		return mu_usage_error("no process given: use -p PID, -n NAME, -c COMMAND or "
				      "--all -O PATH");
	return 0;
}

static int refuse_in_leaks(const struct mu_options *o)
{
	const char *option = o->children ? "--children" : o->all ? "--all" : "--sum";

	if (!o->children && !o->all && !o->sum)
		return 0;
	return mu_usage_error("leaks searches each process by itself: use -n NAME or -p PID,... "
			      "instead of %s",
			      option);
}

/* The module takes one word without white space, and compares the last path component. */
static int check_object_name(const struct mu_options *o)
{
	const char *name = o->object;

	if (!*name || name[strcspn(name, " \t\n\v\f\r")] || name[strlen(name) - 1] == '/')
		return mu_usage_error("-O: invalid object name \"%s\"", name);
	return 0;
}

/* With --all there is no process whose mappings have the path. */
static int find_object_path(struct mu_options *o)
{
	if (!o->object)
		return mu_usage_error("--all needs -O PATH: the file whose allocator is traced");
	o->path = realpath(o->object, NULL);
	if (!o->path)
		return mu_usage_error("-O: %s: %s (--all needs the path of a file)", o->object,
				      strerror(errno));
	return 0;
}

/**
 * mu_options_check_processes() - check the options that select processes
 * @o: the options; gets the path of --all
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_options_check_processes(struct mu_options *o)
{
	int status = o->mode == MU_LEAKS ? refuse_in_leaks(o) : 0;

	if (!status)
		status = check_exclusive(o);
	if (!status && o->all)
		status = find_object_path(o);
	else if (!status && o->object)
		status = check_object_name(o);
	return status;
}

/**
 * mu_options_expand_names() - find the processes of -n, and decide whether they are summed up
 * @o: the options, after all other checks; gets the PIDs
 *
 * A list of -p has a table for each process, as it always had.
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_options_expand_names(struct mu_options *o)
{
	bool is_sum;

	for (size_t i = 0; i < o->nr_names; i++)
		if (!mu_names_find(o->names[i], &o->pids))
			return MU_NOTHING;
	o->several = o->children || o->all || o->pids.nr > 1;
	is_sum = o->children || o->all || o->sum || (o->nr_names && o->several);
	o->is_sum = o->mode == MU_EXPORT_LIVE || (o->mode == MU_TRACE && is_sum && !o->each);
	if (o->is_sum && o->show_allocations)
		return mu_usage_error("-a shows the blocks of one process: use --each, too");
	return 0;
}
