// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files that a live process has mapped executable, opened while they are mapped.
 *
 * A build-id proves that a file is the mapped one. A file without one is accepted if
 *
 * - it was found at the address of the mapping both before and after a report with the mapping, or
 * - it has been at the path of the mapping, unchanged, since before the attach.
 *
 * For the first rule, /proc/PID/maps is scanned before and after each report. An entry is a file
 * at an address range, in the state in which it was first seen there: a file that has been
 * written since then gets a new entry. A mapping that is present in a report is permanently
 * bound to the entry that both scans have at its address.
 *
 * Depends on held_file.c for each file and on file_identity.c.
 */
#include "held_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_identity.h"
#include "held_file.h"
#include "mem.h"

#define ENTRIES_MAX 4096 /* a process may map new code for ever */
#define OPEN_MAX 256	 /* the limit of open files is often 1024 */

struct binding {
	uint64_t mapping;
	size_t entry;
};

struct mu_held_files {
	struct mu_held_files *next; /* of a ring of those that share their files */
	int proc;
	unsigned int scans;
	struct mu_held_file *entry;
	size_t nr, capacity, nr_open;
	struct binding *binding;
	size_t nr_bindings, bindings_capacity;
};

/**
 * mu_held_files_new() - create an empty list of files
 * @proc: /proc/PID of the process; stays open until mu_held_files_free()
 *
 * Return: the list, to be freed.
 */
struct mu_held_files *mu_held_files_new(int proc)
{
	struct mu_held_files *held = mu_zalloc(sizeof(*held));

	held->proc = proc;
	held->next = held;
	return held;
}

/**
 * mu_held_files_share() - let the files of two processes be used for both
 * @held: the files of the one; new
 * @with: those of the other, and of all that share with it
 *
 * A file with a build-id that is open for one process is not opened for the other: the processes of
 * a server have the same files, and would need more descriptors than the tool may have.
 */
void mu_held_files_share(struct mu_held_files *held, struct mu_held_files *with)
{
	held->next = with->next;
	with->next = held;
}

static void leave_ring(struct mu_held_files *held)
{
	struct mu_held_files *before = held;

	while (before->next != held)
		before = before->next;
	before->next = held->next;
}

/**
 * mu_held_files_free() - close the files
 * @held: the files
 */
void mu_held_files_free(struct mu_held_files *held)
{
	leave_ring(held);
	for (size_t i = 0; i < held->nr; i++)
		mu_held_file_free(&held->entry[i]);
	free(held->entry);
	free(held->binding);
	free(held);
}

/* === Scanning /proc/PID/maps === */

static bool is_same_inode(const struct mu_inode *a, const struct mu_inode *b)
{
	return a->number == b->number && !strcmp(a->device, b->device);
}

static bool is_same_range(const struct mu_maps_line *a, const struct mu_maps_line *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       is_same_inode(&a->inode, &b->inode);
}

static struct mu_held_file *find_entry(struct mu_held_files *held, const struct mu_maps_line *m)
{
	for (size_t i = 0; i < held->nr; i++)
		if (is_same_range(&held->entry[i].range, m) &&
		    !mu_held_file_is_written(&held->entry[i]))
			return &held->entry[i];
	return NULL;
}

static bool is_proven(const struct mu_held_file *h)
{
	return h->fd >= 0 && strcmp(h->build_id, "-") && !mu_held_file_is_written(h);
}

/* Return: true if the file is open for another process, and proves what it is by its build-id. */
static bool is_shared(const struct mu_held_files *held, const struct mu_inode *inode)
{
	for (const struct mu_held_files *other = held->next; other != held; other = other->next)
		for (size_t i = 0; i < other->nr; i++)
			if (is_same_inode(&other->entry[i].range.inode, inode) &&
			    is_proven(&other->entry[i]))
				return true;
	return false;
}

