// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile FILE MIB: allocates from code with unwind data that is malformed, misleading or huge.
 *
 * Each piece of code is an ELF image that is written to FILE, a new file each time. The code is the
 * same few instructions, which call malloc from a frame of 24 bytes.
 *
 * Steps:
 *	all	each case of hostile_cases.c, with a block of 20000 bytes plus its number
 *	known	the code of each case again, with a block of 40000 bytes plus its number
 *	random	ROUNDS images with some bytes changed at random, one block each
 *	huge	one image with MIB mebibytes of entries, of which the last is that of the code
 *	twice	the code of "huge" again, with a block of 30001 bytes and one more each time
 *	many	NR_MANY images as of "huge", with a block of 50000 bytes each, while another thread
 *		allocates and frees
 *	end	exits
 *
 * Used by stacks_hostile.
 */
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "hostile.h"
#include "program.h"

#define ROUNDS 300
#define NR_MANY 100
#define MIN_FRAMES (1ul << 20)

static const char *file;
static unsigned char *mapped, **mapped_case;
static size_t nr_again;
static pthread_barrier_t barrier;
static bool stop;

static void call_mapped(size_t size)
{
	program_keep_uncounted(call_image(mapped, size), size);
}

/* Writes the image, which is complete, to a new file, maps it and calls its code. */
static void run_ended_image(size_t size, bool truncate)
{
	int fd;

	unlink(file);
	fd = write_image(file);
	mapped = map_image(fd);
	if (truncate && ftruncate(fd, CODE_IMAGE_PAGE))
		program_die("ftruncate");
	close(fd);
	call_mapped(size);
}

static void run_image(size_t size, bool truncate)
{
	end_image();
	run_ended_image(size, truncate);
}

static void unmap_image(void)
{
	syscall(SYS_munmap, mapped, CODE_IMAGE_PAGE);
}

/* After the cases, a sane image whose file is truncated to its first page. */
static void run_all(void)
{
	size_t i;

	for (i = 0; i <= nr_hostile_cases; i++) {
		begin_image();
		(i < nr_hostile_cases ? hostile_cases[i] : sane)();
		run_image(20000 + i, i == nr_hostile_cases);
		mapped_case[i] = mapped;
	}
}

static void run_known(void)
{
	size_t i;

	for (i = 0; i <= nr_hostile_cases; i++) {
		mapped = mapped_case[i];
		call_mapped(40000 + i);
	}
}

/* Changes headers and unwind data, but not the code; the same bytes in each run of the program. */
static void run_random(void)
{
	unsigned int round, changes;
	size_t at;

	srandom(1);
	for (round = 0; round < ROUNDS; round++) {
		if (round)
			unmap_image();
		begin_image();
		close_entry(open_fde(cie(), 0, 16));
		reads_what_is_no_address();
		sane();
		for (changes = random() % 8; changes + 1; changes--) {
			at = random() % (used - FRAMES_AT + CODE_IMAGE_HEADER_AT);
			image[at < CODE_IMAGE_HEADER_AT + 8 ? at :
							      at % (used - FRAMES_AT) + FRAMES_AT] =
				random();
		}
		run_image(1000 + round, false);
	}
}

static void run_huge(size_t size)
{
	size_t of;

	begin_image();
	of = cie();
	while (used < size - 64)
		close_entry(open_fde(of, CODE_IMAGE_CODE_AT + size - used, 1));
	fde(of, ROW_AT_CALL);
	run_image(30000, false);
}

/* The thread waits for run_many(). It is created before "ready", as that allocates. */
static void *allocate_and_free(void *unused)
{
	void *volatile p;

	for (;;) {
		pthread_barrier_wait(&barrier);
		while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
			p = malloc(100);
			free(p);
		}
		pthread_barrier_wait(&barrier);
	}
	return unused;
}

static void run_many(size_t size)
{
	int i;

	pthread_barrier_wait(&barrier);
	for (run_huge(size), i = 0; i < NR_MANY; i++)
		run_ended_image(50000, false);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_barrier_wait(&barrier);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	size_t huge;
	char step;

	mapped_case = calloc(nr_hostile_cases + 1, sizeof(*mapped_case));
	if (argc != 3 || !mapped_case)
		return 1;
	file = argv[1];
	huge = strtoul(argv[2], NULL, 10) << 20;
	image_init(huge > MIN_FRAMES ? huge : MIN_FRAMES);
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, allocate_and_free, NULL))
		program_die("pthread_create");
	program_say("ready %d\n", (int)getpid());
	for (step = program_step(); step != 'e'; step = program_done()) {
		if (step == 'a')
			run_all();
		else if (step == 'k')
			run_known();
		else if (step == 'r')
			run_random();
		else if (step == 'h')
			run_huge(huge);
		else if (step == 'm')
			run_many(huge);
		else
			call_mapped(30001 + nr_again++);
	}
	unlink(file);
	return 0;
}
