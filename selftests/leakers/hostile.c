// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile FILE MIB: allocates from code whose unwind data is a lie, a trap, or more than one
 * expects.
 *
 * Each piece of code is an ELF image in FILE, another file each time, with the same few
 * instructions: they call an allocator from a frame of 24 bytes.  What the steps do:
 *
 *	all		the cases of the table below, a block of 20000 bytes and the number of each
 *	known		the same code again, a block of 40000 bytes and so on
 *	random		ROUNDS images with some bytes changed at random, one block each
 *	huge		one image with MIB mebibytes of entries, the last is the code's
 *	twice		that code again, a block of 30000 bytes and one more each time
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "leaker.h"

#define ROUNDS 300
#define PAGE 4096ul
#define HEADER_AT 256
#define CODE_AT 512
#define FRAMES_AT PAGE
#define MIN_FRAMES (1ul << 20)

#define ROW_AT_CALL 0x44, 0x0e, 32 /* 4 bytes on: the CFA is 32 bytes up */

/* An image, and where its next entry goes. */
static unsigned char *image;
static size_t room, used;

static const char *file;
static unsigned char *mapped;
static size_t nr_again;

/* Calls the function in its first argument with its second one. */
static const unsigned char code[] = {
	0x48, 0x83, 0xec, 24, /* sub $24, %rsp */
	0x48, 0x89, 0xf8,     /* mov %rdi, %rax */
	0x48, 0x89, 0xf7,     /* mov %rsi, %rdi */
	0xff, 0xd0,	      /* call *%rax */
	0x48, 0x83, 0xc4, 24, /* add $24, %rsp */
	0xc3,		      /* ret */
};

/* === Building === */

static void byte(unsigned char value)
{
	if (used == room)
		leaker_die("an image that does not fit");
	image[used++] = value;
}

static void word(unsigned int value)
{
	int i;

	for (i = 0; i < 4; i++)
		byte(value >> 8 * i);
}

static void bytes(const void *from, size_t n)
{
	const unsigned char *at = from;

	while (n--)
		byte(*at++);
}

static void repeat(unsigned char value, size_t n)
{
	while (n--)
		byte(value);
}

/* The length of the entry that began at @begin, which is padded with DW_CFA_nop. */
static void close_entry(size_t begin)
{
	unsigned int len;

	while ((used - begin) % 4)
		byte(0);
	len = used - begin - 4;
	memcpy(image + begin, &len, 4);
}

static size_t open_cie(const char *augmentation)
{
	static const unsigned char rest[] = { 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1 };
	size_t begin = used;

	word(0);
	word(0);
	byte(1);
	bytes(augmentation, strlen(augmentation) + 1);
	/*
	 * factors 1 and -8, return address 16, pcrel sdata4; CFA rsp + 8, the return address there
	 */
	bytes(rest, sizeof(rest));
	return begin;
}

static size_t cie(void)
{
	size_t begin = open_cie("zR");

	close_entry(begin);
	return begin;
}

/* Up to its operations; of other code than ours if it is elsewhere. */
static size_t open_fde(size_t of, size_t start, size_t len)
{
	size_t begin = used;

	word(0);
	word(begin + 4 - of);
	word(start - used);
	word(len);
	byte(0);
	return begin;
}

static size_t open_ours(size_t of)
{
	return open_fde(of, CODE_AT, sizeof(code));
}

static void ours(size_t of, const unsigned char *ops, size_t n)
{
	size_t begin = open_ours(of);

	bytes(ops, n);
	close_entry(begin);
}

#define fde(of, ...)                                     \
	ours(of, (const unsigned char[]){ __VA_ARGS__ }, \
	     sizeof((const unsigned char[]){ __VA_ARGS__ }))

static void begin_image(void)
{
	static const struct {
		Elf64_Ehdr head;
		Elf64_Phdr load, header;
	} head = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2,
		},
		.load = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X },
		.header = { .p_type = PT_GNU_EH_FRAME, .p_flags = PF_R, .p_offset = HEADER_AT,
			    .p_vaddr = HEADER_AT, .p_filesz = 8, .p_memsz = 8 },
	};

	memset(image, 0, used < FRAMES_AT ? FRAMES_AT : used);
	memcpy(image, &head, sizeof(head));
	memcpy(image + CODE_AT, code, sizeof(code));
	used = HEADER_AT;
	/* version 1, pcrel sdata4, no count, no table */
	word(0xffff1b01);
	word(FRAMES_AT - used);
	used = FRAMES_AT;
}

