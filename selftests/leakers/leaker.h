/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every leaker has: the protocol with its test.
 *
 * A leaker prints "ready PID" and waits.  Each line that it reads starts its
 * next step; at the step's end it prints what it holds of the memory that its
 * steps allocated, and waits again:
 *
 *	keep 0xADDRESS SIZE KIND
 *	done COUNT BYTES HASH FAILED
 *
 * COUNT, BYTES and HASH are over all kept blocks (those too many to be printed
 * as well), FAILED is the number of calls so far that gave no memory.
 *
 * Nothing here allocates, so that what a test counts is the work of the leaker
 * alone.  Any thread may keep and drop; step, done and fail are the main thread's.
 */
#ifndef LEAKER_H
#define LEAKER_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAKER_MAX_KEPT 65536
#define LEAKER_TOO_BIG ((size_t)PTRDIFF_MAX - 4096) /* more than any allocator has */

struct leaker_block {
	uintptr_t addr;
	size_t size;
	const char *kind;
};

static struct leaker_block leaker_kept[LEAKER_MAX_KEPT];
static size_t leaker_kept_count;
static uint64_t leaker_count, leaker_bytes, leaker_hash;
static uint64_t leaker_failed;
static char leaker_lock;

/* The sum over a set of blocks does not depend on their order. */
static inline uint64_t leaker_hash_of(uint64_t addr, uint64_t size)
{
	uint64_t x = addr * 0x9e3779b97f4a7c15ull + size;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline __attribute__((noreturn)) void leaker_die(const char *what)
{
	perror(what);
	_exit(1);
}

static inline void leaker_enter(void)
{
	while (__atomic_test_and_set(&leaker_lock, __ATOMIC_ACQUIRE))
		;
}

static inline void leaker_leave(void)
{
	__atomic_clear(&leaker_lock, __ATOMIC_RELEASE);
}

/* The block is held until leaker_drop() or the end. */
static inline void leaker_keep_as(void *p, size_t size, const char *kind)
{
	leaker_enter();
	if (leaker_kept_count == LEAKER_MAX_KEPT)
		leaker_die("too many kept");
	leaker_kept[leaker_kept_count].addr = (uintptr_t)p;
	leaker_kept[leaker_kept_count].size = size;
	leaker_kept[leaker_kept_count++].kind = kind;
	leaker_leave();
}

static inline void leaker_keep(void *p, size_t size)
{
	leaker_keep_as(p, size, "heap");
}

static inline void leaker_drop(void *p)
{
	size_t i;

	leaker_enter();
	for (i = 0; i < leaker_kept_count && leaker_kept[i].addr != (uintptr_t)p; i++)
		;
	if (i == leaker_kept_count)
		leaker_die("dropped what was not kept");
	leaker_kept[i] = leaker_kept[--leaker_kept_count];
	leaker_leave();
}

/* Held for good, and too many of them to be printed one by one. */
static inline void leaker_keep_uncounted(void *p, size_t size)
{
	leaker_enter();
	leaker_count++;
	leaker_bytes += size;
	leaker_hash += leaker_hash_of((uintptr_t)p, size);
	leaker_leave();
}

/* The call that gave p had to fail. */
static inline void leaker_fail(void *p)
{
	if (p && p != (void *)-1)
		leaker_die("a call that must fail gave memory");
	__atomic_fetch_add(&leaker_failed, 1, __ATOMIC_RELAXED);
}

static inline void leaker_write(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n <= 0)
			_exit(1);
		text += n;
		len -= n;
	}
}

__attribute__((format(printf, 1, 2))) static inline void leaker_say(const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	leaker_write(line, strlen(line));
}

/* Waits for the test; its end of file means that the test has gone. */
static inline char leaker_step(void)
{
	char first = 0, c;

	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (!first)
			first = c;
		if (c == '\n')
			return first;
	}
	_exit(0);
}

static inline void leaker_ready(void)
{
	leaker_say("ready %d\n", (int)getpid());
	leaker_step();
}

static inline void leaker_tell(void)
{
	uint64_t bytes = leaker_bytes, hash = leaker_hash;
	size_t i;

	leaker_enter();
	for (i = 0; i < leaker_kept_count; i++) {
		const struct leaker_block *b = &leaker_kept[i];

		leaker_say("keep 0x%lx %zu %s\n", (unsigned long)b->addr, b->size, b->kind);
		bytes += b->size;
		hash += leaker_hash_of(b->addr, b->size);
	}
	leaker_leave();
	leaker_say("done %llu %llu %llu %llu\n", (unsigned long long)(leaker_count + i),
		   (unsigned long long)bytes, (unsigned long long)hash,
		   (unsigned long long)leaker_failed);
}

/* The end of a step; gives the first byte of the line that starts the next one. */
static inline char leaker_done(void)
{
	leaker_tell();
	return leaker_step();
}

#endif
