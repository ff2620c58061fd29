// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holding mapped files.
 *
 * An entry is a file at a place, in the state in which it was first seen there: one that was
 * written since is another entry. /proc/PID/maps is read before and after each report. A mapping
 * that the report shows as present is tied to the entry that both show at its place, and keeps it.
 */
#include "held_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_copy.h"
#include "elf_file.h"
#include "mem.h"
#include "file_identity.h"

#define ENTRIES_MAX 4096 /* a JIT may map without end */
#define OPEN_MAX 256	 /* the limit of open files is 1024 in many places */

struct held {
	struct mu_maps_line place; /* but for its path */
	char *path;
	char *link; /* where the open file is */
	char *build_id;
	char *why; /* there is no file, if this is known */
	struct stat state;
	unsigned int first;	  /* the look that opened it */
	unsigned int since, seen; /* looks without a gap */
	int fd;
	bool is_copy;
};

struct binding {
	uint64_t mapping;
	size_t entry;
};

struct mu_held_files {
	int proc;
	unsigned int looks;
	struct held *entry;
	size_t nr, room, nr_open;
	struct binding *binding;
	size_t nr_bindings, bindings_room;
};

/* Each object that is shown needs some more. */
static void raise_limit_of_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

struct mu_held_files *mu_held_files_new(int proc)
{
	struct mu_held_files *held = mu_zalloc(sizeof(*held));

	raise_limit_of_files();
	held->proc = proc;
	return held;
}

