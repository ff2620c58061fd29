// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile FILE MIB: allocates from code whose unwind data is a lie, a trap, or more than one
 * expects.
 *
 * Each piece of code is an ELF image in FILE, another file each time, with the same few
 * instructions: they call an allocator from a frame of 24 bytes.  What the steps do:
 *
 *	all		the cases of hostile_cases.c, a block of 20000 bytes and the number of each
 *	known		the same code again, a block of 40000 bytes and so on
 *	random		ROUNDS images with some bytes changed at random, one block each
 *	huge		one image with MIB mebibytes of entries, the last is the code's
 *	twice		that code again, a block of 30000 bytes and one more each time
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "hostile.h"
#include "program.h"

#define ROUNDS 300
#define MIN_FRAMES (1ul << 20)

static const char *file;
static unsigned char *mapped, **mapped_case;
static size_t nr_again;

static void call(size_t size)
{
	program_keep_uncounted(call_image(mapped, size), size);
}

/* A file of its own each time, and no longer than its mapping. */
static void run(size_t size, bool truncate)
{
	int fd;

	end_image();
	unlink(file);
	fd = write_image(file);
	mapped = map_image(fd);
	if (truncate && ftruncate(fd, CODE_IMAGE_PAGE))
		program_die("ftruncate");
	close(fd);
	call(size);
}

static void leave(void)
{
	syscall(SYS_munmap, mapped, CODE_IMAGE_PAGE);
}

/* The last is cut off behind its first page. */
static void run_all(void)
{
	size_t i;

	for (i = 0; i <= nr_hostile_cases; i++) {
		begin_image();
		(i < nr_hostile_cases ? hostile_cases[i] : sane)();
		run(20000 + i, i == nr_hostile_cases);
		mapped_case[i] = mapped;
	}
}

static void run_known(void)
{
	size_t i;

	for (i = 0; i <= nr_hostile_cases; i++) {
		mapped = mapped_case[i];
		call(40000 + i);
	}
}

/* The headers too, but not the code; the same bytes in each run. */
static void run_random(void)
{
	unsigned int round, changes;
	size_t at;

	srandom(1);
	for (round = 0; round < ROUNDS; round++) {
		if (round)
			leave();
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
		run(1000 + round, false);
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
	run(30000, false);
}

int main(int argc, char **argv)
{
	size_t huge;
	char step;

	mapped_case = calloc(nr_hostile_cases + 1, sizeof(*mapped_case));
	if (argc != 3 || !mapped_case)
		return 1;
	file = argv[1];
	huge = strtoul(argv[2], NULL, 10) << 20;
	image_init(huge > MIN_FRAMES ? huge : MIN_FRAMES);
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
		else
			call(30001 + nr_again++);
	}
	unlink(file);
	return 0;
}
