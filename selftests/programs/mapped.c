// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps, unmaps and remaps memory in one way, and keeps what is left: mapped CASE.
 *
 * Some cases have two steps. What is left of a mapping is kept as a block of its own.
 */
#include <fcntl.h>
#include <linux/mman.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "program.h"

#define PAGE 4096UL
#define HUGE_PAGE (2UL << 20)
#define WINDOW 64  /* pages */
#define FAST 20000 /* pages */

#ifndef MREMAP_DONTUNMAP /* before glibc 2.32 */
#define MREMAP_DONTUNMAP 4
#endif

static char *window; /* addresses that nothing is mapped at */
static char *before; /* 8 pages, mapped before the attach */

static void die_unless(int good, const char *what)
{
	if (!good)
		program_die(what);
}

static char *map_pages(char *at, unsigned long pages, int flags)
{
	char *p = mmap(at, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0) | flags, -1, 0);

	die_unless(p != MAP_FAILED && (!at || p == at), "mmap");
	return p;
}

static void unmap_pages(char *at, unsigned long pages)
{
	die_unless(!munmap(at, pages * PAGE), "munmap");
}

static void keep_pages(char *at, unsigned long pages)
{
	program_keep_as(at, pages * PAGE, "mmap");
}

static char *remap_pages(char *at, unsigned long old, unsigned long new, int flags, char *to)
{
	char *p = mremap(at, old * PAGE, new *PAGE, flags, to);

	die_unless(p != MAP_FAILED && (!to || p == to), "mremap");
	return p;
}

/* === munmap === */

static void unmap_whole(void)
{
	unmap_pages(map_pages(window, 4, 0), 4);
}

static void unmap_head(void)
{
	unmap_pages(map_pages(window, 4, 0), 1);
	keep_pages(window + PAGE, 3);
}

static void unmap_tail(void)
{
	unmap_pages(map_pages(window, 4, 0) + 3 * PAGE, 1);
	keep_pages(window, 3);
}

static void unmap_middle(void)
{
	unmap_pages(map_pages(window, 4, 0) + PAGE, 2);
	keep_pages(window, 1);
	keep_pages(window + 3 * PAGE, 1);
}

/* From the middle of the first mapping to the middle of the last one, and over gaps. */
static void unmap_across(void)
{
	map_pages(window, 4, 0);
	map_pages(window + 4 * PAGE, 4, 0);
	map_pages(window + 10 * PAGE, 4, 0);
	unmap_pages(window + 2 * PAGE, 10);
	keep_pages(window, 2);
	keep_pages(window + 12 * PAGE, 2);
}

static void unmap_every_other(void)
{
	unsigned long i;

	map_pages(window, WINDOW, 0);
	for (i = 0; i < WINDOW; i += 2) {
		unmap_pages(window + i * PAGE, 1);
		keep_pages(window + (i + 1) * PAGE, 1);
	}
}

static void unmap_stack(void)
{
	unmap_pages(map_pages(window, 4, MAP_STACK), 2);
	program_keep_as(window + 2 * PAGE, 2 * PAGE, "stack");
}

static void unmap_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless(!syscall(SYS_munmap, window + PAGE, PAGE), "munmap");
	keep_pages(window, 1);
	keep_pages(window + 2 * PAGE, 2);
}

static void unmap_fails(void)
{
	map_pages(window, 4, 0);
	die_unless(munmap(window + 1, PAGE), "munmap of no page");
	keep_pages(window, 4);
}

static void advise_dontneed(void)
{
	memset(map_pages(window, 4, 0), 1, 4 * PAGE);
	die_unless(!madvise(window + PAGE, 2 * PAGE, MADV_DONTNEED), "madvise");
	die_unless(!mprotect(window + PAGE, PAGE, PROT_NONE), "mprotect");
	keep_pages(window, 4);
}

/* === mmap === */

static void map_over_part(void)
{
	map_pages(window, 8, 0);
	map_pages(window + 6 * PAGE, 4, 0);
	keep_pages(window, 6);
	keep_pages(window + 6 * PAGE, 4);
}