static void add_entry(struct mu_held_files *held, const struct mu_maps_line *m)
{
	struct mu_held_file h;

	if (held->nr >= ENTRIES_MAX || held->nr_open >= OPEN_MAX || is_shared(held, &m->inode))
		return;
	mu_held_file_open(&h, held->proc, m);
	h.first = held->scans;
	h.since = held->scans;
	h.seen = held->scans;
	held->nr_open += h.fd >= 0;
	held->entry = mu_grow(held->entry, held->nr, &held->capacity, sizeof(h));
	held->entry[held->nr++] = h;
}

/* Frames are in executable mappings of files only. */
static void scan_mapping(struct mu_held_files *held, char *line)
{
	struct mu_maps_line m;
	struct mu_held_file *h;

	if (!mu_maps_line_parse(line, &m) || !m.executable || !m.inode.number)
		return;
	h = find_entry(held, &m);
	if (!h) {
		add_entry(held, &m);
		return;
	}
	if (h->seen + 1 < held->scans)
		h->since = held->scans;
	h->seen = held->scans;
}

/**
 * mu_held_files_scan() - open the files that are mapped executable now
 * @held: the files
 *
 * The first call has to precede the attach.
 */
void mu_held_files_scan(struct mu_held_files *held)
{
	int fd = openat(held->proc, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *line = NULL;
	size_t size = 0;

	held->scans++;
	while (maps && getline(&line, &size, maps) > 0)
		scan_mapping(held, line);
	free(line);
	if (maps)
		fclose(maps);
}

/* === Binding mappings to files === */

static bool is_at_mapping(const struct mu_held_file *h, const struct mu_mapping *m)
{
	return h->range.start < m->end && m->start < h->range.end &&
	       h->range.offset - h->range.start == m->offset - m->start;
}

static const struct binding *find_binding(const struct mu_held_files *held,
					  const struct mu_mapping *m)
{
	for (size_t i = 0; i < held->nr_bindings; i++)
		if (held->binding[i].mapping == m->id)
			return &held->binding[i];
	return NULL;
}

static bool is_bound(const struct mu_held_files *held, size_t entry)
{
	for (size_t i = 0; i < held->nr_bindings; i++)
		if (held->binding[i].entry == entry)
			return true;
	return false;
}

/*
 * Return: the entry that both scans have at the address of the mapping, or SIZE_MAX. If there is
 * another entry for the same range without a mapping, the mapping may be of that one, and none is
 * returned.
 */
static size_t find_present(const struct mu_held_files *held, const struct mu_mapping *m)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < held->nr; i++) {
		const struct mu_held_file *h = &held->entry[i];

		if (h->seen == held->scans && h->since < held->scans && is_at_mapping(h, m))
			found = i;
	}
	for (size_t i = 0; found != SIZE_MAX && i < held->nr; i++)
		if (i != found && is_same_range(&held->entry[i].range, &held->entry[found].range) &&
		    !is_bound(held, i))
			return SIZE_MAX;
	return found;
}

static void bind_mapping(struct mu_held_files *held, const struct mu_mapping *m)
{
	struct binding binding = { .mapping = m->id, .entry = find_present(held, m) };
	struct mu_held_file *h;

	if (binding.entry == SIZE_MAX)
		return;
	h = &held->entry[binding.entry];
	if (h->fd >= 0 && mu_file_compare_code(held->proc, h->fd, &h->range) < 0) {
		mu_held_file_close(h);
		h->why = mu_format("the code in memory is not that of the file, which is not used");
	}
	held->binding = mu_grow(held->binding, held->nr_bindings, &held->bindings_capacity,
				sizeof(binding));
	held->binding[held->nr_bindings++] = binding;
}

/**
 * mu_held_files_bind() - bind each mapping without a build-id to its file
 * @held: the files
 * @target: a target of a report that was read after the last mu_held_files_scan()
 *
 * Scans again, so it has to be called soon after the report was read.
 */
