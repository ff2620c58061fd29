// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comparing an open file with the file that a process has mapped: inode, pages of memory, and code.
 *
 * No dependencies.
 */
#include "file_identity.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define BREAKPOINT 0xcc
#define CALL 0xe8
/* Bits of an entry in /proc/PID/pagemap. */
#define PRESENT (1ULL << 63)
#define OF_FILE (1ULL << 61)
#define FRAME ((1ULL << 55) - 1)

#define FRAMES_TRIED 64

/**
 * mu_maps_line_parse() - parse a line of /proc/PID/maps
 * @line: the line, whose newline is removed
 * @m: set to the mapping
 *
 * START-END PERMS OFFSET DEV INODE PATH
 *
 * Return: false if it is malformed.
 */
bool mu_maps_line_parse(char *line, struct mu_maps_line *m)
{
	char perms[8];
	int path;

	line[strcspn(line, "\n")] = '\0';
	path = strlen(line);
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %15s %lu %n", &m->start, &m->end,
		   perms, &m->offset, m->inode.device, &m->inode.number, &path) != 6)
		return false;
	m->executable = perms[2] == 'x';
	m->path = line + path;
	return true;
}

static bool is_same_inode(const struct mu_inode *a, const struct mu_inode *b)
{
	return a->number == b->number && !strcmp(a->device, b->device);
}

static FILE *open_maps(int proc)
{
	int fd = openat(proc, "maps", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fdopen(fd, "r") : NULL;
}

static bool find_own_inode(uint64_t address, struct mu_inode *inode)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct mu_maps_line m;
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	while (maps && !found && getline(&line, &size, maps) > 0)
		found = mu_maps_line_parse(line, &m) && m.start == address;
	if (found)
		*inode = m.inode;
	free(line);
	if (maps)
		fclose(maps);
	return found;
}

static bool shows_inode(int fd, const struct mu_inode *inode)
{
	void *page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE, fd, 0);
	struct mu_inode found;
	bool same;

	if (page == MAP_FAILED)
		return false;
	same = find_own_inode((uintptr_t)page, &found) && is_same_inode(&found, inode);
	munmap(page, PAGE);
	return same;
}

static uint64_t read_page_entry(int pages, uint64_t address)
{
	uint64_t entry;

	if (pread(pages, &entry, sizeof(entry), address / PAGE * sizeof(entry)) != sizeof(entry))
		return 0;
	return entry;
}

/* Return: the page frame at an address, 0 if no page of a file is present there. */
static uint64_t read_page_frame(int pages, uint64_t address)
{
	uint64_t entry = read_page_entry(pages, address);

	return (entry & PRESENT) && (entry & OF_FILE) ? entry & FRAME : 0;
}

static uint64_t find_file_frame(int own_pages, int fd, uint64_t offset)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, offset);
	uint64_t frame;

	if (page == MAP_FAILED)
		return 0;
	frame = read_page_frame(own_pages, (uintptr_t)page);
	munmap(page, PAGE);
	return frame;
}

struct comparison {
	int pages, own_pages, fd;
	unsigned int tried;
};

/* Return: 1 if a page is the same, -1 if it is another one, 0 if none can be compared. */
static int compare_frames(struct comparison *c, const struct mu_maps_line *m)
{
	for (uint64_t address = m->start; address < m->end && c->tried < FRAMES_TRIED;
	     address += PAGE) {
		uint64_t theirs = read_page_frame(c->pages, address), ours;

		if (!theirs)
			continue;
		c->tried++;
		ours = find_file_frame(c->own_pages, c->fd, m->offset + (address - m->start));
		if (ours)
			return ours == theirs ? 1 : -1;
	}
	return 0;
}

