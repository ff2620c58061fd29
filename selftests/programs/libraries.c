// SPDX-License-Identifier: GPL-2.0-only
/*
 * libraries FILE...: opens allocators (late_alloc.c) while it is traced, and uses them.
 *
 * Steps:
 *	1 to 9	choose the FILE that the following steps are about
 *	open	dlopen()
 *	new	dlopen() in a new namespace
 *	map	mmap() of its segments
 *	read	the same, but not executable; EXEC makes them so
 *	EXEC	see read
 *	close	dlclose() or munmap()
 *	place	takes the addresses that the closed file had
 *	all	opens all files
 *	before	allocates three blocks of 500 bytes, which are not kept
 *	free	frees these
 *	keep	keeps a block of 3000 bytes
 *	turn	executes another program
 *
 * Used by late_libraries.
 */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "program.h"

#define FILES 16
#define SPACE (4u << 20)

static struct file {
	const char *path;
	void *handle;
	char *base;
	void *(*alloc)(size_t size);
	void (*release)(void *block);
	void *before[3];
} files[FILES], *file = files;

static void open_file(Lmid_t space)
{
	file->handle = dlmopen(space, file->path, RTLD_NOW | RTLD_LOCAL);
	if (!file->handle)
		program_die(dlerror());
	file->alloc = (void *(*)(size_t))dlsym(file->handle, "malloc");
	file->release = (void (*)(void *))dlsym(file->handle, "free");
}

/* The symbols precede their names, as linkers place them. */
static void *symbol_of(const char *name)
{
	const Elf64_Ehdr *head = (void *)file->base;
	const Elf64_Phdr *part = (void *)(file->base + head->e_phoff);
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *symbol = NULL;
	const char *names = NULL;
	int i;

	for (i = 0; i < head->e_phnum; i++)
		if (part[i].p_type == PT_DYNAMIC)
			dyn = (void *)(file->base + part[i].p_vaddr);
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			symbol = (void *)(file->base + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_STRTAB)
			names = file->base + dyn->d_un.d_ptr;
	}
	for (; symbol && (const char *)symbol < names; symbol++)
		if (!strcmp(names + symbol->st_name, name))
			return file->base + symbol->st_value;
	program_die(name);
}

static int protection_of(const Elf64_Phdr *part)
{
	return (part->p_flags & PF_R ? PROT_READ : 0) | (part->p_flags & PF_W ? PROT_WRITE : 0) |
	       (part->p_flags & PF_X ? PROT_EXEC : 0);
}

static void map_file(int allowed)
{
	int fd = open(file->path, O_RDONLY), i;
	Elf64_Phdr part[16];
	Elf64_Ehdr head;
	unsigned long skip;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head) || head.e_phnum > 16 ||
	    pread(fd, part, head.e_phnum * sizeof(*part), head.e_phoff) < 0)
		program_die(file->path);
	file->base = mmap(NULL, SPACE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file->base == MAP_FAILED)
		program_die("mmap");
	for (i = 0; i < head.e_phnum; i++) {
		if (part[i].p_type != PT_LOAD)
			continue;
		skip = part[i].p_offset % 4096;
		if (part[i].p_filesz &&
		    mmap(file->base + part[i].p_vaddr - skip, part[i].p_filesz + skip,
			 protection_of(&part[i]) & allowed, MAP_PRIVATE | MAP_FIXED, fd,
			 part[i].p_offset - skip) == MAP_FAILED)
			program_die("mmap");
		/* The segment does not contain what follows it in the file. */
		if (part[i].p_memsz > part[i].p_filesz)
			memset(file->base + part[i].p_vaddr + part[i].p_filesz, 0,
			       part[i].p_memsz - part[i].p_filesz);
	}
	close(fd);
	file->alloc = (void *(*)(size_t))symbol_of("malloc");
	file->release = (void (*)(void *))symbol_of("free");
}

static void make_executable(void)
{
	const Elf64_Ehdr *head = (void *)file->base;
	const Elf64_Phdr *part = (void *)(file->base + head->e_phoff);
	int i;

	for (i = 0; i < head->e_phnum; i++)
		if (part[i].p_type == PT_LOAD && part[i].p_flags & PF_X &&
		    mprotect(file->base + part[i].p_vaddr, part[i].p_memsz, PROT_READ | PROT_EXEC))
			program_die("mprotect");
}

static void close_file(void)
{
	if (file->handle ? dlclose(file->handle) : munmap(file->base, SPACE))
		program_die("close");
	file->handle = NULL;
}

static void take_place(void)
{
	char *page = (char *)((unsigned long)file->alloc & -4096ul);

	if (mmap(page, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page)
		program_die("mmap");
}

static void do_step(char word)
{
	int i;

	switch (word) {
	case 'o':
		open_file(LM_ID_BASE);
		break;
	case 'n':
		open_file(LM_ID_NEWLM);
		break;
	case 'm':
		map_file(PROT_READ | PROT_WRITE | PROT_EXEC);
		break;
	case 'r':
		map_file(PROT_READ | PROT_WRITE);
		break;
	case 'E':
		make_executable();
		break;
	case 'c':
		close_file();
		break;
	case 'p':
		take_place();
		break;
	case 'b':
		for (i = 0; i < 3; i++)
			file->before[i] = file->alloc(500);
		break;
	case 'f':
		for (i = 0; i < 3; i++)
			file->release(file->before[i]);
		break;
	case 'k':
		program_keep(file->alloc(3000), 3000);
		break;
	case 't':
		execlp("sleep", "sleep", "60", NULL);
		program_die("execlp");
	default:
		file = &files[word - '1'];
	}
}

int main(int argc, char **argv)
{
	char word;
	int i;

	for (i = 1; i < argc && i <= FILES; i++)
		files[i - 1].path = argv[i];
	program_say("ready %d\n", (int)getpid());
	while ((word = program_step())) {
		if (word == 'a') {
			for (file = files; file->path; file++)
				open_file(LM_ID_BASE);
			file = files;
		} else {
			do_step(word);
		}
		program_print_kept();
	}
	return 0;
}
