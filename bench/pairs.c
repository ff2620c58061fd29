// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program that the benchmark measures: one thread that allocates 64 bytes and frees them.
 *
 * Reads commands from stdin, one in a line, and prints one line for each:
 *
 *	run N		runs slices of N pairs; prints the median time of a slice in ns
 *	frames N	calls malloc from N frames from now on (8 at the start)
 *	hold		allocates a block in the loop of "run" and keeps it; prints its address
 *	drop		frees that block
 *	where		prints the addresses of malloc and free
 *	probed		prints how many of malloc, free and munmap have changed first bytes
 *
 * The frames are the loop, its callers, and one that ends the chain like the first function of a
 * thread. Built twice: with frame pointers and without unwind data, and vice versa.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define OTHER_FRAMES 2
#define FIRST_BYTES 16
/* Many slices, so that those interrupted by other work do not change the median. */
#define SLICES 301

typedef void *(*malloc_fn)(size_t size);
typedef void (*free_fn)(void *block);
typedef int (*munmap_fn)(void *addr, size_t len);

struct function {
	const unsigned char *code;
	unsigned char first[FIRST_BYTES];
};

static struct function functions[3];
static void *held;
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
void rooted(long n, int depth);
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

/* With @n 0, one block is allocated and kept. The barriers keep the calls from being optimized. */
__attribute__((noipa)) static void run_pairs(long n)
{
	long i = 0;

	do {
		void *block = malloc(64);

		__asm__ volatile("" : "+r"(block) : : "memory");
		if (!n) {
			held = block;
			return;
		}
		free(block);
	} while (++i < n);
}

__attribute__((noipa, used, visibility("hidden"))) void descend(long n, int depth)
{
	if (depth > 1)
		descend(n, depth - 1);
	else
		run_pairs(n);
	__asm__ volatile("");
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long time_slice(long n)
{
	long long begin = now_ns();

	rooted(n, callers);
	return now_ns() - begin;
}

/* Insertion sort, since qsort() may allocate. Return: the median */
static long long run_slices(long n)
{
	static long long taken[SLICES];
	int i, at;

	for (i = 0; i < SLICES; i++) {
		long long ns = time_slice(n);

		for (at = i; at && taken[at - 1] > ns; at--)
			taken[at] = taken[at - 1];
		taken[at] = ns;
	}
	return taken[SLICES / 2];
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

/* Must not allocate: stdio uses static buffers. */
static int run_command(const char *line)
{
	long n;

	if (sscanf(line, "run %ld", &n) == 1 && n > 0) {
		printf("%lld\n", run_slices(n));
	} else if (sscanf(line, "frames %ld", &n) == 1 && n > OTHER_FRAMES) {
		callers = n - OTHER_FRAMES;
		puts("called");
	} else if (!strcmp(line, "hold\n")) {
		rooted(0, callers);
		printf("%p\n", held);
	} else if (!strcmp(line, "drop\n")) {
		free(held);
		puts("dropped");
	} else if (!strcmp(line, "where\n")) {
		printf("%p %p\n", (const void *)functions[0].code, (const void *)functions[1].code);
	} else if (!strcmp(line, "probed\n")) {
		printf("%d\n", nr_probed());
	} else {
		return -1;
	}
	return fflush(stdout);
}

int main(void)
{
	static char in[256], out[256], line[64];
	malloc_fn volatile malloc_at = malloc;
	free_fn volatile free_at = free;
	munmap_fn volatile munmap_at = munmap;

	setvbuf(stdin, in, _IOFBF, sizeof(in));
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	save_first_bytes(&functions[0], (const void *)malloc_at);
	save_first_bytes(&functions[1], (const void *)free_at);
	save_first_bytes(&functions[2], (const void *)munmap_at);
	free_at(malloc_at(64));
	while (fgets(line, sizeof(line), stdin))
		if (run_command(line))
			return 1;
	return 0;
}
