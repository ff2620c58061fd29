// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames CASE [LIBRARY...]: blocks whose callers are in code that is generated at run time, or in
 * libraries that are unloaded before the step ends. Each case is described at its function.
 * "reopen" and "merge" have two steps, "parts" seven, the others one. dlopen() allocates, too:
 * tests recognize the blocks of this program by their sizes.
 *
 * Used by frames, options, unseen and others.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>

#include "program.h"

static char **arguments;

/* Generates a function with a frame pointer that calls malloc(4321), and calls it. */
static void *jit_at(void *place)
{
#ifdef __x86_64__
	static const unsigned char code[] = {
		0x55, 0x48, 0x89, 0xe5,			     /* push %rbp; mov %rsp, %rbp */
		0xbf, 0xe1, 0x10, 0x00, 0x00,		     /* mov $4321, %edi */
		0x48, 0xb8, 0,	  0,	0,    0, 0, 0, 0, 0, /* movabs $malloc, %rax */
		0xff, 0xd0, 0x5d, 0xc3,			     /* call *%rax; pop %rbp; ret */
	};
	void *target = malloc;
	unsigned char *page = mmap(place, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *p;

	memcpy(page + 256, code, sizeof(code));
	memcpy(page + 256 + 11, &target, sizeof(target));
	__asm__ volatile("call *%1"
			 : "=a"(p)
			 : "r"(page + 256)
			 : "rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
	program_keep(p, 4321);
	return page;
#else
	_exit(4);
#endif
}

/* "jit": from code in anonymous memory. */
static void keep_from_jit(void)
{
	program_keep_as(jit_at(NULL), 4096, "mmap");
}

/* "rejit": as JIT compilers that discard old code and reuse its address. */
static void reuse_jit_page(void)
{
	void *place = NULL;
	int i;

	for (i = 0; i < 40; i++) {
		place = jit_at(place);
		munmap(place, 4096);
	}
}

static void *leak_in_library(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	void (*leak)(void);

	if (!library)
		program_die(path);
	leak = (void (*)(void))dlsym(library, "leak_in_library");
	if (!leak)
		program_die("leak_in_library");
	leak();
	return library;
}

/*
 * "unload": each library allocates once and is unloaded; the next one may be mapped at its
 * address.
 */
static void unload_each(void)
{
	char **library;

	for (library = arguments; *library; library++)
		dlclose(leak_in_library(*library));
}

/* "reopen": as servers that load a module for each request. */
static void reopen_often(void)
{
	int i;

	unload_each();
	program_done();
	for (i = 0; i < 40; i++)
		unload_each();
}

/* "replace": the first library is unloaded, the second one is mapped at its address and remains. */
static void replace_library(void)
{
	dlclose(leak_in_library(arguments[0]));
	leak_in_library(arguments[1]);
}

#define PAGE 4096ul

static struct {
	void *(*leak[3])(void *(*alloc)(size_t size), size_t size);
	uintptr_t start, size; /* of the text */
	off_t offset;
} parts;

static int find_text(struct dl_phdr_info *info, size_t size, void *path)
{
	int i;

	(void)size;
	if (strcmp(info->dlpi_name, path))
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		parts.start = (info->dlpi_addr + p->p_vaddr) & -PAGE;
		parts.size = (p->p_memsz + PAGE - 1) & -PAGE;
		parts.offset = p->p_offset & -PAGE;
	}
	return 1;
}

static void open_parts(char *path)
{
	static const char *const names[] = { "leak_first", "leak_middle", "leak_last" };
	void *library = dlopen(path, RTLD_NOW);
	int i;

	if (!library || !dl_iterate_phdr(find_text, path))
		program_die(path);
	for (i = 0; i < 3; i++)
		*(void **)&parts.leak[i] = dlsym(library, names[i]);
}

/* Allocates in the functions whose letters are in @which, from the same call for each of them. */
static __attribute__((noinline)) void leak_in(const char *which)
{
	int i;

	for (i = 0; i < 3; i++)
		if (strchr(which, "fml"[i]))
			program_keep(parts.leak[i](malloc, 5001 + i), 5001 + i);
}

static void *page_of(int i)
{
	return (void *)((uintptr_t)parts.leak[i] & -PAGE);
}

static void unmap_page(int i)
{
	if (munmap(page_of(i), PAGE))
		program_die("munmap");
}

static void map_text(uintptr_t start, size_t size)
{
	int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0 || mmap((void *)start, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
			   parts.offset + (start - parts.start)) != (void *)start)
		program_die(arguments[0]);
	close(fd);
}

static void unmap_head(void)
{
	/* All up to the first function, and that one. */
	if (munmap((void *)parts.start, (uintptr_t)page_of(0) + PAGE - parts.start))
		program_die("munmap");
}

static void change_parts(int step)
{
	switch (step) {
	case 1:
		/* mprotect() without PROT_EXEC is no munmap(). */
		mprotect(page_of(1), PAGE, PROT_READ);
		break;
	case 2:
		unmap_page(1);
		break;
	case 3:
		/* Other code in the hole. */
		jit_at(page_of(1));
		break;
	case 4:
		unmap_head();
		break;
	case 5:
		map_text(parts.start, parts.size);
		break;
	case 6:
		if (munmap((void *)parts.start, parts.size))
			program_die("munmap");
	}
}

/* "parts": a library of which different parts are mapped at each step. */
static void unmap_parts(void)
{
	static const char *const there[] = { "fml", "fl", "fl", "fl", "l", "fml", "" };
	volatile int step; /* volatile, or the compiler copies the calls for the first step */

	open_parts(arguments[0]);
	for (step = 0; step < 7; step++) {
		change_parts(step);
		leak_in(there[step]);
		if (step < 6)
			program_done();
	}
}

/* "merge": anonymous code that grows upwards and downwards: the kernel merges the mappings. */
static void merge_mappings(void)
{
	char *place = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(place, 3 * PAGE);
	jit_at(place + PAGE);
	jit_at(place + 2 * PAGE);
	jit_at(place);
	program_done();
	munmap(place + PAGE, PAGE);
}

/*
 * "late_allocator": the first library is an allocator; the module sees both by frames of the
 * second.
 */
static void late_allocator(void)
{
	if (!dlopen(arguments[0], RTLD_NOW | RTLD_LOCAL))
		program_die(arguments[0]);
	leak_in_library(arguments[1]);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 1;
	arguments = argv + 2;
	program_ready();
	if (!strcmp(argv[1], "jit"))
		keep_from_jit();
	else if (!strcmp(argv[1], "rejit"))
		reuse_jit_page();
	else if (!strcmp(argv[1], "late_allocator"))
		late_allocator();
	else if (!strcmp(argv[1], "replace"))
		replace_library();
	else if (!strcmp(argv[1], "parts"))
		unmap_parts();
	else if (!strcmp(argv[1], "merge"))
		merge_mappings();
	else if (!strcmp(argv[1], "reopen"))
		reopen_often();
	else
		unload_each();
	program_done();
	return 0;
}