static Elf64_Phdr *segment(unsigned int i)
{
	return (Elf64_Phdr *)(image + sizeof(Elf64_Ehdr)) + i;
}

static void end_image(void)
{
	word(0);
	segment(0)->p_filesz = used;
	segment(0)->p_memsz = used;
}

/* === Cases === */

static void sane(void)
{
	fde(cie(), ROW_AT_CALL);
}

static void too_many_operations(void)
{
	size_t begin = open_ours(cie());
	int i;

	for (i = 0; i < 100000; i++) {
		byte(0x0e);
		byte(32);
	}
	close_entry(begin);
}

static void its_own_cie(void)
{
	cie();
	fde(used, ROW_AT_CALL);
}

static void cie_before_the_section(void)
{
	cie();
	fde(0, ROW_AT_CALL);
}

static void longer_than_the_section(void)
{
	size_t begin = used + 24;

	sane();
	memset(image + begin, 0xf0, 4);
}

/* 64 bits of length follow. */
static void longer_than_memory(void)
{
	size_t of = cie(), begin = used;

	fde(of, ROW_AT_CALL);
	memset(image + begin, 0xff, 12);
}

static void two_of_one_address(void)
{
	size_t of = cie();

	fde(of, ROW_AT_CALL);
	fde(of, 0x44, 0x0e, 0);
	close_entry(open_fde(of, CODE_AT + 4, 4));
	close_entry(open_fde(of, 0, -1));
}

static void the_same_frame_again(void)
{
	fde(cie(), 0x44, 0x0e, 0);
}

static void down_the_stack(void)
{
	/* DW_CFA_def_cfa_sf: rsp, 8 times -8 */
	fde(cie(), 0x44, 0x12, 7, 8);
}

static void register_nobody_knows(void)
{
	fde(cie(), 0x44, 0x0c, 0, 32);
}

static void register_that_is_none(void)
{
	fde(cie(), 0x44, 0x0c, 99, 32);
}

/* DW_CFA_def_cfa_expression: DW_OP_const8u, DW_OP_deref. */
static void reads_the_kernel(void)
{
	fde(cie(), 0x44, 0x0f, 10, 0x0e, 0, 0, 0, 0, 0x80, 0x88, 0xff, 0xff, 0x06);
}

static void reads_what_is_no_address(void)
{
	fde(cie(), 0x44, 0x0f, 10, 0x0e, 1, 2, 3, 4, 5, 6, 7, 0x88, 0x06);
}

/* DW_OP_skip, back to itself. */
static void loops_in_an_expression(void)
{
	fde(cie(), 0x44, 0x0f, 3, 0x2f, 0xfd, 0xff);
}

static void expression_without_end(void)
{
	fde(cie(), 0x44, 0x0f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x30);
}

/* DW_OP_lit0 each. */
static void long_expression(void)
{
	size_t begin = open_ours(cie());

	byte(0x44);
	byte(0x0f);
	byte(0x90);
	byte(0x4e);
	repeat(0x30, 10000);
	close_entry(begin);
}

/* DW_OP_dup on nothing, DW_OP_div by nothing. */
static void expression_of_nothing(void)
{
	fde(cie(), 0x44, 0x0f, 1, 0x12);
}

static void divides_by_nothing(void)
{
	fde(cie(), 0x44, 0x0f, 3, 0x31, 0x30, 0x1b);
}

static void remembers_too_often(void)
{
	size_t begin = open_ours(cie());

	repeat(0x0a, 10000);
	close_entry(begin);
}

static void restores_what_was_not_remembered(void)
{
	fde(cie(), 0x0b, ROW_AT_CALL);
}

static void number_without_end(void)
{
	size_t begin = open_ours(cie());

	byte(0x0e);
	repeat(0x80, 5000);
	close_entry(begin);
}