static void map_inside(void)
{
	map_pages(window, 8, 0);
	map_pages(window + 2 * PAGE, 4, 0);
	keep_pages(window, 2);
	keep_pages(window + 2 * PAGE, 4);
	keep_pages(window + 6 * PAGE, 2);
}

static void map_over_many(void)
{
	map_pages(window, 2, 0);
	map_pages(window + 2 * PAGE, 2, 0);
	map_pages(window + 4 * PAGE, 2, 0);
	map_pages(window + PAGE, 4, 0);
	keep_pages(window, 1);
	keep_pages(window + PAGE, 4);
	keep_pages(window + 5 * PAGE, 1);
}

/* The new mapping is not recorded, but the old one is not there any more. */
static void map_over_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless((char *)syscall(SYS_mmap, window + PAGE, PAGE, PROT_READ,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == window + PAGE,
		   "mmap");
	keep_pages(window, 1);
	keep_pages(window + 2 * PAGE, 2);
}

static void map_bytes(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 100, PROT_READ, MAP_PRIVATE, fd, 0);

	die_unless(p != MAP_FAILED, "mmap of a file");
	keep_pages(p, 1);
}

/* Return: false if the kernel has no huge pages. */
static int has_huge_pages(void)
{
	void *p = (void *)syscall(SYS_mmap, NULL, HUGE_PAGE, PROT_READ,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB |
					  MAP_NORESERVE,
				  -1, 0);

	return p != MAP_FAILED && !syscall(SYS_munmap, p, HUGE_PAGE);
}

static void map_huge(void)
{
	char *p = mmap(NULL, 100, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_NORESERVE, -1,
		       0);

	die_unless(p != MAP_FAILED, "mmap of a huge page");
	program_keep_as(p, HUGE_PAGE, "mmap");
	p = mmap(NULL, 2 * HUGE_PAGE, PROT_READ,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_NORESERVE, -1, 0);
	die_unless(p != MAP_FAILED, "mmap of huge pages");
	unmap_pages(p, HUGE_PAGE / PAGE);
	program_keep_as(p + HUGE_PAGE, HUGE_PAGE, "mmap");
}

/* === mremap === */

static void grow_in_place(void)
{
	die_unless(remap_pages(map_pages(window, 2, 0), 2, 5, 0, NULL) == window,
		   "the mapping was moved");
	keep_pages(window, 5);
}

static void grow_and_move(void)
{
	char *p = map_pages(window, 2, 0);

	map_pages(window + 2 * PAGE, 1, 0);
	memset(p, 1, 2 * PAGE);
	p = remap_pages(p, 2, 5, MREMAP_MAYMOVE, NULL);
	die_unless(p != window && *p == 1, "the mapping was not moved");
	keep_pages(p, 5);
	keep_pages(window + 2 * PAGE, 1);
}

static void shrink_in_place(void)
{
	remap_pages(map_pages(window, 5, 0), 5, 2, 0, NULL);
	keep_pages(window, 2);
}

static void move_whole(void)
{
	memset(map_pages(window, 4, 0), 1, 4 * PAGE);
	remap_pages(window, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 4);
}

static void move_untouched(void)
{
	map_pages(window, 4, 0);
	remap_pages(window, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 4);
}

static void move_and_shrink(void)
{
	remap_pages(map_pages(window, 6, 0), 6, 2, MREMAP_MAYMOVE | MREMAP_FIXED,
		    window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 2);
}

static void move_and_grow(void)
{
	remap_pages(map_pages(window, 2, 0), 2, 6, MREMAP_MAYMOVE | MREMAP_FIXED,
		    window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 6);
}

/* The middle of a mapping, over a part of another one. */
static void move_part(void)
{
	map_pages(window, 6, 0);
	map_pages(window + 10 * PAGE, 4, 0);
	remap_pages(window + 2 * PAGE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, window + 11 * PAGE);
	keep_pages(window, 2);
	keep_pages(window + 4 * PAGE, 2);
	keep_pages(window + 10 * PAGE, 1);
	keep_pages(window + 11 * PAGE, 2);
	keep_pages(window + 13 * PAGE, 1);
}

