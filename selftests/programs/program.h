/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs that are traced by the tests, and the protocol between a program and its test.
 *
 * Each program in this directory allocates and frees memory in a known way. A test starts it with
 * mst_spawn() (../lib/mst.h) or start (../lib/tool.sh), attaches to it, lets it do one or more
 * steps, and compares what the module reports with the blocks that the program says it keeps. The
 * protocol is text on standard input and output:
 *
 * 1. The program prints "ready PID" and waits for input. A program that cannot run on this machine
 *    exits with status 4 instead, and the test is skipped.
 * 2. Each line that it reads starts its next step. Programs that can do different steps look at the
 *    first byte of the line; the others do their steps in order, whatever the line is ("go" in most
 *    tests).
 * 3. At the end of the step the program prints the blocks that it keeps of all steps so far, one
 *    per line and then their sums, and waits for the next line:
 *
 *	keep 0xADDRESS SIZE KIND
 *	done COUNT BYTES HASH FAILED
 *
 *    KIND is "heap", "mmap" or "stack", as in the file allocations. COUNT, BYTES and HASH are the
 *    number of kept blocks, the sum of their sizes, and the sum of program_hash_of() over them.
 *    They include blocks that are too many to be printed (program_keep_uncounted()). FAILED is
 *    the number of calls so far that returned no memory; some programs count something else
 *    there.
 * 4. The program exits with status 0 after its last step or at the step "end", and at the end of
 *    its input. It exits with another status, after a message on standard error, if a call of the
 *    allocator did not do what it must.
 *
 * The functions of this file do not allocate, so that the program's own calls are all that a test
 * counts. program_keep(), program_drop() and program_fail() may be called from any thread, the
 * others from the main thread only.
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
#define PROGRAM_TOO_BIG ((size_t)PTRDIFF_MAX - 4096) /* a size that every allocator refuses */

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

/* The hash of one block. Sums of hashes do not depend on the order of the blocks. */
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

/* A spinlock, which needs no function of libc. */
static inline void program_lock_blocks(void)
{
	while (__atomic_test_and_set(&program_lock, __ATOMIC_ACQUIRE))
		;
}

static inline void program_unlock_blocks(void)
{
	__atomic_clear(&program_lock, __ATOMIC_RELEASE);
}

/* Adds a block to the kept ones, until program_drop(). */
static inline void program_keep_as(void *p, size_t size, const char *kind)
{
	program_lock_blocks();
	if (program_kept_count == PROGRAM_MAX_KEPT)
		program_die("too many kept");
	program_kept[program_kept_count].addr = (uintptr_t)p;
	program_kept[program_kept_count].size = size;
	program_kept[program_kept_count++].kind = kind;
	program_unlock_blocks();
}

static inline void program_keep(void *p, size_t size)
{
	program_keep_as(p, size, "heap");
}

/* Removes a block from the kept ones, to which it must have been added; does not free it. */
static inline void program_drop(void *p)
{
	size_t i;

	program_lock_blocks();
	for (i = 0; i < program_kept_count && program_kept[i].addr != (uintptr_t)p; i++)
		;
	if (i == program_kept_count)
		program_die("dropped a block that was not kept");
	program_kept[i] = program_kept[--program_kept_count];
	program_unlock_blocks();
}

/*
 * Adds a block to the sums only; for blocks that are too many to be printed and are never
 * dropped.
 */
static inline void program_keep_uncounted(void *p, size_t size)
{
	program_lock_blocks();
	program_count++;
	program_bytes += size;
	program_hash += program_hash_of((uintptr_t)p, size);
	program_unlock_blocks();
}

/* Counts a call that must fail; @p is what it returned. */
static inline void program_fail(void *p)
{
	if (p && p != (void *)-1)
		program_die("a call that must fail returned memory");
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

/* Waits for a line and returns its first byte. Exits at the end of file: the test has ended. */
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

/* Prints "ready PID" and waits for the first step. */
static inline void program_ready(void)
{
	program_say("ready %d\n", (int)getpid());
	program_step();
}

/* Prints the kept blocks and their sums. */
static inline void program_print_kept(void)
{
	uint64_t bytes = program_bytes, hash = program_hash;
	size_t i;

	program_lock_blocks();
	for (i = 0; i < program_kept_count; i++) {
		const struct program_block *b = &program_kept[i];

		program_say("keep 0x%lx %zu %s\n", (unsigned long)b->addr, b->size, b->kind);
		bytes += b->size;
		hash += program_hash_of(b->addr, b->size);
	}
	program_unlock_blocks();
	program_say("done %llu %llu %llu %llu\n", (unsigned long long)(program_count + i),
		    (unsigned long long)bytes, (unsigned long long)hash,
		    (unsigned long long)program_failed);
}

/* Ends a step and waits for the next one; returns the first byte of the line that starts it. */
static inline char program_done(void)
{
	program_print_kept();
	return program_step();
}

#endif
