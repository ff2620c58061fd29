// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program that the benchmark measures: one thread that allocates a block and frees it.
 *
 * Reads commands from stdin, one in a line, and prints one line for each:
 *
 *	run N		runs slices of N pairs; prints the median time of a slice in ns
 *	count N		runs slices of N pairs; prints the median instructions of a slice
 *	events		runs single pairs; prints the median instructions of malloc's entry, of its
 *			return, and of free; only with own_malloc.c
 *	fill N STACKS	allocates N blocks in turn from this number of stacks, and keeps them
 *	pair NAME	runs these pairs from now on: malloc (at the start), calloc, realloc, mmap
 *	frames N	calls malloc from N frames from now on (8 at the start)
 *	hold		allocates a block at the depth of the pairs and keeps it; prints its address
 *	drop		frees that block
 *	where		prints the addresses of malloc and free
 *	probed		prints how many of malloc, free and mmap have changed first bytes
 *
 * The frames are the loop, its callers, and one that ends the chain like the first function of a
 * thread. Built with frame pointers and without unwind data, and vice versa.
 *
 * "count" and "events" read the time stamp counter, which counts instructions in a machine that is
 * started with MLU_ICOUNT=1.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "tsc.h"

#define OTHER_FRAMES 2
#define FIRST_BYTES 16
/* Many slices, so that those interrupted by other work do not change the median. */
#define SLICES 301
/* The branches of "fill", 2^14 stacks. */
#define FILL_LEVELS 14
/* Instructions differ only in the slices that a timer interrupts. */
#define COUNTED_SLICES 31

enum event { ENTRY, RETURN, FREE, EVENTS };

typedef void *(*malloc_fn)(size_t size);
typedef void (*free_fn)(void *block);
typedef void *(*mmap_fn)(void *addr, size_t len, int prot, int flags, int fd, off_t offset);

struct function {
	const unsigned char *code;
	unsigned char first[FIRST_BYTES];
};

static struct function functions[3];
static void *held;
static u64 split[EVENTS];
static int callers = 8 - OTHER_FRAMES;

#ifdef WITH_RULES
#define BEGIN_RULES "	.cfi_startproc\n	.cfi_undefined rip\n"
#define RULE_PUSHED "	.cfi_adjust_cfa_offset 8\n"
#define END_RULES "	.cfi_endproc\n"
#else
#define BEGIN_RULES
#define RULE_PUSHED
#define END_RULES
#endif

/* The outermost frame: %rbp is 0, and the unwind data has no return address. */
void rooted(void (*run)(long n), long n, int depth);
/* clang-format off */
__asm__(".text\n"
	".type rooted, @function\n"
	"rooted:\n"
	BEGIN_RULES
	"	push	%rbp\n"
	RULE_PUSHED
	"	xor	%ebp, %ebp\n"
	"	call	descend\n"
	"	pop	%rbp\n"
	"	ret\n"
	END_RULES
	".size rooted, .-rooted\n");
/* clang-format on */

/* The compiler neither removes nor reorders the calls that allocate and free @block. */
#define KEEP(block) __asm__ volatile("" : "+r"(block) : : "memory")

__attribute__((noipa)) static void pair_malloc(long n)
{
	while (n--) {
		void *block = malloc(64);

		KEEP(block);
		free(block);
	}
}

__attribute__((noipa)) static void pair_calloc(long n)
{
	while (n--) {
		void *block = calloc(1, 64);

		KEEP(block);
		free(block);
	}
}

/* The block grows from 64 to 256 bytes, which moves it. */
__attribute__((noipa)) static void pair_realloc(long n)
{
	while (n--) {
		void *block = malloc(64), *grown;

		KEEP(block);
		grown = realloc(block, 256);
		KEEP(grown);
		free(grown);
	}
}

__attribute__((noipa)) static void pair_mmap(long n)
{
	while (n--) {
		void *block = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

		KEEP(block);
		munmap(block, 4096);
	}
}

__attribute__((noipa)) static void hold_block(long n)
{
	(void)n;
	held = malloc(64);
}

/* Each bit of @path selects one of two calls, and with that a frame of the stack. */
__attribute__((noipa)) static void allocate_by_path(long path, int levels)
{
	if (!levels) {
		held = malloc(64);
		KEEP(held);
	} else if (path & 1) {
		allocate_by_path(path >> 1, levels - 1);
		__asm__ volatile("nop");
	} else {
		allocate_by_path(path >> 1, levels - 1);
	}
	__asm__ volatile("");
}

__attribute__((noipa)) static void fill_one(long n)
{
	allocate_by_path(n, FILL_LEVELS);
}

/* The malloc of own_malloc.c stores the counter at its begin and its end in the block. */
__attribute__((noipa)) static void split_pair(long n)
{
	u64 begin = tsc_read(), returned;
	u64 *block = malloc(64);

	(void)n;
	KEEP(block);
	returned = tsc_read();
	split[ENTRY] = block[0] - begin;
	split[RETURN] = returned - block[1];
	begin = tsc_read();
	free(block);
	split[FREE] = tsc_read() - begin;
}