/* The kernel has merged three mappings, which are moved together. */
static void move_several(void)
{
	map_pages(window, 2, 0);
	map_pages(window + 2 * PAGE, 2, 0);
	map_pages(window + 4 * PAGE, 2, 0);
	remap_pages(window + PAGE, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 16 * PAGE);
	keep_pages(window, 1);
	keep_pages(window + 5 * PAGE, 1);
	keep_pages(window + 16 * PAGE, 1);
	keep_pages(window + 17 * PAGE, 2);
	keep_pages(window + 19 * PAGE, 1);
}

static void move_and_keep(void)
{
	map_pages(window, 4, 0);
	remap_pages(window, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		    window + 8 * PAGE);
	keep_pages(window, 4);
	keep_pages(window + 8 * PAGE, 4);
}

static void dontunmap_part(void)
{
	map_pages(window, 4, 0);
	remap_pages(window + PAGE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		    window + 8 * PAGE);
	keep_pages(window, 4);
	keep_pages(window + 8 * PAGE, 2);
}

/* A second mapping of the same pages. */
static void map_again(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;

	die_unless(p != MAP_FAILED, "mmap");
	q = remap_pages(p, 0, 4, MREMAP_MAYMOVE, NULL);
	keep_pages(p, 4);
	keep_pages(q, 4);
}

static void remap_fails(void)
{
	map_pages(window, 2, 0);
	map_pages(window + 2 * PAGE, 1, 0);
	program_fail(mremap(window, 2 * PAGE, 8 * PAGE, 0));
	program_fail(mremap(window + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	program_fail(mremap(window, 2 * PAGE, 1UL << 60, MREMAP_MAYMOVE));
	keep_pages(window, 2);
	keep_pages(window + 2 * PAGE, 1);
}

/* The growth of a mapping that is not recorded belongs to the caller of mremap. */
static void grow_unrecorded(void)
{
	char *p = remap_pages(before, 8, 12, MREMAP_MAYMOVE, NULL);

	keep_pages(p + 8 * PAGE, 4);
}

static void move_unrecorded(void)
{
	remap_pages(before, 8, 8, MREMAP_MAYMOVE | MREMAP_FIXED, window);
}

static long remap_by_system_call(unsigned long old, unsigned long new, long flags, char *to)
{
	return syscall(SYS_mremap, window, old * PAGE, new *PAGE, flags, to);
}

/* The new place is not seen. */
static void move_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless(remap_by_system_call(4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE) !=
			   -1,
		   "mremap");
}

static void shrink_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless(remap_by_system_call(4, 1, 0, NULL) != -1, "mremap");
	keep_pages(window, 1);
}

static void dontunmap_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless(remap_by_system_call(4, 4, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
					window + 8 * PAGE) != -1,
		   "mremap");
	keep_pages(window, 4);
}

/* === Shared memory === */

static char *attach_shm(char *at, size_t size, int flags)
{
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
	char *p = shmat(id, at, flags);

	die_unless(id >= 0 && p != (void *)-1, "shmat");
	die_unless(!shmctl(id, IPC_RMID, NULL), "shmctl");
	return p;
}

static void attach_and_detach(void)
{
	char *p = attach_shm(NULL, 10000, 0);

	die_unless(!shmdt(attach_shm(NULL, 10000, 0)), "shmdt");
	program_fail(shmat(-1, NULL, 0));
	program_keep_as(p, 3 * PAGE, "shm");
}

static void attach_over(void)
{
	map_pages(window, 4, 0);
	attach_shm(window + PAGE, PAGE, SHM_REMAP);
	keep_pages(window, 1);
	program_keep_as(window + PAGE, PAGE, "shm");
	keep_pages(window + 2 * PAGE, 2);
}

/* === The program's break === */

static void grow_break(void)
{
	char *p = sbrk(5000);

	die_unless(p != (void *)-1 && sbrk(0) == p + 5000, "sbrk");
	program_keep_as(p, 5000, "brk");
	die_unless(!brk(p + 5000 + 3000), "brk");
	program_keep_as(p + 5000, 3000, "brk");
	program_fail(sbrk(1L << 60));
	die_unless(!brk(NULL) || sbrk(0) == p + 8000, "brk(0)");
}

static void shrink_break(void)
{
	char *p = sbrk(50000);

	die_unless(p != (void *)-1 && sbrk(-20000) == p + 50000, "sbrk");
	die_unless(!brk(p + 7000), "brk");
	program_keep_as(p, 7000, "brk");
}

