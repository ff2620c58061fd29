// SPDX-License-Identifier: GPL-2.0-only
/* The growth of a process beside that of its outstanding allocations. */
#include <stdint.h>
#include <stdlib.h>

#include "capture.h"
#include "resident.h"
#include "tap.h"
#include "top_tree.h"

#define MIB (1ull << 20)

static void put_memory(unsigned long long anon, unsigned long long swap)
{
	char *text = mu_format("Name:\tx\nRssAnon:\t%llu kB\nVmSwap:\t%llu kB\n", anon, swap);

	put_file("status", text);
	free(text);
}

static void check_line(struct mu_resident *r, uint64_t bytes, const char *wanted, const char *claim)
{
	const struct mu_target target = { .bytes = bytes };
	char *out;

	mu_resident_update(r, tree_fd);
	begin_capture();
	mu_resident_print(r, &target);
	out = end_capture();
	is_text(out, wanted, claim);
	free(out);
}

static void test_lines(void)
{
	struct mu_resident r = {};

	put_memory(1000, 24);
	mu_resident_begin(&r, "attach", tree_fd, 0);
	put_memory(1000 + (60 << 10), 24 + (1 << 10));
	check_line(&r, 59 * MIB, "\tRSS +61 MiB since attach, outstanding +59 MiB (97 %)\n",
		   "resident and swapped memory is compared with what is outstanding");
	put_memory(1200, 24);
	check_line(&r, 59 * MIB, "\tRSS +200 KiB since attach, outstanding +59 MiB\n",
		   "a percentage above 1000 is not shown");
	put_memory(900, 24);
	check_line(&r, 1024, "\tRSS -100 KiB since attach, outstanding +1 KiB\n",
		   "nor one of a process that has shrunk");
	mu_resident_begin(&r, "the first table", tree_fd, 2 * MIB);
	put_memory(1900, 24);
	check_line(&r, MIB, "\tRSS +1000 KiB since the first table, outstanding -1024 KiB\n",
		   "what was outstanding at the start is subtracted");
	put_file("status", "Name:\tx\nState:\tZ (zombie)\n");
	check_line(&r, 5, "", "nothing is shown of a process that has exited");
	mu_resident_begin(&r, "attach", tree_fd, 0);
	put_memory(1900, 24);
	check_line(&r, 5, "", "nor if its memory was not known at the start");
}

static void test_sampled(void)
{
	const struct mu_target target = { .bytes = 20 * MIB, .sampling = (char *)"every=10" };
	struct mu_resident r = {};
	char *out;

	put_memory(1000, 0);
	mu_resident_begin(&r, "attach", tree_fd, 0);
	put_memory(1000 + (40 << 10), 0);
	mu_resident_update(&r, tree_fd);
	begin_capture();
	mu_resident_print(&r, &target);
	out = end_capture();
	is_text(out, "\tRSS +40 MiB since attach, outstanding about +20 MiB (50 %)\n",
		"the estimate of a sampled target is called one");
	free(out);
}

int main(void)
{
	if (!make_tree())
		return 1;
	test_lines();
	test_sampled();
	remove_tree();
	return done_testing();
}
