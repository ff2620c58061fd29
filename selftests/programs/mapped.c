// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps and unmaps memory in one way, and keeps what is left: mapped CASE.
 */
#include <fcntl.h>
#include <linux/mman.h>
#include <pthread.h>
#include <sys/shm.h>

#include "pages.h"

#define HUGE_PAGE (2UL << 20)
#define FAST 20000 /* pages */

static void unmap_pages(char *at, unsigned long pages)
{
	die_unless(!munmap(at, pages * PAGE), "munmap");
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

static const struct pages_case cases[] = {
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
	CASE(attach_and_detach),
	CASE(attach_over),
	CASE(grow_break),
	CASE(shrink_break),
	CASE(shrink_break_by_system_call),
	CASE(break_of_malloc),
	CASE(unmap_in_threads),
	CASE(split_fast),
};

int main(int argc, char **argv)
{
	const struct pages_case *chosen = find_case(cases, sizeof(cases) / sizeof(cases[0]),
						    argc == 2 ? argv[1] : NULL);

	if (!chosen)
		return 1;
	if (chosen->run == map_huge && !has_huge_pages())
		return 4;
	find_window();
	if (chosen->run == unmap_in_threads)
		start_threads();
	program_ready();
	chosen->run();
	program_done();
	return 0;
}
