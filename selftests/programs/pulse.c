// SPDX-License-Identifier: GPL-2.0-only
/*
 * pulse FILE [OBJECT]: each step does the same calls from the same number of stacks.
 *
 * Steps:
 *	go	all calls, and one from code that is mapped in this step
 *	code	only the call from that code
 *	nested	that call, and one of reallocarray, which calls realloc
 *	mapped	that call, and one of malloc, which calls mmap, and the free of its block
 *	end	exits
 *
 * The code is a small ELF image with unwind data in FILE. FILE is rewritten in each step, so that
 * its modification time changes and the module takes it for another file. A step keeps its
 * blocks, apart from those that it frees on purpose; the blocks of earlier steps are not counted
 * any more. The content of the blocks is checked at the start and at the end of each step: exit
 * status 1 if one has changed.
 *
 * OBJECT is mapped as executable and not touched. Also built statically (pulse_static).
 *
 * Used by fault_inject.
 */
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "code_image.h"
#include "program.h"

#ifndef MREMAP_DONTUNMAP /* before glibc 2.32 */
#define MREMAP_DONTUNMAP 4
#endif

#define ROUNDS 8
#define HELD (ROUNDS * 16)
#define FRAMES_AT 272
#define MAPPED 200000 /* a block that malloc maps */
/* In all rounds more than 16 stripes of 4 buckets have records for, so that a stripe grows. */
#define MAPPINGS 9

struct held {
	unsigned char *p;
	size_t size;
};

static struct held held[HELD];
static size_t nr_held;
static const char *file;

/* Calls the function in its first argument with its second argument, with a frame of its own. */
static const unsigned char code[] = {
	0x55,		  /* push %rbp */
	0x48, 0x89, 0xe5, /* mov %rsp, %rbp */
	0x48, 0x89, 0xf8, /* mov %rdi, %rax */
	0x48, 0x89, 0xf7, /* mov %rsi, %rdi */
	0xff, 0xd0,	  /* call *%rax */
	0x5d,		  /* pop %rbp */
	0xc3,		  /* ret */
};

/* Its unwind data: .eh_frame with a CIE and an FDE. */
static const struct {
	unsigned int cie_len, cie_id;
	unsigned char cie[16];
	unsigned int fde_len, fde_cie;
	int start;
	unsigned int len;
	unsigned char fde[16];
	unsigned int end;
} __attribute__((packed)) frames = {
	.cie_len = 20,
	/*
	 * Version 1, "zR", alignment factors 1 and -8, return address in register 16, pcrel sdata4;
	 * CFA = rsp + 8, return address at CFA - 8.
	 */
	.cie = { 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1 },
	.fde_len = 28,
	.fde_cie = 28,
	.start = CODE_IMAGE_CODE_AT - (FRAMES_AT + 32),
	.len = sizeof(code),
	/*
	 * After push: CFA = rsp + 16, rbp at CFA - 16; after mov: CFA by rbp; after pop: rsp + 8.
	 */
	.fde = { 0, 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x49, 0x0c, 7, 8 },
};

static unsigned char seed_of(const struct held *h)
{
	return (uintptr_t)h->p >> 4 ^ h->size;
}

static void *hold_block(void *p, size_t size, const char *what)
{
	struct held *h = &held[nr_held];

	if (!p || p == MAP_FAILED || nr_held == HELD)
		program_die(what);
	h->p = p;
	h->size = size;
	memset(p, seed_of(h), size < 64 ? size : 64);
	nr_held++;
	program_keep_uncounted(p, size);
	return p;
}

static void check_blocks(void)
{
	size_t i, at;

	for (i = 0; i < nr_held; i++)
		for (at = 0; at < held[i].size && at < 64; at++)
			if (held[i].p[at] != seed_of(&held[i]))
				program_die("a block has changed");
}

