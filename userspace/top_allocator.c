// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocators that a process has mapped, in the words of the column ALLOCATOR.
 *
 * Reading the maps of a process delays its own mappings, and reading its files takes time: only the
 * processes that are shown are examined, and each result is used for a minute, that of a file as
 * long as the file is unchanged. Files are opened through map_files, which needs root, else by path
 * below the root of the process. Depends on top_object.c, top_process.c, file_identity.c,
 * regular_file.c and text.c.
 */
#include "top_allocator.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_identity.h"
#include "mem.h"
#include "regular_file.h"
#include "text.h"
#include "top_object.h"
#include "top_process.h"

#define USED_MS 60000
#define FILES_MAX 4096
#define PROCESSES_MAX 1024
/* Begins the words of an allocator that is not traced. */
#define NOT_TRACED "no:"

struct file_entry {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	struct mu_top_object object;
};

struct process_entry {
	pid_t pid;
	uint64_t start, ms;
	char *text;
};

struct mu_top_allocators {
	int root;
	struct file_entry *files;
	size_t nr_files, files_capacity;
	struct process_entry *processes;
	size_t nr_processes, processes_capacity;
};

/* One process while it is examined. */
struct search {
	struct mu_top_allocators *a;
	int proc;
	int root; /* of the process */
	char program[PATH_MAX];
	struct mu_inode *inodes; /* seen so far */
	size_t nr_inodes, inodes_capacity;
	char *others, *libc; /* names of allocators, separated by commas, or NULL */
	size_t mappings;
	bool is_32_bit, has_go, is_static, is_unreadable;
};

/**
 * mu_top_allocators_new() - prepare to examine processes
 * @root: the directory that has proc; stays open
 *
 * Return: the handle, to be freed.
 */
struct mu_top_allocators *mu_top_allocators_new(int root)
{
	struct mu_top_allocators *a = mu_zalloc(sizeof(*a));

	a->root = root;
	return a;
}

static void forget_processes(struct mu_top_allocators *a)
{
	for (size_t i = 0; i < a->nr_processes; i++)
		free(a->processes[i].text);
	a->nr_processes = 0;
}

/**
 * mu_top_allocators_free() - free all results
 * @a: the handle
 */
void mu_top_allocators_free(struct mu_top_allocators *a)
{
	forget_processes(a);
	free(a->processes);
	free(a->files);
	free(a);
}

/* === Files === */

static bool is_same_file(const struct file_entry *f, const struct stat *st)
{
	return f->device == st->st_dev && f->inode == st->st_ino && f->size == st->st_size &&
	       f->changed.tv_sec == st->st_ctim.tv_sec && f->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static struct mu_top_object read_file(struct mu_top_allocators *a, int fd)
{
	struct mu_top_object object = {};
	struct stat st;

	if (fstat(fd, &st))
		return object;
	for (size_t i = 0; i < a->nr_files; i++)
		if (is_same_file(&a->files[i], &st))
			return a->files[i].object;
	mu_top_object_read(&object, fd);
	if (a->nr_files == FILES_MAX)
		a->nr_files = 0;
	a->files = mu_grow(a->files, a->nr_files, &a->files_capacity, sizeof(*a->files));
	a->files[a->nr_files++] = (struct file_entry){ .device = st.st_dev,
						       .inode = st.st_ino,
						       .size = st.st_size,
						       .changed = st.st_ctim,
						       .object = object };
	return object;
}

static int open_mapped(const struct search *s, const struct mu_maps_line *m)
{
	char *name = mu_format("map_files/%" PRIx64 "-%" PRIx64, m->start, m->end);
	int fd = mu_regular_file_open(s->proc, name, 0);

	free(name);
	return fd < 0 && s->root >= 0 ? mu_regular_file_open(s->root, m->path, MU_IN_ROOT) : fd;
}

/* === Names === */

static void cut_at(char *name, const char *part)
{
	char *found = strstr(name, part);

	if (found)
		*found = '\0';
}

/* Cut the version of "libc-2.31.so". */
static void cut_version(char *name)
{
	for (char *dash = name; (dash = strchr(dash, '-')); dash++)
		if (dash[1] >= '0' && dash[1] <= '9') {
			*dash = '\0';
			return;
		}
}

static bool is_libc(const char *name)
{
	return !strcmp(name, "libc") || !strcmp(name, "musl");
}

/* Return: the short name of a library, to be freed: "libc", "musl", "jemalloc". */
static char *library_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = mu_escape(slash ? slash + 1 : path), *shorter;

	cut_at(name, ".so");
	cut_version(name);
	shorter = name;
	if (!strncmp(name, "ld-musl", 7))
		shorter = mu_format("musl");
	else if (!strncmp(name, "lib", 3) && !is_libc(name))
		shorter = mu_format("%s", name + 3);
	if (shorter != name)
		free(name);
	return shorter;
}

static void append_name(char **list, const char *name)
{
	char *joined = *list ? mu_format("%s,%s", *list, name) : mu_format("%s", name);

	free(*list);
	*list = joined;
}

/* The linker of old glibc exports an allocator that it uses only to start the program. */
static bool is_linker(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return !strncmp(name, "ld-", 3) && strncmp(name, "ld-musl", 7);
}

static void add_allocator(struct search *s, const char *path)
{
	char *name;

	if (is_linker(path))
		return;
	name = library_name(path);
	append_name(is_libc(name) ? &s->libc : &s->others, name);
	free(name);
}

/* === A process === */