static void unknown_operation(void)
{
	fde(cie(), 0x3f, ROW_AT_CALL);
}

static void unknown_version(void)
{
	size_t of = cie();

	image[of + 8] = 9;
	fde(of, ROW_AT_CALL);
}

static void unknown_augmentation(void)
{
	size_t of = open_cie("zRQ");

	close_entry(of);
	fde(of, ROW_AT_CALL);
}

static void unknown_encoding(void)
{
	size_t of = cie();

	image[of + 16] = 0x57;
	fde(of, ROW_AT_CALL);
}

static void no_entries(void)
{
}

static void header_leads_nowhere(void)
{
	sane();
	memset(image + HEADER_AT + 4, 0x7f, 4);
}

static void segment_behind_the_file(void)
{
	sane();
	segment(1)->p_offset = ~0ull - 3;
}

static void more_segments_than_bytes(void)
{
	sane();
	((Elf64_Ehdr *)image)->e_phnum = 0xfffe;
}

static void (*const cases[])(void) = {
	sane,
	too_many_operations,
	its_own_cie,
	cie_before_the_section,
	longer_than_the_section,
	longer_than_memory,
	two_of_one_address,
	the_same_frame_again,
	down_the_stack,
	register_nobody_knows,
	register_that_is_none,
	reads_the_kernel,
	reads_what_is_no_address,
	loops_in_an_expression,
	expression_without_end,
	long_expression,
	expression_of_nothing,
	divides_by_nothing,
	remembers_too_often,
	restores_what_was_not_remembered,
	number_without_end,
	unknown_operation,
	unknown_version,
	unknown_augmentation,
	unknown_encoding,
	no_entries,
	header_leads_nowhere,
	segment_behind_the_file,
	more_segments_than_bytes,
};

/* === Running: system calls as they are, the functions of their names may be probed === */

/* What the code is, for the compiler. */
void *caller(void *(*allocate)(size_t size), size_t size);

static void call(size_t size)
{
	typeof(caller) *function = (typeof(caller) *)(mapped + CODE_AT);

	leaker_keep_uncounted(function(malloc, size), size);
}

/* A file of its own each time, and no longer than its mapping. */
static void run(size_t size, bool truncate)
{
	int fd;

	end_image();
	unlink(file);
	fd = open(file, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, image, used) != (ssize_t)used)
		leaker_die(file);
	mapped = (unsigned char *)syscall(SYS_mmap, NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
					  fd, 0);
	if (mapped == MAP_FAILED || (truncate && ftruncate(fd, PAGE)))
		leaker_die("mmap of code");
	close(fd);
	call(size);
}

static void leave(void)
{
	syscall(SYS_munmap, mapped, PAGE);
}

#define NR_CASES (sizeof(cases) / sizeof(cases[0]))

static unsigned char *mapped_case[NR_CASES + 1];

/* The last is cut off behind its first page. */
static void run_all(void)
{
	size_t i;

	for (i = 0; i <= NR_CASES; i++) {
		begin_image();
		(i < NR_CASES ? cases[i] : sane)();
		run(20000 + i, i == NR_CASES);
		mapped_case[i] = mapped;
	}
}

static void run_known(void)
{
	size_t i;

	for (i = 0; i <= NR_CASES; i++) {
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
			at = random() % (used - FRAMES_AT + HEADER_AT);
			image[at < HEADER_AT + 8 ? at : at % (used - FRAMES_AT) + FRAMES_AT] =
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
		close_entry(open_fde(of, CODE_AT + size - used, 1));
	fde(of, ROW_AT_CALL);
	run(30000, false);
}

int main(int argc, char **argv)
{
	size_t huge;
	char step;

	if (argc != 3)
		return 1;
	file = argv[1];
	huge = strtoul(argv[2], NULL, 10) << 20;
	room = (huge > MIN_FRAMES ? huge : MIN_FRAMES) + FRAMES_AT;
	image = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image == MAP_FAILED)
		leaker_die("mmap");
	leaker_say("ready %d\n", (int)getpid());
	for (step = leaker_step(); step != 'e'; step = leaker_done()) {
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