static void close_entry(struct held *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

void mu_held_files_free(struct mu_held_files *held)
{
	for (size_t i = 0; i < held->nr; i++) {
		struct held *h = &held->entry[i];

		close_entry(h);
		free(h->path);
		free(h->link);
		free(h->build_id);
		free(h->why);
	}
	free(held->entry);
	free(held->binding);
	free(held);
}

static char *link_of(int fd)
{
	char *name = mu_format("/proc/self/fd/%d", fd);
	char *link = mu_zalloc(4096);

	if (readlink(name, link, 4095) < 0)
		link[0] = '\0';
	free(name);
	return link;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* A copy stays as it was made. */
static bool is_written(const struct held *h)
{
	struct stat now;

	return h->fd >= 0 && !h->is_copy &&
	       (fstat(h->fd, &now) || now.st_size != h->state.st_size ||
		!is_same_time(&now.st_mtim, &h->state.st_mtim));
}

/* Since it was opened the file has neither been written, nor replaced at its path. */
static bool is_untouched(const struct held *h)
{
	struct stat now;
	bool same;
	char *link;

	if (h->fd < 0 || h->is_copy || fstat(h->fd, &now) ||
	    !is_same_time(&now.st_ctim, &h->state.st_ctim))
		return false;
	link = link_of(h->fd);
	same = !strcmp(link, h->link);
	free(link);
	return same;
}

/* === Looking === */

static bool is_same_place(const struct mu_maps_line *a, const struct mu_maps_line *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       a->inode.number == b->inode.number && !strcmp(a->inode.device, b->inode.device);
}

static struct held *find_entry(struct mu_held_files *held, const struct mu_maps_line *m)
{
	for (size_t i = 0; i < held->nr; i++)
		if (is_same_place(&held->entry[i].place, m) && !is_written(&held->entry[i]))
			return &held->entry[i];
	return NULL;
}

static void open_file(const struct mu_held_files *held, struct held *h)
{
	char *name = mu_format("map_files/%" PRIx64 "-%" PRIx64, h->place.start, h->place.end);
	int handle;

	h->fd = mu_elf_open(held->proc, name, false);
	if (h->fd < 0 && (errno == EACCES || errno == EPERM)) {
		handle = openat(held->proc, name, O_PATH | O_CLOEXEC);
		if (handle >= 0) {
			h->fd = mu_file_copy(held->proc, handle, &h->place.inode);
			close(handle);
		}
		h->is_copy = h->fd >= 0;
	}
	if (h->fd < 0)
		h->why = mu_format("the file cannot be read: %s", strerror(errno));
	free(name);
}

static bool is_elf(int fd)
{
	char magic[4];

	return pread(fd, magic, 4, 0) == 4 && !memcmp(magic, "\177ELF", 4);
}

static void add_entry(struct mu_held_files *held, const struct mu_maps_line *m)
{
	struct held h = { .place = *m, .fd = -1 };

	if (held->nr >= ENTRIES_MAX || held->nr_open >= OPEN_MAX)
		return;
	h.place.path = NULL;
	h.first = held->looks;
	h.since = held->looks;
	h.seen = held->looks;
	open_file(held, &h);
	if (h.fd >= 0 && (!is_elf(h.fd) || fstat(h.fd, &h.state)))
		close_entry(&h);
	if (h.fd >= 0) {
		h.build_id = mu_elf_build_id(h.fd);
		h.link = link_of(h.fd);
		if (!strcmp(h.build_id, "-") && !h.is_copy &&
		    !mu_file_is_inode(held->proc, h.fd, &h.place.inode)) {
			h.why = mu_format("the file at its path is not the one that is mapped");
			close_entry(&h);
		}
	}
	held->nr_open += h.fd >= 0;
	h.path = mu_strndup(m->path, strlen(m->path));
	held->entry = mu_grow(held->entry, held->nr, &held->room, sizeof(h));
	held->entry[held->nr++] = h;
}

/* Code in a file is all that a frame can lie in. */
static void look_at(struct mu_held_files *held, char *line)
{
	struct mu_maps_line m;
	struct held *h;

	if (!mu_maps_line_parse(line, &m) || !m.executable || !m.inode.number)
		return;
	h = find_entry(held, &m);
	if (!h) {
		add_entry(held, &m);
		return;
	}
	if (h->seen + 1 < held->looks)
		h->since = held->looks;
	h->seen = held->looks;
}

void mu_held_files_scan(struct mu_held_files *held)
{
	int fd = openat(held->proc, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *line = NULL;
	size_t size = 0;

	held->looks++;
	while (maps && getline(&line, &size, maps) > 0)
		look_at(held, line);
	free(line);
	if (maps)
		fclose(maps);
}

/* === Binding === */

static bool is_at(const struct held *h, const struct mu_mapping *m)
{
	return h->place.start < m->end && m->start < h->place.end &&
	       h->place.offset - h->place.start == m->offset - m->start;
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
 * The entry that both looks show at the mapping's place. If it was there in another state before,
 * that no mapping was tied to, the mapping may be of that state: there is none.
 */
static size_t find_present(const struct mu_held_files *held, const struct mu_mapping *m)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < held->nr; i++) {
		const struct held *h = &held->entry[i];

		if (h->seen == held->looks && h->since < held->looks && is_at(h, m))
			found = i;
	}
	for (size_t i = 0; found != SIZE_MAX && i < held->nr; i++)
		if (i != found && is_same_place(&held->entry[i].place, &held->entry[found].place) &&
		    !is_bound(held, i))
			return SIZE_MAX;
	return found;
}

static void check_content(const struct mu_held_files *held, struct held *h)
{
	if (h->fd < 0 || mu_file_compare_code(held->proc, h->fd, &h->place) >= 0)
		return;
	close_entry(h);
	h->why = mu_format("the code in memory is not the file's: it is not used");
}

static void bind_mapping(struct mu_held_files *held, const struct mu_mapping *m)
{
	struct binding binding = { .mapping = m->id, .entry = find_present(held, m) };

	if (binding.entry == SIZE_MAX)
		return;
	check_content(held, &held->entry[binding.entry]);
	held->binding = mu_grow(held->binding, held->nr_bindings, &held->bindings_room,
				sizeof(binding));
	held->binding[held->nr_bindings++] = binding;
}

void mu_held_files_bind(struct mu_held_files *held, const struct mu_target *target)
{
	mu_held_files_scan(held);
	for (size_t i = 0; i < target->nr_mappings; i++) {
		const struct mu_mapping *m = &target->mappings[i];

		if (!strcmp(m->build_id, "-") && !m->unmapped && !find_binding(held, m))
			bind_mapping(held, m);
	}
}

/* === Opening === */

static const struct held *find_by_build_id(const struct mu_held_files *held, const char *build_id)
{
	for (size_t i = 0; i < held->nr; i++) {
		const struct held *h = &held->entry[i];

		if (h->fd >= 0 && !strcmp(h->build_id, build_id) && !is_written(h))
			return h;
	}
	return NULL;
}

/* What has been at its path since before the attach is all that was mapped from there. */
static const struct held *find_by_path(const struct mu_held_files *held, const struct mu_mapping *m)
{
	for (size_t i = 0; i < held->nr; i++) {
		const struct held *h = &held->entry[i];

		if (h->first == 1 && !strcmp(h->path, m->path) && is_untouched(h) &&
		    !strcmp(h->build_id, "-"))
			return h;
	}
	return NULL;
}

/* Why there is no file for a mapping that none was tied to. */
static char *reason_of(const struct mu_held_files *held, const struct mu_mapping *m)
{
	for (size_t i = 0; i < held->nr; i++)
		if (held->entry[i].why && is_at(&held->entry[i], m))
			return mu_strndup(held->entry[i].why, strlen(held->entry[i].why));
	if (!strcmp(m->build_id, "-"))
		return mu_format("it has no build-id, and its file could not be seen in the "
				 "process while it was mapped");
	return NULL;
}

static const struct held *find_file(const struct mu_held_files *held, const struct mu_mapping *m)
{
	const struct binding *binding;

	if (strcmp(m->build_id, "-"))
		return find_by_build_id(held, m->build_id);
	binding = find_binding(held, m);
	return binding ? &held->entry[binding->entry] : find_by_path(held, m);
}

int mu_held_files_open(const struct mu_held_files *held, const struct mu_mapping *mapping,
		       char **why)
{
	const struct held *h = find_file(held, mapping);

	if (h && is_written(h)) {
		*why = mu_format("the file was written since it was mapped: it is not used");
		return -1;
	}
	if (h && h->fd >= 0)
		return fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
	*why = h && h->why ? mu_strndup(h->why, strlen(h->why)) : reason_of(held, mapping);
	return -1;
}
