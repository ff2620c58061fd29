// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generates functions at run time, calls them, and writes a map of them for perf, as JITs do. Each
 * step begins with a letter:
 *
 * m: write /tmp/perf-PID.map with the function "first one"
 * k: call it; 1001 bytes are kept
 * g: generate "second one", add it to the map and the first one's new name, "renamed one", and
 *    call both; 1002 and 1003 bytes are kept
 *
 * The functions have a frame pointer, and call the one that allocates.
 */
#include <sys/mman.h>

#include "program.h"

#define APART __attribute__((noinline, noipa))

static unsigned char *page;

static APART void keep_first(void)
{
	program_keep(malloc(1001), 1001);
	__asm__ volatile("");
}

static APART void keep_second(void)
{
	program_keep(malloc(1002), 1002);
	__asm__ volatile("");
}

static APART void keep_third(void)
{
	program_keep(malloc(1003), 1003);
	__asm__ volatile("");
}

/* push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret */
static void generate_function(size_t offset)
{
	static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3 };

	memcpy(page + offset, code, sizeof(code));
}

static APART void call_generated(size_t offset, void (*keep)(void))
{
	((void (*)(void (*)(void)))(page + offset))(keep);
	__asm__ volatile("");
}

static void write_map(const char *mode, size_t offset, const char *name)
{
	char path[64];
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	map = fopen(path, mode);
	if (!map)
		program_die(path);
	fprintf(map, "%lx 8 %s\n", (unsigned long)(page + offset), name);
	fclose(map);
}

static void do_step(char step)
{
	switch (step) {
	case 'm':
		write_map("w", 0, "first one");
		break;
	case 'k':
		call_generated(0, keep_first);
		break;
	case 'g':
		generate_function(64);
		write_map("a", 64, "second one");
		write_map("a", 0, "renamed one");
		call_generated(64, keep_second);
		call_generated(0, keep_third);
		break;
	}
}

int main(void)
{
	char step;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (page == MAP_FAILED)
		program_die("mmap");
	generate_function(0);
	program_say("ready %d\n", (int)getpid());
	step = program_step();
	while (step != 'e') {
		do_step(step);
		step = program_done();
	}
	return 0;
}
