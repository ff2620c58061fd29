// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps, unmaps parts and remaps at random, and says what it holds: remaps STEPS THREADS SEED.
 *
 * Each thread has a window of addresses, in which it maps at fixed addresses, and a list of the
 * parts that it holds: what a mapping is after each step is computed here, independently of the
 * module. A single thread also lets the kernel choose addresses.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "program.h"

#define PAGE 4096UL
#define WINDOW 512 /* pages */
#define MAX_PARTS 2048
#define MANY_PARTS 300
#define MAX_THREADS 8

#ifndef MREMAP_DONTUNMAP /* before glibc 2.32 */
#define MREMAP_DONTUNMAP 4
#endif

struct part {
	uintptr_t start, end;
};

struct holder {
	uintptr_t window;
	uint64_t random;
	size_t nr;
	struct part part[MAX_PARTS];
};

static struct holder holders[MAX_THREADS];
static unsigned long nr_steps, nr_threads;
static pthread_barrier_t barrier;

static unsigned long random_below(struct holder *h, unsigned long n)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return h->random % n;
}

static void add_part(struct holder *h, uintptr_t start, uintptr_t end)
{
	if (h->nr == MAX_PARTS)
		program_die("too many parts");
	h->part[h->nr++] = (struct part){ start, end };
}

/* The addresses are not mapped any more: remove, trim and split parts. */
static void cut_parts(struct holder *h, uintptr_t start, uintptr_t end)
{
	size_t i = 0;

	while (i < h->nr) {
		struct part p = h->part[i];

		if (p.end <= start || p.start >= end) {
			i++;
			continue;
		}
		h->part[i] = h->part[--h->nr];
		if (p.start < start)
			add_part(h, p.start, start);
		if (p.end > end)
			add_part(h, end, p.end);
	}
}

/* Move what parts have of some addresses. */
static void move_parts(struct holder *h, uintptr_t start, uintptr_t end, uintptr_t to)
{
	static __thread struct part moved[MAX_PARTS];
	size_t i, nr = 0;

	for (i = 0; i < h->nr; i++) {
		const struct part *p = &h->part[i];

		if (p->end > start && p->start < end)
			moved[nr++] = (struct part){ p->start > start ? p->start : start,
						     p->end < end ? p->end : end };
	}
	cut_parts(h, start, end);
	for (i = 0; i < nr; i++)
		add_part(h, moved[i].start - start + to, moved[i].end - start + to);
}

/* The part that ends there has grown. */
static void extend_part(struct holder *h, uintptr_t at, size_t size)
{
	size_t i;

	for (i = 0; i < h->nr && h->part[i].end != at; i++)
		;
	if (i == h->nr)
		program_die("no part has grown");
	h->part[i].end += size;
}

/* Some pages of a part that is chosen at random. */
static struct part choose_part(struct holder *h)
{
	struct part p = h->part[random_below(h, h->nr)];
	unsigned long pages = (p.end - p.start) / PAGE, first = 0, nr = pages;

	if (random_below(h, 2)) {
		first = random_below(h, pages);
		nr = 1 + random_below(h, pages - first);
	}
	if (!random_below(h, 4))
		*(volatile char *)(p.start + first * PAGE) = 1;
	return (struct part){ p.start + first * PAGE, p.start + (first + nr) * PAGE };
}

static uintptr_t choose_place(struct holder *h, size_t size)
{
	return h->window + random_below(h, WINDOW - size / PAGE + 1) * PAGE;
}

static void map_some(struct holder *h)
{
	size_t size = (1 + random_below(h, 16)) * PAGE;
	uintptr_t at = nr_threads == 1 && !random_below(h, 4) ? 0 : choose_place(h, size);
	void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	if (p == MAP_FAILED)
		program_die("mmap");
	cut_parts(h, (uintptr_t)p, (uintptr_t)p + size);
	add_part(h, (uintptr_t)p, (uintptr_t)p + size);
}

/* Anywhere in the window, or a part. */
static void unmap_some(struct holder *h, unsigned long max_pages)
{
	size_t size = (1 + random_below(h, max_pages)) * PAGE;
	struct part p = { .start = choose_place(h, size) };
	long err;

	p.end = p.start + size;
	if (h->nr && !random_below(h, 2))
		p = choose_part(h);
	err = random_below(h, 4) ? munmap((void *)p.start, p.end - p.start) :
				   syscall(SYS_munmap, p.start, p.end - p.start);
	if (err)
		program_die("munmap");
	cut_parts(h, p.start, p.end);
}

