// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves the code of a library, its argument, to anonymous memory at the same addresses, as programs
 * do that want it on large pages. Each step begins with a letter:
 *
 * m: move all of it
 * p: move the pages in the middle, so that some are left in the file before and behind them
 * x: move all of it, with one byte changed
 * k: call it; 1001 bytes are kept
 */
#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>

#include "program.h"

#define PAGE 4096ul
#define APART __attribute__((noinline, noipa))

static void *(*allocate)(size_t size);
static unsigned char *code;
static size_t size;

static int find_code(struct dl_phdr_info *info, size_t info_size, void *name)
{
	(void)info_size;
	if (strcmp(info->dlpi_name, name))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		code = (unsigned char *)(start & -PAGE);
		size = ((start + p->p_memsz + PAGE - 1) & -PAGE) - (start & -PAGE);
	}
	return 1;
}

static void move_code(unsigned char *from, size_t len, unsigned char changed)
{
	unsigned char *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

	if (copy == MAP_FAILED)
		program_die("mmap");
	memcpy(copy, from, len);
	/* The last two pages but one are nops. */
	copy[len - 2 * PAGE] ^= changed;
	if (mprotect(copy, len, PROT_READ | PROT_EXEC) ||
	    mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, from) != from)
		program_die("mremap");
}

static APART void keep_one(void)
{
	program_keep(allocate(1001), 1001);
	__asm__ volatile("");
}

static void do_step(char step)
{
	switch (step) {
	case 'm':
		move_code(code, size, 0);
		break;
	case 'p':
		move_code(code + PAGE, size - 2 * PAGE, 0);
		break;
	case 'x':
		move_code(code, size, 1);
		break;
	case 'k':
		keep_one();
		break;
	}
}

int main(int argc, char **argv)
{
	void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	char step;

	if (!library)
		program_die("dlopen");
	*(void **)&allocate = dlsym(library, "moving_outer");
	dl_iterate_phdr(find_code, argv[1]);
	if (!allocate || size < 4 * PAGE)
		program_die(argv[1]);
	program_say("ready %d\n", (int)getpid());
	step = program_step();
	while (step != 'e') {
		do_step(step);
		step = program_done();
	}
	return 0;
}