void mu_held_files_bind(struct mu_held_files *held, const struct mu_target *target)
{
	mu_held_files_scan(held);
	for (size_t i = 0; i < target->nr_mappings; i++) {
		const struct mu_mapping *m = &target->mappings[i];

		if (!strcmp(m->build_id, "-") && !m->unmapped && !find_binding(held, m))
			bind_mapping(held, m);
	}
}

/* === Opening files === */

static const struct mu_held_file *find_own_by_build_id(const struct mu_held_files *held,
						       const char *build_id)
{
	for (size_t i = 0; i < held->nr; i++) {
		const struct mu_held_file *h = &held->entry[i];

		if (h->fd >= 0 && !strcmp(h->build_id, build_id) && !mu_held_file_is_written(h))
			return h;
	}
	return NULL;
}

static const struct mu_held_file *find_by_build_id(const struct mu_held_files *held,
						   const char *build_id)
{
	const struct mu_held_file *found = find_own_by_build_id(held, build_id);

	for (const struct mu_held_files *other = held->next; !found && other != held;
	     other = other->next)
		found = find_own_by_build_id(other, build_id);
	return found;
}

/* Whatever was mapped from a path is the file that has been there since before the attach. */
static const struct mu_held_file *find_by_path(const struct mu_held_files *held,
					       const struct mu_mapping *m)
{
	for (size_t i = 0; i < held->nr; i++) {
		const struct mu_held_file *h = &held->entry[i];

		if (h->first == 1 && !strcmp(h->path, m->path) && mu_held_file_is_untouched(h) &&
		    !strcmp(h->build_id, "-"))
			return h;
	}
	return NULL;
}

/* Return: why a mapping is not bound to a file, to be freed, or NULL if it is not known. */
static char *explain_missing(const struct mu_held_files *held, const struct mu_mapping *m)
{
	for (size_t i = 0; i < held->nr; i++)
		if (held->entry[i].why && is_at_mapping(&held->entry[i], m))
			return mu_strndup(held->entry[i].why, strlen(held->entry[i].why));
	if (!strcmp(m->build_id, "-"))
		return mu_format("it has no build-id, and its file was not found in the "
				 "process while it was mapped");
	return NULL;
}

static const struct mu_held_file *find_file(const struct mu_held_files *held,
					    const struct mu_mapping *m)
{
	const struct binding *binding;

	if (strcmp(m->build_id, "-"))
		return find_by_build_id(held, m->build_id);
	binding = find_binding(held, m);
	return binding ? &held->entry[binding->entry] : find_by_path(held, m);
}

/**
 * mu_held_files_open() - open the file of a mapping
 * @held: the files
 * @mapping: the mapping
 * @why: set to the reason if there is no file and it is known, to be freed
 *
 * Return: the open file, or -1.
 */
int mu_held_files_open(const struct mu_held_files *held, const struct mu_mapping *mapping,
		       char **why)
{
	const struct mu_held_file *h = find_file(held, mapping);

	if (h && mu_held_file_is_written(h)) {
		*why = mu_format("the file has been written since it was mapped, and is not used");
		return -1;
	}
	if (h && h->fd >= 0)
		return fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
	*why = h && h->why ? mu_strndup(h->why, strlen(h->why)) : explain_missing(held, mapping);
	return -1;
}

/**
 * mu_held_files_identify() - find out which file without a build-id a mapping is of
 * @held: the files
 * @mapping: the mapping
 *
 * Return: a text that is equal for the same contents of the same file, also in another process, to
 * be freed, or NULL if the file is not known.
 */
char *mu_held_files_identify(const struct mu_held_files *held, const struct mu_mapping *mapping)
{
	const struct mu_held_file *h = find_file(held, mapping);

	if (!h || h->fd < 0)
		return NULL;
	return mu_format("%s %lu %jd %jd.%09ld", h->range.inode.device, h->range.inode.number,
			 (intmax_t)h->state.st_size, (intmax_t)h->state.st_mtim.tv_sec,
			 h->state.st_mtim.tv_nsec);
}
