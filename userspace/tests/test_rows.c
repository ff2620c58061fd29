// SPDX-License-Identifier: GPL-2.0-only
/* Parsing of allocations and stats. */
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "report.h"
#include "rows.h"
#include "tap.h"

static FILE *in_memory(const char *text)
{
	return fmemopen((void *)text, strlen(text), "r");
}

#define ROWS                                               \
	"memleak_user allocations 1\n"                     \
	"# target address size age_ms thread stack kind\n" \
	"3 0x00007f0a10000b70 8192 1003 12513 1 heap\n"    \
	"3 0x00007f0a10000010 16 2000 12513 2 heap\n"      \
	"3 0x00007f0a10000020 8192 10 12513 1 heap\n"      \
	"3 0x00007f0a20000000 4096 9000 12513 9 mmap\n"

static struct mu_allocations *read_filtered(uint64_t min, uint64_t max, uint64_t older)
{
	const struct mu_filter filter = { .min = min, .max = max, .older = older };
	FILE *in = in_memory(ROWS);
	struct mu_allocations *all = mu_allocations_read(in, &filter);

	fclose(in);
	return all;
}

static void test_allocations(void)
{
	struct mu_allocations *all = read_filtered(0, UINT64_MAX, 0);

	is_number(all->errors, 0, "valid rows are no error");
	is_number(all->nr, 4, "every row is read");
	tap_ok(all->rows[0].size == 16 && all->rows[3].address == 0x7f0a10000b70,
	       "rows are sorted by size, then by address");
	mu_allocations_free(all);
}

static void test_filter(void)
{
	struct mu_allocations *bounds = read_filtered(16, 4096, 0);
	struct mu_allocations *older = read_filtered(0, UINT64_MAX, 1003);

	is_number(bounds->nr, 2, "min and max are inclusive");
	is_number(older->nr, 3, "allocations younger than older are excluded");
	mu_allocations_free(bounds);
	mu_allocations_free(older);
}

static void test_bad_rows(void)
{
	FILE *in = in_memory("memleak_user allocations 1\n3 0xzz 1 1 1 1 heap\n3 0x1 1 1 1 1\nx\n"
			     "3 0x1 1 1 1 1 heap");
	struct mu_allocations *all = mu_allocations_read(in, &(struct mu_filter){ .max = 9 });

	fclose(in);
	is_number(all->errors, 4, "each malformed row is an error");
	is_number(all->nr, 0, "malformed rows are skipped");
	mu_allocations_free(all);
}

#define REPORT                                                                                  \
	"memleak_user report 1\n"                                                               \
	"target 3 pid 9 app tracing 1 ms: 16400 bytes in 3 allocations from 3 stacks, lost 0\n" \
	"16384 bytes in 2 allocations from stack 1 (age 10..1003 ms, 2 made, 0 freed)\n"        \
	"16 bytes in 1 allocations from stack 2 (age 2000..2000 ms, 1 made, 0 freed)\n"         \
	"5 bytes in 1 allocations from stack 3 (age 2000..2000 ms, 1 made, 0 freed)\n"

static void test_regroup(void)
{
	struct mu_allocations *older = read_filtered(0, UINT64_MAX, 1000);
	FILE *in = in_memory(REPORT);
	struct mu_report *r = mu_report_read(in, "test");
	struct mu_target *t = &r->targets[0];

	fclose(in);
	mu_allocations_regroup(older, t);
	tap_ok(t->stacks[0].id == 1 && t->stacks[0].bytes == 8192 && t->stacks[0].count == 1,
	       "a stack has only the allocations that pass the filter");
	tap_ok(t->stacks[1].bytes == 16 && t->stacks[1].count == 1,
	       "a stack without excluded allocations is unchanged");
	is_number(t->stacks[2].count, 0, "a stack without allocations that pass is empty");
	tap_ok(t->bytes == 8208 && t->count == 2, "the totals have only the allocations that pass");
	mu_allocations_free(older);
	mu_report_free(r);
}

static void test_stats(void)
{
	static const char text[] = "bytes_limited 7\nbytes_limit 1048576\nbytes_limit x\n";
	FILE *in = in_memory(text);

	is_number(mu_stats_value(in, "bytes_limit"), 1048576, "a counter is found by its name");
	rewind(in);
	is_number(mu_stats_value(in, "bytes"), 0, "a missing counter is 0");
	fclose(in);
}

int main(void)
{
	test_allocations();
	test_filter();
	test_bad_rows();
	test_regroup();
	test_stats();
	return done_testing();
}
