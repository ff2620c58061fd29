// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code that a process has moved out of its file: this process maps the first page of a file, and
 * memory where the file's code belongs.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "moved_text.h"
#include "tap.h"

#define PAGE 4096ul
#define PAGES 6
#define VADDR 0x10000ul

/* Page 0 has the headers, pages 1 to 4 are code, page 5 has something else. */
struct file {
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segment[3];
	} headers;
	unsigned char rest[PAGES * PAGE - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr)];
};

static struct file *make_file(void)
{
	struct file *file = mu_zalloc(sizeof(*file));

	for (size_t i = 1; i < PAGES; i++)
		memset((char *)file + i * PAGE, 0x90 + i, PAGE);
	memcpy(file->headers.head.e_ident, ELFMAG, SELFMAG);
	file->headers.head.e_ident[EI_CLASS] = ELFCLASS64;
	file->headers.head.e_phoff = sizeof(Elf64_Ehdr);
	file->headers.head.e_phentsize = sizeof(Elf64_Phdr);
	file->headers.head.e_phnum = 3;
	file->headers.segment[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R,
		.p_vaddr = VADDR,
		.p_filesz = 0x200,
	};
	file->headers.segment[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_offset = PAGE + 0x10,
		.p_vaddr = VADDR + PAGE + 0x10,
		.p_filesz = 4 * PAGE - 0x20,
	};
	/* The first page of the file is also one of this segment, which would be elsewhere. */
	file->headers.segment[2] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_offset = 0x800,
		.p_vaddr = VADDR - PAGE + 0x800,
		.p_filesz = 0x100,
	};
	return file;
}

struct layout {
	unsigned char *at;
	int fd;
};

/* Map the headers, and in the place of all other pages memory with the same contents. */
static struct layout map_file(const struct file *file)
{
	char path[] = "/tmp/memleak-user-XXXXXX";
	struct layout l = { .fd = mkstemp(path) };

	if (l.fd < 0 || write(l.fd, file, sizeof(*file)) != sizeof(*file))
		perror(path);
	unlink(path);
	l.at = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(l.at, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, l.fd, 0);
	mmap(l.at + PAGE, (PAGES - 2) * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(l.at + PAGE, (const char *)file + PAGE, (PAGES - 2) * PAGE);
	return l;
}

static void unmap_file(struct layout *l)
{
	munmap(l->at, PAGES * PAGE);
	close(l->fd);
}

/* Return: the address in the file of an address in the memory, 0 if it is not known. */
static uint64_t find_in_file(const struct mu_moved_text *text, const struct layout *l,
			     size_t offset)
{
	uint64_t address = (uintptr_t)l->at + offset;
	const struct mu_moved *moved = mu_moved_text_find(text, address);

	return moved ? address - moved->bias : 0;
}

static struct mu_moved_text *open_self(void)
{
	return mu_moved_text_new(open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static void test_same_code(void)
{
	struct file *file = make_file();
	struct layout l = map_file(file);
	struct mu_moved_text *text = open_self();

	is_number(find_in_file(text, &l, 2 * PAGE), 0, "nothing is known before the first scan");
	mu_moved_text_scan(text);
	is_number(find_in_file(text, &l, 2 * PAGE), VADDR + 2 * PAGE,
		  "equal code is that of the file");
	is_number(find_in_file(text, &l, PAGE), VADDR + PAGE, "from its first page");
	is_number(find_in_file(text, &l, 5 * PAGE - 1), VADDR + 5 * PAGE - 1, "to its last one");
	is_number(find_in_file(text, &l, 5 * PAGE), 0, "and not behind it");
	l.at[2 * PAGE + 5] = 0xcc;
	mu_moved_text_scan(text);
	is_number(find_in_file(text, &l, 2 * PAGE), VADDR + 2 * PAGE,
		  "a breakpoint is no difference");
	l.at[4 * PAGE + 5] = 0x55;
	mu_moved_text_scan(text);
	is_number(find_in_file(text, &l, 2 * PAGE), VADDR + 2 * PAGE,
		  "the last page, which is not the segment's alone, is not compared");
	l.at[3 * PAGE + 5] = 0x55;
	mu_moved_text_scan(text);
	is_number(find_in_file(text, &l, 2 * PAGE), 0,
		  "code that was changed is not the file's any more");
	l.at[3 * PAGE + 5] = 0x93;
	mu_moved_text_scan(text);
	is_number(find_in_file(text, &l, 2 * PAGE), VADDR + 2 * PAGE, "until it is equal again");
	mprotect(l.at + PAGE, (PAGES - 2) * PAGE, PROT_READ);
	mu_moved_text_scan(text);
	is_number(find_in_file(text, &l, 2 * PAGE), VADDR + 2 * PAGE,
		  "what was found stays known while no other code is there");
	mu_moved_text_free(text);
	unmap_file(&l);
	free(file);
}

/* The headers of the file do not say that its code belongs there, or say what cannot be. */
static void check_unknown(const struct file *file, const char *claim)
{
	struct layout l = map_file(file);
	struct mu_moved_text *text = open_self();

	mu_moved_text_scan(text);
	is_number(find_in_file(text, &l, 2 * PAGE), 0, claim);
	mu_moved_text_free(text);
	unmap_file(&l);
}

static void test_other_headers(void)
{
	static const uint64_t numbers[] = { 1, PAGE, INT64_MAX, -PAGE, UINT64_MAX };
	struct file *file = make_file();

	file->headers.segment[1].p_flags = PF_R;
	check_unknown(file, "a segment that is not executable has no code");
	file->headers.segment[1].p_flags = PF_R | PF_X;
	file->headers.segment[1].p_vaddr += 16 * PAGE;
	check_unknown(file, "code belongs elsewhere");
	free(file);
	file = make_file();
	file->headers.segment[1].p_filesz = 0x100;
	check_unknown(file, "code without a whole page is not compared");
	free(file);
	file = make_file();
	file->headers.head.e_phnum = UINT16_MAX;
	check_unknown(file, "too many segments");
	file->headers.head.e_phnum = 3;
	file->headers.head.e_phoff = UINT64_MAX - 8;
	check_unknown(file, "segments at no offset");
	file->headers.head.e_phoff = sizeof(Elf64_Ehdr);
	file->headers.head.e_ident[0] = 0;
	check_unknown(file, "no ELF file");
	free(file);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		file = make_file();
		file->headers.segment[0].p_vaddr = numbers[i];
		check_unknown(file, "a strange address of the headers");
		file->headers.segment[0].p_vaddr = VADDR;
		file->headers.segment[1].p_vaddr = numbers[i];
		check_unknown(file, "a strange address of the code");
		free(file);
	}
}

int main(void)
{
	if (geteuid()) {
		printf("ok 1 - moved code # SKIP /proc/self/map_files is for root only\n1..1\n");
		return 0;
	}
	test_same_code();
	test_other_headers();
	return done_testing();
}
