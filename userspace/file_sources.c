// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose files are searched: those of one process, or of a saved report, or of each process of a
 * sum.
 *
 * In a sum, the file of a mapping is searched in the process that the mapping is of. If that has
 * ended before it was seen, the files of another process are used for what has a build-id. Each
 * live process also has the names of its generated code, and the code that it has moved. Depends on
 * mapped_file.c, jit_names.c and moved_text.c.
 */
#include "file_sources.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct source {
	uint64_t target;
	struct mu_mapped_files *files;
	struct mu_jit_names *jit;
	struct mu_moved_text *moved;
};

struct mu_file_sources {
	struct mu_search_dirs dirs;
	struct mu_mapped_files *base;	  /* without processes of a sum */
	struct mu_jit_names *base_jit;	  /* NULL without a live process */
	struct mu_moved_text *base_moved; /* the same */
	struct source *source;
	size_t nr, capacity;
	bool is_sum;   /* there has been a process */
	size_t errors; /* of processes that were removed */
};

/**
 * mu_file_sources_new() - prepare to search files
 * @dirs: where they are searched; of a sum without a process
 *
 * Return: the sources, to be freed.
 */
struct mu_file_sources *mu_file_sources_new(const struct mu_search_dirs *dirs)
{
	struct mu_file_sources *sources = mu_zalloc(sizeof(*sources));

	sources->dirs = *dirs;
	sources->base = mu_mapped_files_new(dirs);
	if (dirs->proc >= 0) {
		sources->base_jit = mu_jit_names_new(dirs->proc);
		sources->base_moved = mu_moved_text_new(dirs->proc);
	}
	return sources;
}

static void free_source(struct mu_file_sources *sources, struct source *source)
{
	sources->errors += mu_jit_names_errors(source->jit);
	mu_jit_names_free(source->jit);
	mu_moved_text_free(source->moved);
	mu_mapped_files_free(source->files);
}

/**
 * mu_file_sources_free() - close all files
 * @sources: the sources
 */
void mu_file_sources_free(struct mu_file_sources *sources)
{
	for (size_t i = 0; i < sources->nr; i++)
		free_source(sources, &sources->source[i]);
	mu_mapped_files_free(sources->base);
	if (sources->base_jit)
		mu_jit_names_free(sources->base_jit);
	if (sources->base_moved)
		mu_moved_text_free(sources->base_moved);
	free(sources->source);
	free(sources);
}

/**
 * mu_file_sources_add() - add a process of a sum, and open its files
 * @sources: the sources
 * @target: id of its target
 * @proc: its directory in /proc; stays open until mu_file_sources_remove()
 */
void mu_file_sources_add(struct mu_file_sources *sources, uint64_t target, int proc)
{
	struct mu_search_dirs dirs = sources->dirs;
	struct source source = { .target = target };

	dirs.proc = proc;
	source.files = mu_mapped_files_new(&dirs);
	if (sources->nr)
		mu_mapped_files_share(source.files, sources->source[0].files);
	mu_mapped_files_hold(source.files);
	source.jit = mu_jit_names_new(proc);
	mu_jit_names_hold(source.jit);
	source.moved = mu_moved_text_new(proc);
	mu_moved_text_scan(source.moved);
	sources->source = mu_grow(sources->source, sources->nr, &sources->capacity, sizeof(source));
	sources->source[sources->nr++] = source;
	sources->is_sum = true;
}

/**
 * mu_file_sources_remove() - remove a process of a sum, and close its files
 * @sources: the sources
 * @target: id of its target; may have been removed
 */
void mu_file_sources_remove(struct mu_file_sources *sources, uint64_t target)
{
	for (size_t i = 0; i < sources->nr; i++) {
		if (sources->source[i].target != target)
			continue;
		free_source(sources, &sources->source[i]);
		sources->source[i] = sources->source[--sources->nr];
		return;
	}
}

/**
 * mu_file_sources_hold() - open what the live processes have mapped now
 * @sources: the sources
 */
void mu_file_sources_hold(struct mu_file_sources *sources)
{
	mu_mapped_files_hold(sources->base);
	if (sources->base_jit)
		mu_jit_names_hold(sources->base_jit);
	if (sources->base_moved)
		mu_moved_text_scan(sources->base_moved);
	for (size_t i = 0; i < sources->nr; i++) {
		mu_mapped_files_hold(sources->source[i].files);
		mu_jit_names_hold(sources->source[i].jit);
		mu_moved_text_scan(sources->source[i].moved);
	}
}

