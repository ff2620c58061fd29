// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dead parts of stacks, and the pointers that the kernel keeps for the process.
 *
 * Only a thread's own stack has a dead part: the mapping [stack] for the first thread, and for
 * another one the stack whose address and size glibc keeps in the thread's descriptor, if stack
 * pointer and descriptor are in it. Where another thread's stack pointer is lower, that one counts.
 * Any other memory that a stack pointer is in, as the stack of a coroutine, is searched as a whole.
 */
#include "roots.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "mem.h"

#define DESCRIPTOR_WORDS 288 /* of glibc's struct pthread, as far as the stack's address and size */

/* Return: true if an address is in a mapping or in the one directly below it, a guard. */
static bool is_in_or_below(const struct mu_areas *areas, const struct mu_area *area,
			   uint64_t address)
{
	const struct mu_area *found = mu_areas_find(areas, address);

	return found && (found == area || found->end == area->start);
}

/* Return: the start of a thread's stack according to its descriptor, or 0. */
static uint64_t find_stack_start(const struct mu_thread *t, const struct mu_areas *areas,
				 const struct mu_area *area, struct mu_remote *remote)
{
	uint64_t words[DESCRIPTOR_WORDS];
	size_t bytes = mu_remote_read(remote, t->thread_pointer, words, sizeof(words));
	size_t nr = bytes / sizeof(*words);

	for (size_t i = 0; i + 1 < nr; i++) {
		uint64_t start = words[i];
		uint64_t size = words[i + 1];

		if (start && start <= t->sp && size > t->thread_pointer - start &&
		    size <= area->end - start && is_in_or_below(areas, area, start))
			return start;
	}
	return 0;
}

/* Return: the dead part of a thread's own stack, empty if it is not on one. */
static struct mu_range find_dead(const struct mu_stop *stop, const struct mu_thread *t,
				 const struct mu_areas *areas, struct mu_remote *remote)
{
	const struct mu_area *area = mu_areas_find(areas, t->sp);
	struct mu_range dead = { .end = t->sp - MU_RED_ZONE };

	if (!area || t->sp < MU_RED_ZONE)
		return (struct mu_range){};
	if (area->is_stack && t->tid == stop->pid)
		dead.start = area->start;
	else if (!area->is_stack && t->thread_pointer > t->sp && t->thread_pointer < area->end)
		dead.start = find_stack_start(t, areas, area, remote);
	if (dead.start && dead.start < area->start)
		dead.start = area->start;
	return dead;
}

/* A thread that runs on another one's stack ends the dead part of that. */
static void cut_at_other_threads(struct mu_range *dead, const struct mu_stop *stop)
{
	for (size_t i = 0; i < stop->nr; i++) {
		const struct mu_thread *t = &stop->threads[i];

		if (t->is_stopped && t->sp >= dead->start && t->sp < dead->end)
			dead->end = t->sp > MU_RED_ZONE ? t->sp - MU_RED_ZONE : 0;
	}
}

/**
 * mu_roots_dead_stack() - find the dead parts of the stacks of stopped threads
 * @stop: the threads; mu_stop_registers() has been called
 * @areas: the mappings of the process
 * @remote: its memory
 *
 * Return: the parts, to be freed with mu_ranges_free().
 */
struct mu_ranges mu_roots_dead_stack(const struct mu_stop *stop, const struct mu_areas *areas,
				     struct mu_remote *remote)
{
	struct mu_range *parts = mu_zalloc(stop->nr * sizeof(*parts));
	struct mu_ranges dead;
	size_t nr = 0;

	for (size_t i = 0; i < stop->nr; i++) {
		struct mu_range part = {};

		if (stop->threads[i].is_stopped)
			part = find_dead(stop, &stop->threads[i], areas, remote);
		if (!part.start)
			continue;
		cut_at_other_threads(&part, stop);
		part.end &= -sizeof(uint64_t);
		part.start = (part.start + 7) & -sizeof(uint64_t);
		if (part.start < part.end)
			parts[nr++] = part;
	}
	dead = mu_ranges_disjoint(parts, nr);
	free(parts);
	return dead;
}

/* === Pointers that the kernel keeps === */

static bool is_epoll(int fds, const char *name)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	char target[sizeof(epoll)];
	ssize_t len = readlinkat(fds, name, target, sizeof(target));

	return len == (ssize_t)sizeof(epoll) - 1 && !memcmp(target, epoll, sizeof(epoll) - 1);
}

/* tfd: FD events: HEX data: HEX ... */
static bool read_epoll(int infos, const char *name, mu_kernel_taker *take, void *context)
{
	int fd = openat(infos, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		const char *data = strstr(line, "data:");

		if (!strncmp(line, "tfd:", 4) && data)
			take(context, strtoull(data + 5, NULL, 16), atoi(name));
	}
	if (file)
		fclose(file);
	return file;
}

/**
 * mu_roots_epoll() - read the data of epoll
 * @proc: the directory of the process in /proc
 * @take: called for each word
 * @context: passed to @take
 *
 * Return: false if it could not be read.
 */
bool mu_roots_epoll(int proc, mu_kernel_taker *take, void *context)
{
	int infos = openat(proc, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fds = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fds >= 0 ? fdopendir(fds) : NULL;
	bool complete = dir && infos >= 0;
	struct dirent *entry;

	while (complete && (entry = readdir(dir)))
		if (isdigit(entry->d_name[0]) && is_epoll(fds, entry->d_name))
			complete = read_epoll(infos, entry->d_name, take, context);
	if (dir)
		closedir(dir);
	if (infos >= 0)
		close(infos);
	return complete;
}

/**
 * mu_roots_timers() - read the values that POSIX timers will deliver
 * @proc: the directory of the process in /proc
 * @take: called for each word
 * @context: passed to @take
 *
 * Return: false if they could not be read.
 */
bool mu_roots_timers(int proc, mu_kernel_taker *take, void *context)
{
	int fd = openat(proc, "timers", O_RDONLY | O_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		const char *value = strchr(line, '/');

		if (!strncmp(line, "signal:", 7) && value)
			take(context, strtoull(value + 1, NULL, 16), -1);
	}
	if (file)
		fclose(file);
	return file;
}