static void resize_some(struct holder *h)
{
	struct part p = choose_part(h);
	size_t old = p.end - p.start, size = (1 + random_below(h, old / PAGE + 4)) * PAGE;
	int flags = nr_threads == 1 ? random_below(h, 2) * MREMAP_MAYMOVE : 0;
	void *to = mremap((void *)p.start, old, size, flags);

	if (to == MAP_FAILED) {
		program_fail(to);
		if (flags || errno != ENOMEM)
			program_die("mremap");
		return;
	}
	if (size < old)
		cut_parts(h, p.start + size, p.end);
	if ((uintptr_t)to != p.start)
		move_parts(h, p.start, p.end, (uintptr_t)to);
	if (size > old)
		extend_part(h, (uintptr_t)to + old, size - old);
}

static void move_some(struct holder *h)
{
	struct part p = choose_part(h);
	size_t old = p.end - p.start, size = (1 + random_below(h, old / PAGE + 4)) * PAGE;
	uintptr_t to = choose_place(h, size);

	if (to < p.end && p.start < to + size)
		return;
	if (mremap((void *)p.start, old, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)to) !=
	    (void *)to)
		program_die("mremap to a fixed address");
	cut_parts(h, to, to + size);
	if (size < old)
		cut_parts(h, p.start + size, p.end);
	move_parts(h, p.start, p.start + (size < old ? size : old), to);
	if (size > old)
		extend_part(h, to + old, size - old);
}

/* The old mapping stays. */
static void copy_some(struct holder *h)
{
	struct part p = choose_part(h);
	size_t size = p.end - p.start;
	uintptr_t to = choose_place(h, size);

	if (to < p.end && p.start < to + size)
		return;
	if (mremap((void *)p.start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		   (void *)to) != (void *)to)
		program_die("mremap that does not unmap");
	cut_parts(h, to, to + size);
	add_part(h, to, to + size);
}

static void drop_some(struct holder *h)
{
	struct part p = choose_part(h);

	if (madvise((void *)p.start, p.end - p.start, MADV_DONTNEED))
		program_die("madvise");
}

static void do_step(struct holder *h)
{
	unsigned long what = random_below(h, 16);

	if (h->nr > MANY_PARTS)
		unmap_some(h, WINDOW);
	else if (what < 6 || !h->nr)
		map_some(h);
	else if (what < 10)
		unmap_some(h, 24);
	else if (what < 12)
		resize_some(h);
	else if (what < 14)
		move_some(h);
	else if (what < 15)
		copy_some(h);
	else
		drop_some(h);
}

static void *run_steps(void *arg)
{
	struct holder *h = arg;
	unsigned long i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < nr_steps / nr_threads; i++)
		do_step(h);
	pthread_barrier_wait(&barrier);
	pause();
	return NULL;
}

static void start_holder(struct holder *h, uint64_t seed)
{
	pthread_t thread;

	h->random = seed * 0x9e3779b97f4a7c15ull + 1;
	h->window = syscall(SYS_mmap, NULL, WINDOW * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	if (pthread_create(&thread, NULL, run_steps, h))
		program_die("pthread_create");
}

int main(int argc, char **argv)
{
	size_t i, j;

	if (argc != 4)
		return 1;
	nr_steps = strtoul(argv[1], NULL, 10);
	nr_threads = strtoul(argv[2], NULL, 10);
	pthread_barrier_init(&barrier, NULL, nr_threads + 1);
	for (i = 0; i < nr_threads; i++)
		start_holder(&holders[i], strtoul(argv[3], NULL, 10) + i);
	/* After all threads' stacks have been mapped. */
	for (i = 0; i < nr_threads; i++)
		syscall(SYS_munmap, holders[i].window, WINDOW * PAGE);
	program_ready();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < nr_threads; i++)
		for (j = 0; j < holders[i].nr; j++)
			program_keep_as((void *)holders[i].part[j].start,
					holders[i].part[j].end - holders[i].part[j].start, "mmap");
	program_done();
	return 0;
}