static const struct source *find_source(const struct mu_file_sources *sources, uint64_t target)
{
	for (size_t i = 0; i < sources->nr; i++)
		if (sources->source[i].target == target)
			return &sources->source[i];
	return NULL;
}

static struct mu_mapped_files *find_files(const struct mu_file_sources *sources, uint64_t target)
{
	const struct source *source = find_source(sources, target);

	return source ? source->files : NULL;
}

static void identify_files(const struct mu_mapped_files *files, struct mu_target *target)
{
	for (size_t i = 0; i < target->nr_mappings; i++) {
		struct mu_mapping *m = &target->mappings[i];

		free(m->file);
		m->file = strcmp(m->build_id, "-") ? NULL : mu_mapped_files_identify(files, m);
	}
}

/**
 * mu_file_sources_bind() - associate the mappings of a target with the open files
 * @sources: the sources
 * @target: the target, whose report has just been read; of a sum, gets the identities of files
 */
void mu_file_sources_bind(struct mu_file_sources *sources, struct mu_target *target)
{
	struct mu_mapped_files *files = find_files(sources, target->id);

	mu_mapped_files_bind(files ? files : sources->base, target);
	if (files)
		identify_files(files, target);
}

/**
 * mu_file_sources_get() - get the files of a process
 * @sources: the sources
 * @target: id of its target
 *
 * Return: its files, or those of another process of the sum, or those of the report.
 */
struct mu_mapped_files *mu_file_sources_get(const struct mu_file_sources *sources, uint64_t target)
{
	struct mu_mapped_files *files = find_files(sources, target);

	if (files)
		return files;
	return sources->nr ? sources->source[0].files : sources->base;
}

/**
 * mu_file_sources_jit() - get the names of a process's generated code
 * @sources: the sources
 * @target: id of its target
 *
 * Return: the names, or NULL if there is no such live process.
 */
struct mu_jit_names *mu_file_sources_jit(const struct mu_file_sources *sources, uint64_t target)
{
	const struct source *source = find_source(sources, target);

	return source ? source->jit : sources->base_jit;
}

/**
 * mu_file_sources_moved() - look up code that a process has moved
 * @sources: the sources
 * @target: id of its target
 * @address: an address in the process
 *
 * Return: as of mu_moved_text_find(); NULL if there is no such live process.
 */
const struct mu_moved *mu_file_sources_moved(const struct mu_file_sources *sources, uint64_t target,
					     uint64_t address)
{
	const struct source *source = find_source(sources, target);
	const struct mu_moved_text *moved = source ? source->moved : sources->base_moved;

	return moved ? mu_moved_text_find(moved, address) : NULL;
}

/**
 * mu_file_sources_errors() - count maps of JITs that were not used
 * @sources: the sources
 *
 * Return: their number; each has been reported once.
 */
size_t mu_file_sources_errors(const struct mu_file_sources *sources)
{
	size_t errors = sources->errors;

	if (sources->base_jit)
		errors += mu_jit_names_errors(sources->base_jit);
	for (size_t i = 0; i < sources->nr; i++)
		errors += mu_jit_names_errors(sources->source[i].jit);
	return errors;
}

/**
 * mu_file_sources_open() - open the file of a mapping
 * @sources: the sources
 * @origin: the target and the id that the mapping has there
 * @mapping: the mapping
 * @path: as of mu_mapped_files_open()
 * @why: as of mu_mapped_files_open()
 *
 * Return: the open file, or -1.
 */
int mu_file_sources_open(const struct mu_file_sources *sources, const struct mu_origin *origin,
			 const struct mu_mapping *mapping, char **path, char **why)
{
	struct mu_mapping m = *mapping;

	m.id = origin->mapping;
	if (sources->is_sum && !strcmp(m.build_id, "-") && !find_files(sources, origin->target)) {
		*path = mu_strndup(m.path, strlen(m.path));
		*why = mu_format("it has no build-id, and its process had ended before its files "
				 "were found");
		return -1;
	}
	return mu_mapped_files_open(mu_file_sources_get(sources, origin->target), &m, path, why);
}