static const struct pair {
	const char *name;
	void (*run)(long n);
} pairs[] = {
	{ "malloc", pair_malloc },
	{ "calloc", pair_calloc },
	{ "realloc", pair_realloc },
	{ "mmap", pair_mmap },
};

static const struct pair *chosen = pairs;

__attribute__((noipa, used, visibility("hidden"))) void descend(void (*run)(long n), long n,
								int depth)
{
	if (depth > 1)
		descend(run, n, depth - 1);
	else
		run(n);
	__asm__ volatile("");
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Insertion sort, since qsort() may allocate. */
static u64 find_median(u64 *values, int nr)
{
	int i, at;

	for (i = 1; i < nr; i++) {
		u64 value = values[i];

		for (at = i; at && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
	return values[nr / 2];
}

/* Return: the median of @slices slices of @n pairs each, by the clock @now */
static u64 run_slices(int slices, long n, u64 (*now)(void))
{
	static u64 taken[SLICES];
	int i;

	for (i = 0; i < slices; i++) {
		u64 begin = now();

		rooted(chosen->run, n, callers);
		taken[i] = now() - begin;
	}
	return find_median(taken, slices);
}

static void fill_stacks(long blocks, long stacks)
{
	long i;

	for (i = 0; i < blocks; i++)
		rooted(fill_one, i % stacks, callers);
}

static void print_events(void)
{
	static u64 taken[EVENTS][COUNTED_SLICES];
	int i, event;

	for (i = 0; i < COUNTED_SLICES; i++) {
		rooted(split_pair, 1, callers);
		for (event = 0; event < EVENTS; event++)
			taken[event][i] = split[event];
	}
	for (event = 0; event < EVENTS; event++)
		printf("%llu%c", find_median(taken[event], COUNTED_SLICES),
		       event < EVENTS - 1 ? ' ' : '\n');
}

static const struct pair *find_pair(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (!strcmp(pairs[i].name, name))
			return &pairs[i];
	return NULL;
}

static void save_first_bytes(struct function *f, const void *code)
{
	f->code = code;
	memcpy(f->first, code, FIRST_BYTES);
}

static int nr_probed(void)
{
	int i, n = 0;

	for (i = 0; i < 3; i++)
		n += memcmp(functions[i].code, functions[i].first, FIRST_BYTES) != 0;
	return n;
}

/* Commands with an argument. Return: false if @line has no such command */
static bool run_with_argument(const char *line)
{
	char name[16];
	long n, stacks;

	if (sscanf(line, "run %ld", &n) == 1 && n > 0) {
		printf("%llu\n", run_slices(SLICES, n, now_ns));
	} else if (sscanf(line, "count %ld", &n) == 1 && n > 0) {
		printf("%llu\n", run_slices(COUNTED_SLICES, n, tsc_read));
	} else if (sscanf(line, "fill %ld %ld", &n, &stacks) == 2 && n > 0 && stacks > 0) {
		fill_stacks(n, stacks);
		puts("filled");
	} else if (sscanf(line, "frames %ld", &n) == 1 && n > OTHER_FRAMES) {
		callers = n - OTHER_FRAMES;
		puts("called");
	} else if (sscanf(line, "pair %15s", name) == 1 && find_pair(name)) {
		chosen = find_pair(name);
		puts("chosen");
	} else {
		return false;
	}
	return true;
}

static bool run_without_argument(const char *line)
{
	if (!strcmp(line, "events\n")) {
		print_events();
	} else if (!strcmp(line, "hold\n")) {
		rooted(hold_block, 1, callers);
		printf("%p\n", held);
	} else if (!strcmp(line, "drop\n")) {
		free(held);
		puts("dropped");
	} else if (!strcmp(line, "where\n")) {
		printf("%p %p\n", (const void *)functions[0].code, (const void *)functions[1].code);
	} else if (!strcmp(line, "probed\n")) {
		printf("%d\n", nr_probed());
	} else {
		return false;
	}
	return true;
}

/* The commands must not allocate: stdio uses static buffers. */
int main(void)
{
	static char in[256], out[256], line[64];
	malloc_fn volatile malloc_at = malloc;
	free_fn volatile free_at = free;
	mmap_fn volatile mmap_at = mmap;

	setvbuf(stdin, in, _IOFBF, sizeof(in));
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	save_first_bytes(&functions[0], (const void *)malloc_at);
	save_first_bytes(&functions[1], (const void *)free_at);
	save_first_bytes(&functions[2], (const void *)mmap_at);
	free_at(malloc_at(64));
	while (fgets(line, sizeof(line), stdin)) {
		if (!run_with_argument(line) && !run_without_argument(line))
			return 1;
		fflush(stdout);
	}
	return 0;
}
