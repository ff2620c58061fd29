// SPDX-License-Identifier: GPL-2.0-only
/* The part of a file of all targets that is about one of them. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "target_file.h"
#include "tap.h"

#define REPORT_HEAD "memleak_user report 1\n"
#define REPORT_1                                                                            \
	"target 1 pid 70 app tracing 5 ms: 8 bytes in 1 allocations from 1 stack, lost 0\n" \
	"events allocated=1 freed=0\n"                                                      \
	"8 bytes in 1 allocations from stack 1 (age 1..1 ms, 1 made, 0 freed)\n"            \
	"\t0x0000000000001234 [unknown]+0x1234 (end)\n"                                     \
	"mapping 1 0x1000-0x2000 0x0 - /target 11 pid\n"
#define REPORT_11                                                                           \
	"target 11 pid 71 b tracing 5 ms: 0 bytes in 0 allocations from 0 stacks, lost 0\n" \
	"events allocated=0 freed=0\n"

#define ALLOCATIONS_HEAD \
	"memleak_user allocations 1\n# target address size age_ms thread stack kind\n"
#define ALLOCATION(id, address) id " " address " 8192 1003 12513 1 heap\n"

/* Return: the copy's text, to be freed, or NULL with errno. */
static char *part_of(const void *all, size_t len, const char *name, uint64_t id, size_t *copied)
{
	FILE *in = fmemopen((void *)all, len, "r");
	FILE *part = mu_target_file(in, name, id);
	char *text = calloc(1, 65536);
	int error = errno;

	fclose(in);
	if (!part) {
		free(text);
		errno = error;
		return NULL;
	}
	*copied = fread(text, 1, 65535, part);
	fclose(part);
	return text;
}

static void check_text(const char *all, const char *name, uint64_t id, const char *want,
		       const char *claim)
{
	size_t len;
	char *text = part_of(all, strlen(all), name, id, &len);

	is_text(text, want, claim);
	free(text);
}

static void check_missing(const void *all, size_t len, const char *name, uint64_t id,
			  const char *claim)
{
	size_t copied;
	char *text = part_of(all, len, name, id, &copied);

	tap_ok(!text && errno == ENOENT, claim);
	free(text);
}

static void test_report(void)
{
	static const char all[] = REPORT_HEAD REPORT_1 REPORT_11;

	check_text(all, "report", 1, REPORT_HEAD REPORT_1, "the section of the first target");
	check_text(all, "report", 11, REPORT_HEAD REPORT_11, "the section of the last target");
	check_missing(all, strlen(all), "report", 111, "a report without the target: ENOENT");
	check_missing(all, strlen(all), "report", 0, "no target has the id 0");
	check_missing(REPORT_HEAD, strlen(REPORT_HEAD), "report", 1, "a report without targets");
}

static void test_allocations(void)
{
	static const char all[] = ALLOCATIONS_HEAD ALLOCATION("1", "0x01") ALLOCATION("11", "0x02")
		ALLOCATION("1", "0x03");

	check_text(all, "allocations", 1,
		   ALLOCATIONS_HEAD ALLOCATION("1", "0x01") ALLOCATION("1", "0x03"),
		   "the allocations of a target");
	check_text(all, "allocations", 11, ALLOCATIONS_HEAD ALLOCATION("11", "0x02"),
		   "its id is compared as a number");
	check_text(all, "allocations", 2, ALLOCATIONS_HEAD, "a target without allocations");
}

static union mu_blocks_unit head_of(uint32_t id)
{
	union mu_blocks_unit unit = { .header = { .now_ns = 100 + id,
						  .record_size = sizeof(struct mu_block),
						  .target_id = id } };

	memcpy(unit.header.magic, "memleak_blocks1\n", sizeof(unit.header.magic));
	return unit;
}

static void test_blocks(void)
{
	const union mu_blocks_unit all[] = {
		head_of(1),
		{ .block = { .address = 0x1000, .size = 8 } },
		{ .block = { .address = 0x2000, .size = 8 } },
		head_of(2),
		head_of(3),
		{ .block = { .address = 0x3000, .size = 8 } },
	};
	size_t len = 0;
	char *text = part_of(all, sizeof(all), "blocks", 1, &len);

	tap_ok(text && len == 3 * sizeof(all[0]) && !memcmp(text, all, len),
	       "the blocks of the first target");
	free(text);
	text = part_of(all, sizeof(all), "blocks", 2, &len);
	tap_ok(text && len == sizeof(all[0]) && !memcmp(text, &all[3], len),
	       "the head of a target without blocks");
	free(text);
	text = part_of(all, sizeof(all), "blocks", 3, &len);
	tap_ok(text && len == 2 * sizeof(all[0]) && !memcmp(text, &all[4], len),
	       "the blocks of the last target");
	free(text);
	check_missing(all, sizeof(all), "blocks", 4, "blocks of a missing target: ENOENT");
}

int main(void)
{
	test_report();
	test_allocations();
	test_blocks();
	check_missing("x", 1, "stats", 1, "other files have no parts");
	return done_testing();
}
