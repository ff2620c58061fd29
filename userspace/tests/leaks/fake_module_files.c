// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's files without the module, for tests of the mode leaks: takes the place of module_files.c.
 * Each process can be attached to. The blocks are those of the preloaded recorder, in the file
 * RECORDER_TABLE.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "module_files.h"
#include "mem.h"
#include "recorder_read.h"

struct mu_files {
	int pid;
	uint64_t id;
};

struct mu_files *mu_files_open(const char *module_file)
{
	(void)module_file;
	return mu_zalloc(sizeof(struct mu_files));
}

void mu_files_close(struct mu_files *files)
{
	free(files);
}

int mu_files_command(struct mu_files *files, const char *command, char **reason)
{
	*reason = NULL;
	sscanf(command, "attach %d", &files->pid);
	files->id++;
	return 0;
}

FILE *mu_files_open_control(struct mu_files *files)
{
	FILE *file = tmpfile();

	fprintf(file, "memleak_user control 1\ntarget %" PRIu64 " pid %d app tracing: none\n",
		files->id, files->pid);
	rewind(file);
	return file;
}

static void write_report(FILE *file, const struct recorder_table *table,
			 const struct mu_files *files)
{
	size_t nr = 0;

	for (size_t i = 0; i < RECORDER_STACKS; i++)
		nr += !!table->stacks[i];
	fprintf(file,
		"memleak_user report 1\ntarget %" PRIu64 " pid %d app tracing 1 ms: 0 bytes in 0 "
		"allocations from %zu stack%s, lost 0\nevents allocated=0 freed=0\n",
		files->id, files->pid, nr, nr == 1 ? "" : "s");
	for (size_t i = 0; i < RECORDER_STACKS; i++)
		if (table->stacks[i])
			fprintf(file,
				"1 bytes in 1 allocations from stack %zu (age 0..0 ms, 1 made, 0 "
				"freed)\n\t0x%016" PRIx64 " [unknown]+0x%" PRIx64 " (end)\n",
				i, ~table->stacks[i], ~table->stacks[i]);
}

FILE *mu_files_open_target(struct mu_files *files, uint64_t id, const char *name)
{
	const struct recorder_table *table = map_recorder(getenv("RECORDER_TABLE"));
	FILE *file = table ? tmpfile() : NULL;

	(void)id;
	if (!file) {
		errno = ENOENT;
		return NULL;
	}
	if (!strcmp(name, "blocks"))
		write_recorded_blocks(file, table);
	else
		write_report(file, table, files);
	munmap((void *)table, sizeof(*table));
	rewind(file);
	return file;
}

uint64_t mu_files_memory_limit(struct mu_files *files)
{
	(void)files;
	return 0;
}