static void add_program(struct search *s, const struct mu_top_object *object)
{
	s->is_static = object->is_static;
	if (object->exports)
		append_name(&s->others, "program");
	else if (object->has_symbols)
		append_name(&s->others, "static");
}

static void add_file(struct search *s, const struct mu_maps_line *m)
{
	int fd = open_mapped(s, m);
	struct mu_top_object object;

	if (fd < 0) {
		s->is_unreadable = true;
		return;
	}
	object = read_file(s->a, fd);
	close(fd);
	s->is_32_bit |= object.is_32_bit;
	s->has_go |= object.has_go;
	if (!strcmp(m->path, s->program))
		add_program(s, &object);
	else if (object.exports)
		add_allocator(s, m->path);
}

static bool is_new_inode(struct search *s, const struct mu_inode *inode)
{
	for (size_t i = 0; i < s->nr_inodes; i++)
		if (s->inodes[i].number == inode->number &&
		    !strcmp(s->inodes[i].device, inode->device))
			return false;
	s->inodes = mu_grow(s->inodes, s->nr_inodes, &s->inodes_capacity, sizeof(*s->inodes));
	s->inodes[s->nr_inodes++] = *inode;
	return true;
}

static void read_maps(struct search *s)
{
	int fd = openat(s->proc, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd >= 0 ? fdopen(fd, "r") : NULL;
	struct mu_maps_line m;
	char *line = NULL;
	size_t size = 0;

	while (maps && getline(&line, &size, maps) > 0) {
		s->mappings++;
		if (mu_maps_line_parse(line, &m) && m.executable && m.inode.number &&
		    is_new_inode(s, &m.inode))
			add_file(s, &m);
	}
	free(line);
	if (maps)
		fclose(maps);
}

static void read_program(struct search *s)
{
	ssize_t len = readlinkat(s->proc, "exe", s->program, sizeof(s->program) - 1);

	s->program[len > 0 ? len : 0] = '\0';
}

/* Return: why nothing can be traced. */
static const char *say_why_untraced(const struct search *s)
{
	if (!s->mappings)
		return "?";
	if (s->has_go)
		return NOT_TRACED "Go";
	if (s->is_unreadable)
		return "?";
	return s->is_static ? NOT_TRACED "static" : NOT_TRACED "malloc";
}

static char *describe_search(const struct search *s)
{
	const char *go = s->has_go ? " " NOT_TRACED "Go" : "";

	if (s->is_32_bit)
		return mu_format(NOT_TRACED "32-bit");
	if (s->others && s->libc)
		return mu_format("%s,%s%s", s->others, s->libc, go);
	if (s->others || s->libc)
		return mu_format("%s%s", s->others ? s->others : s->libc, go);
	return mu_format("%s", say_why_untraced(s));
}

static char *examine_process(struct mu_top_allocators *a, int proc)
{
	struct search s = { .a = a, .proc = proc };
	char *text;

	s.root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	read_program(&s);
	read_maps(&s);
	text = describe_search(&s);
	if (s.root >= 0)
		close(s.root);
	free(s.inodes);
	free(s.others);
	free(s.libc);
	return text;
}

/* Return: what was found, to be freed; "?" if the process has exited. */
static char *open_and_examine(struct mu_top_allocators *a, pid_t pid, uint64_t start)
{
	char *name = mu_format("proc/%d", pid);
	int proc = openat(a->root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *text;

	free(name);
	if (proc >= 0 && mu_top_process_is(proc, start))
		text = examine_process(a, proc);
	else
		text = mu_format("?");
	if (proc >= 0)
		close(proc);
	return text;
}

static struct process_entry *find_process(struct mu_top_allocators *a, pid_t pid, uint64_t start)
{
	for (size_t i = 0; i < a->nr_processes; i++)
		if (a->processes[i].pid == pid && a->processes[i].start == start)
			return &a->processes[i];
	a->processes = mu_grow(a->processes, a->nr_processes, &a->processes_capacity,
			       sizeof(*a->processes));
	a->processes[a->nr_processes] = (struct process_entry){ .pid = pid, .start = start };
	return &a->processes[a->nr_processes++];
}

static const char *find_allocators(struct mu_top_allocators *a, pid_t pid, uint64_t start,
				   uint64_t ms)
{
	struct process_entry *p = find_process(a, pid, start);

	if (p->text && ms - p->ms < USED_MS)
		return p->text;
	free(p->text);
	p->text = open_and_examine(a, pid, start);
	p->ms = ms;
	return p->text;
}

/**
 * mu_top_allocators_fill() - find the allocators of processes
 * @a: the handle
 * @rows: rows of processes, whose allocator is set; the texts are valid until the next call
 * @nr: number of @rows
 * @ms: the time
 *
 * The text has the traced allocators, separated by commas, then those that are not traced with
 * "no:" before them; it is "?" if the process cannot be read.
 */
void mu_top_allocators_fill(struct mu_top_allocators *a, struct mu_top_row *rows, size_t nr,
			    uint64_t ms)
{
	if (a->nr_processes > PROCESSES_MAX)
		forget_processes(a);
	for (size_t i = 0; i < nr; i++)
		rows[i].allocator = find_allocators(a, rows[i].pid[0], rows[i].start, ms);
}

/**
 * mu_top_is_traceable() - interpret the column ALLOCATOR
 * @allocator: its text, or NULL
 *
 * Return: false if nothing of the process can be traced.
 */
bool mu_top_is_traceable(const char *allocator)
{
	return !allocator || strncmp(allocator, NOT_TRACED, strlen(NOT_TRACED));
}