static void shrink_break_by_system_call(void)
{
	char *p = sbrk(10 * PAGE), *page = (char *)(((uintptr_t)p + 5 * PAGE) & -PAGE);

	die_unless(p != (void *)-1 && (char *)syscall(SYS_brk, page) == page, "brk");
	program_keep_as(p, page - p, "brk");
}

/* The allocator's own use of the break is a part of its blocks. */
static void break_of_malloc(void)
{
	void *p = malloc(100000);

	program_keep(p, 100000);
	free(malloc(120000));
	free(malloc(120000));
}

/* === Threads === */

#define THREADS 3

static pthread_barrier_t barrier;

static void *unmap_in_thread(void *nr)
{
	int i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < 8; i++)
		unmap_pages(window + (4 * i + (uintptr_t)nr) * PAGE, 1);
	pthread_barrier_wait(&barrier);
	pause();
	return NULL;
}

static void start_threads(void)
{
	pthread_t thread;
	uintptr_t i;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		die_unless(!pthread_create(&thread, NULL, unmap_in_thread, (void *)i),
			   "pthread_create");
}

/* Each of three threads unmaps one page of each of eight mappings. */
static void unmap_in_threads(void)
{
	int i;

	for (i = 0; i < 8; i++) {
		map_pages(window + 4 * i * PAGE, 4, 0);
		keep_pages(window + (4 * i + 3) * PAGE, 1);
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
}

/* === Two steps === */

static void keep_origin(void)
{
	keep_pages(map_pages(window, 4, 0), 4);
	program_done();
	program_drop(window);
	remap_pages(window + PAGE, 2, 3, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE);
	keep_pages(window, 1);
	keep_pages(window + 3 * PAGE, 1);
	keep_pages(window + 8 * PAGE, 3);
}

/* Faster than spares can be allocated. */
static void split_fast(void)
{
	char *p = map_pages(NULL, FAST, 0);
	unsigned long i;

	for (i = 1; i < FAST; i += 2)
		unmap_pages(p + i * PAGE, 1);
	for (i = 0; i < FAST; i += 2)
		keep_pages(p + i * PAGE, 1);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
#define CASE(name)          \
	{                   \
#name, name \
	}
	CASE(unmap_whole),
	CASE(unmap_head),
	CASE(unmap_tail),
	CASE(unmap_middle),
	CASE(unmap_across),
	CASE(unmap_every_other),
	CASE(unmap_stack),
	CASE(unmap_by_system_call),
	CASE(unmap_fails),
	CASE(advise_dontneed),
	CASE(map_over_part),
	CASE(map_inside),
	CASE(map_over_many),
	CASE(map_over_by_system_call),
	CASE(map_bytes),
	CASE(map_huge),
	CASE(grow_in_place),
	CASE(grow_and_move),
	CASE(shrink_in_place),
	CASE(move_whole),
	CASE(move_untouched),
	CASE(move_and_shrink),
	CASE(move_and_grow),
	CASE(move_part),
	CASE(move_several),
	CASE(move_and_keep),
	CASE(dontunmap_part),
	CASE(map_again),
	CASE(remap_fails),
	CASE(grow_unrecorded),
	CASE(move_unrecorded),
	CASE(move_by_system_call),
	CASE(shrink_by_system_call),
	CASE(dontunmap_by_system_call),
	CASE(attach_and_detach),
	CASE(attach_over),
	CASE(grow_break),
	CASE(shrink_break),
	CASE(shrink_break_by_system_call),
	CASE(break_of_malloc),
	CASE(unmap_in_threads),
	CASE(keep_origin),
	CASE(split_fast),
};

int main(int argc, char **argv)
{
	size_t i;

	window = (char *)syscall(SYS_mmap, NULL, WINDOW * PAGE, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	before = map_pages(NULL, 8, 0);
	die_unless(!syscall(SYS_munmap, window, WINDOW * PAGE), "munmap");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc != 2 || strcmp(cases[i].name, argv[1]))
			continue;
		if (cases[i].run == map_huge && !has_huge_pages())
			return 4;
		if (cases[i].run == unmap_in_threads)
			start_threads();
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
