/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every program has: the protocol with its test.
 *
 * A program prints "ready PID" and waits.  Each line that it reads starts its
 * next step; at the step's end it prints what it holds of the memory that its
 * steps allocated, and waits again:
 *
 *	keep 0xADDRESS SIZE KIND
 *	done COUNT BYTES HASH FAILED
 *
 * COUNT, BYTES and HASH are over all kept blocks (those too many to be printed
 * as well), FAILED is the number of calls so far that gave no memory.
 *
 * Nothing here allocates, so that what a test counts is the work of the program
 * alone.  Any thread may keep and drop; step, done and fail are the main thread's.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_MAX_KEPT 65536
#define PROGRAM_TOO_BIG ((size_t)PTRDIFF_MAX - 4096) /* more than any allocator has */

struct program_block {
	uintptr_t addr;
	size_t size;
	const char *kind;
};

static struct program_block program_kept[PROGRAM_MAX_KEPT];
static size_t program_kept_count;
static uint64_t program_count, program_bytes, program_hash;
static uint64_t program_failed;
static char program_lock;

/* The sum over a set of blocks does not depend on their order. */
static inline uint64_t program_hash_of(uint64_t addr, uint64_t size)
{
	uint64_t x = addr * 0x9e3779b97f4a7c15ull + size;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline __attribute__((noreturn)) void program_die(const char *what)
{
	perror(what);
	_exit(1);
}

static inline void program_enter(void)
{
	while (__atomic_test_and_set(&program_lock, __ATOMIC_ACQUIRE))
		;
}

static inline void program_leave(void)
{
	__atomic_clear(&program_lock, __ATOMIC_RELEASE);
}

/* The block is held until program_drop() or the end. */
static inline void program_keep_as(void *p, size_t size, const char *kind)
{
	program_enter();
	if (program_kept_count == PROGRAM_MAX_KEPT)
		program_die("too many kept");
	program_kept[program_kept_count].addr = (uintptr_t)p;
	program_kept[program_kept_count].size = size;
	program_kept[program_kept_count++].kind = kind;
	program_leave();
}

static inline void program_keep(void *p, size_t size)
{
	program_keep_as(p, size, "heap");
}

static inline void program_drop(void *p)
{
	size_t i;

	program_enter();
	for (i = 0; i < program_kept_count && program_kept[i].addr != (uintptr_t)p; i++)
		;
	if (i == program_kept_count)
		program_die("dropped what was not kept");
	program_kept[i] = program_kept[--program_kept_count];
	program_leave();
}

/* Held for good, and too many of them to be printed one by one. */
static inline void program_keep_uncounted(void *p, size_t size)
{
	program_enter();
	program_count++;
	program_bytes += size;
	program_hash += program_hash_of((uintptr_t)p, size);
	program_leave();
}

/* The call that gave p had to fail. */
static inline void program_fail(void *p)
{
	if (p && p != (void *)-1)
		program_die("a call that must fail gave memory");
	__atomic_fetch_add(&program_failed, 1, __ATOMIC_RELAXED);
}

static inline void program_write(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n <= 0)
			_exit(1);
		text += n;
		len -= n;
	}
}

__attribute__((format(printf, 1, 2))) static inline void program_say(const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	program_write(line, strlen(line));
}

/* Waits for the test; its end of file means that the test has gone. */
static inline char program_step(void)
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

static inline void program_ready(void)
{
	program_say("ready %d\n", (int)getpid());
	program_step();
}

static inline void program_tell(void)
{
	uint64_t bytes = program_bytes, hash = program_hash;
	size_t i;

	program_enter();
	for (i = 0; i < program_kept_count; i++) {
		const struct program_block *b = &program_kept[i];

		program_say("keep 0x%lx %zu %s\n", (unsigned long)b->addr, b->size, b->kind);
		bytes += b->size;
		hash += program_hash_of(b->addr, b->size);
	}
	program_leave();
	program_say("done %llu %llu %llu %llu\n", (unsigned long long)(program_count + i),
		    (unsigned long long)bytes, (unsigned long long)hash,
		    (unsigned long long)program_failed);
}

/* The end of a step; gives the first byte of the line that starts the next one. */
static inline char program_done(void)
{
	program_tell();
	return program_step();
}

#endif