static void hold_blocks(void)
{
	void *p;
	int i;

	hold_block(malloc(40), 40, "malloc");
	hold_block(malloc(200), 200, "malloc");
	hold_block(calloc(3, 50), 150, "calloc");
	hold_block(realloc(malloc(30), 500), 500, "realloc");
	if (posix_memalign(&p, 64, 100))
		program_die("posix_memalign");
	hold_block(p, 100, "posix_memalign");
	free(malloc(60));
	free(calloc(1, 70));
	for (i = 0; i < MAPPINGS; i++)
		hold_block(mmap(NULL, CODE_IMAGE_PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			   CODE_IMAGE_PAGE, "mmap");
}

/* The bits of @path are turns to the left or right, below the highest one: each is a stack. */
static void go_down(unsigned int path);

__attribute__((noinline)) static void turn_left(unsigned int path)
{
	go_down(path);
	__asm__ volatile("");
}

__attribute__((noinline)) static void turn_right(unsigned int path)
{
	go_down(path);
	__asm__ volatile("");
}

__attribute__((noinline)) static void go_down(unsigned int path)
{
	if (path == 1)
		hold_blocks();
	else if (path & 1)
		turn_right(path >> 1);
	else
		turn_left(path >> 1);
	__asm__ volatile("");
}

/* Bare system calls are used here and below, because mmap() and munmap() may be probed. */
static int write_code(void)
{
	const struct code_image head = code_image(CODE_IMAGE_PAGE);
	const struct code_image_header header = code_image_header(FRAMES_AT);
	unsigned char image[CODE_IMAGE_PAGE] = { 0 };
	int fd = open(file, O_RDWR | O_CREAT, 0600);

	memcpy(image, &head, sizeof(head));
	memcpy(image + CODE_IMAGE_HEADER_AT, &header, sizeof(header));
	memcpy(image + CODE_IMAGE_CODE_AT, code, sizeof(code));
	memcpy(image + FRAMES_AT, &frames, sizeof(frames));
	if (fd < 0 || pwrite(fd, image, sizeof(image), 0) != sizeof(image))
		program_die(file);
	return fd;
}

static unsigned char *map_code(int fd)
{
	unsigned char *at = (unsigned char *)syscall(SYS_mmap, NULL, CODE_IMAGE_PAGE,
						     PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		program_die("mmap of code");
	return at;
}

/* The code is mapped twice, so that the module learns two mappings at once. */
static void run_code(void)
{
	int fd = write_code();
	unsigned char *at = map_code(fd), *other = map_code(fd);

	hold_block(((void *(*)(void *(*)(size_t), size_t))(at + CODE_IMAGE_CODE_AT))(malloc, 90),
		   90, "malloc");
	syscall(SYS_munmap, at, CODE_IMAGE_PAGE);
	syscall(SYS_munmap, other, CODE_IMAGE_PAGE);
	close(fd);
}

/* The kernel moves the pages and keeps the old mapping. */
static void map_and_copy(void)
{
	char *p = mmap(NULL, CODE_IMAGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	char *q = mremap(p, CODE_IMAGE_PAGE, CODE_IMAGE_PAGE,
			 MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

	hold_block(p, CODE_IMAGE_PAGE, "mmap");
	hold_block(q, CODE_IMAGE_PAGE, "mremap");
}

static void map_object(const char *object)
{
	int fd = open(object, O_RDONLY);

	if (fd < 0 ||
	    mmap(NULL, CODE_IMAGE_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		program_die(object);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned int round;
	char word;

	if (argc != 2 && argc != 3)
		return 1;
	file = argv[1];
	if (argc == 3)
		map_object(argv[2]);
	/* Set, so that glibc does not raise it when such a block is freed. */
	mallopt(M_MMAP_THRESHOLD, MAPPED / 2);
	program_say("ready %d\n", (int)getpid());
	for (word = program_step(); word != 'e'; word = program_done()) {
		check_blocks();
		nr_held = 0;
		program_count = 0;
		program_bytes = 0;
		program_hash = 0;
		for (round = 0; word == 'g' && round < ROUNDS; round++)
			turn_left(8 | round);
		if (word == 'n')
			hold_block(reallocarray(NULL, 9, 100), 900, "reallocarray");
		if (word == 'm')
			free(malloc(MAPPED));
		if (word == 'r')
			map_and_copy();
		run_code();
		check_blocks();
	}
	return 0;
}
