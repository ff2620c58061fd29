// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library to be preloaded that records the blocks of a process, as the module does, in the file
 * RECORDER, until it forks. A stack is the caller only. Its own state is outside of the memory that
 * is searched, or holds no addresses.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

/* The functions of the next allocator. */
static struct {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t nr, size_t size);
	void *(*realloc)(void *p, size_t size);
	void *(*memalign)(size_t alignment, size_t size);
	int (*posix_memalign)(void **p, size_t alignment, size_t size);
	void (*free)(void *p);
} next;

static struct recorder_table *table;
static int lock;

static void lock_table(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void unlock_table(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static void find_next(void)
{
	next.calloc = dlsym(RTLD_NEXT, "calloc");
	next.realloc = dlsym(RTLD_NEXT, "realloc");
	next.memalign = dlsym(RTLD_NEXT, "memalign");
	next.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	next.free = dlsym(RTLD_NEXT, "free");
	next.malloc = dlsym(RTLD_NEXT, "malloc");
}

static void need_next(void)
{
	if (!next.malloc)
		find_next();
}

/* The blocks of a child are in another address space. */
static void forget_table(void)
{
	table = NULL;
}

__attribute__((constructor)) static void map_table(void)
{
	const char *name = getenv("RECORDER");
	int fd = name ? open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *map;

	need_next();
	if (fd < 0 || ftruncate(fd, sizeof(*table)))
		return;
	map = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		table = map;
	unsetenv("RECORDER");
	pthread_atfork(NULL, NULL, forget_table);
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static uint32_t stack_of(uint64_t caller)
{
	uint32_t i = caller * 0x9e3779b97f4a7c15UL >> 48;

	while (table->stacks[i] && table->stacks[i] != ~caller)
		i = (i + 1) % RECORDER_STACKS;
	table->stacks[i] = ~caller;
	return i;
}

static struct recorder_slot *find_slot(uint64_t address, bool is_new)
{
	uint32_t i = (address * 0x9e3779b97f4a7c15UL >> 32) % RECORDER_SLOTS;

	for (uint32_t n = 0; n < RECORDER_SLOTS; n++, i = (i + 1) % RECORDER_SLOTS) {
		struct recorder_slot *slot = &table->slots[i];

		if (slot->inverted == ~address || (is_new && slot->inverted <= 1))
			return slot;
		if (!slot->inverted)
			break;
	}
	return NULL;
}

static void *record_block(void *p, size_t size, void *caller)
{
	struct recorder_slot *slot;

	if (!p || !table)
		return p;
	lock_table();
	slot = find_slot((uintptr_t)p, true);
	if (slot)
		*slot = (struct recorder_slot){
			.inverted = ~(uint64_t)(uintptr_t)p,
			.size = size,
			.time_ns = clock_ns(),
			.stack = stack_of((uintptr_t)caller),
		};
	unlock_table();
	return p;
}

static void forget_block(void *p)
{
	struct recorder_slot *slot;

	if (!p || !table)
		return;
	lock_table();
	slot = find_slot((uintptr_t)p, false);
	if (slot)
		slot->inverted = 1;
	unlock_table();
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size)
{
	need_next();
	return record_block(next.malloc(size), size, CALLER);
}

void *calloc(size_t nr, size_t size)
{
	need_next();
	return record_block(next.calloc(nr, size), nr * size, CALLER);
}

void *realloc(void *p, size_t size)
{
	need_next();
	forget_block(p);
	return record_block(next.realloc(p, size), size, CALLER);
}

void *memalign(size_t alignment, size_t size)
{
	need_next();
	return record_block(next.memalign(alignment, size), size, CALLER);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	need_next();
	return record_block(next.memalign(alignment, size), size, CALLER);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	int error;

	need_next();
	error = next.posix_memalign(p, alignment, size);
	if (!error)
		record_block(*p, size, CALLER);
	return error;
}

void free(void *p)
{
	need_next();
	forget_block(p);
	next.free(p);
}