static bool has_other_pages(int proc, struct comparison *c, const struct mu_inode *inode)
{
	FILE *maps = open_maps(proc);
	struct mu_maps_line m;
	char *line = NULL;
	size_t size = 0;
	int found = 0;

	while (maps && !found && getline(&line, &size, maps) > 0)
		if (mu_maps_line_parse(line, &m) && is_same_inode(&m.inode, inode))
			found = compare_frames(c, &m);
	free(line);
	if (maps)
		fclose(maps);
	return found < 0;
}

/**
 * mu_file_is_inode() - check whether an open file is the one that a process has mapped
 * @proc: /proc/PID, or -1: compare the inode only
 * @fd: the open file
 * @inode: inode of the mapping
 *
 * On an overlay, a path leads to the copy that was made later, while an older mapping stays with
 * the original, and new kernels show the same inode for both. So pages are compared as well:
 * where the mapping and a new mapping of @fd have the same part of the file, the page frame has
 * to be the same.
 *
 * Return: true if it is.
 */
bool mu_file_is_inode(int proc, int fd, const struct mu_inode *inode)
{
	struct comparison c = { .fd = fd };
	bool same = shows_inode(fd, inode);

	if (!same || proc < 0)
		return same;
	c.pages = openat(proc, "pagemap", O_RDONLY | O_CLOEXEC);
	c.own_pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (c.pages >= 0 && c.own_pages >= 0)
		same = !has_other_pages(proc, &c, inode);
	if (c.pages >= 0)
		close(c.pages);
	if (c.own_pages >= 0)
		close(c.own_pages);
	return same;
}

/* At a probe, the kernel replaces this instruction by a call (x86, 6.18 and later). */
static bool is_probed_nop(const unsigned char *file, const unsigned char *memory, size_t left)
{
	static const unsigned char nop[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

	return left >= sizeof(nop) && memory[0] == CALL && !memcmp(file, nop, sizeof(nop));
}

static bool is_same_code(const unsigned char *file, const unsigned char *memory, size_t len)
{
	size_t i = 0;

	while (i < len) {
		if (file[i] == memory[i] || memory[i] == BREAKPOINT)
			i++;
		else if (is_probed_nop(file + i, memory + i, len - i))
			i += 5;
		else
			return false;
	}
	return true;
}

/* Return: 1 if the page is equal, 0 if it could not be read, -1 if it differs. */
static int compare_page(int memory, int fd, uint64_t address, uint64_t offset)
{
	unsigned char mapped[PAGE], file[PAGE];
	ssize_t len = pread(fd, file, PAGE, offset);

	if (pread(memory, mapped, PAGE, address) != PAGE || len < 0)
		return 0;
	memset(file + len, 0, PAGE - len);
	return is_same_code(file, mapped, PAGE) ? 1 : -1;
}

static int compare_pages(int memory, int pages, int fd, const struct mu_maps_line *m)
{
	int compared = 0;

	for (uint64_t address = m->start; address < m->end; address += PAGE) {
		int same;

		if (!(read_page_entry(pages, address) & PRESENT))
			continue;
		same = compare_page(memory, fd, address, m->offset + (address - m->start));
		if (same < 0)
			return -1;
		compared += same;
	}
	return compared;
}

/**
 * mu_file_compare_code() - compare the code in a process's memory with a file
 * @proc: /proc/PID
 * @fd: the file
 * @m: the mapping
 *
 * Reads pages that are in memory only, so that the process does not wait for its file system.
 * Breakpoints are ignored.
 *
 * Return: the number of pages compared, or -1 if there is a difference.
 */
int mu_file_compare_code(int proc, int fd, const struct mu_maps_line *m)
{
	int memory = openat(proc, "mem", O_RDONLY | O_CLOEXEC);
	int pages = openat(proc, "pagemap", O_RDONLY | O_CLOEXEC);
	int compared = memory >= 0 && pages >= 0 ? compare_pages(memory, pages, fd, m) : 0;

	if (memory >= 0)
		close(memory);
	if (pages >= 0)
		close(pages);
	return compared;
}
