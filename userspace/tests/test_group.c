// SPDX-License-Identifier: GPL-2.0-only
/*
 * Merging stacks by group, and leaving stacks out. test_cli has those with symbols.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "group.h"
#include "ignore.h"
#include "mem.h"
#include "rows.h"
#include "tap.h"

#define HEAD                      \
	"memleak_user report 1\n" \
	"target 3 pid 9 app tracing 10 ms: 155 bytes in 5 allocations from 5 stacks, lost 0\n"
#define HEAP "\t0x0000000000001198 [heap]+0x198\n"
#define HEAP_TOO "\t0x0000000000001200 [heap]+0x200\n"
#define VDSO "\t0x0000000000002300 [vdso]+0x300\n"

/* Stacks 1, 2 and 5 lead through the same objects; 1 and 5 through the same addresses, too. */
static const char text[] = HEAD
	"50 bytes in 1 allocations from stack 1 (age 7..90 ms, 3 made, 2 freed)\n"
	"sampled 4 allocations, error 3 bytes in 0 allocations\n"
	"marked 5 bytes in 1 allocations\n" HEAP HEAP_TOO VDSO
	"40 bytes in 1 allocations from stack 2 (age 9..30 ms, 3 made, 2 freed)\n"
	"sampled 4 allocations, error 4 bytes in 0 allocations\n" HEAP VDSO
	"30 bytes in 1 allocations from stack 3 (mmap, age 1..2 ms, 3 made, 2 freed)\n" HEAP VDSO
	"20 bytes in 1 allocations from stack 4 (age 1..2 ms, 3 made, 2 freed)\n" VDSO HEAP
	"15 bytes in 1 allocations from stack 5 (age 2..8 ms, 3 made, 2 freed)\n"
	"marked 5 bytes in 1 allocations\n" HEAP HEAP_TOO VDSO;

static struct mu_symbolizer *sym;

static struct mu_report *read_text(void)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	struct mu_report *report = mu_report_read(in, "test");

	fclose(in);
	return report;
}

static const struct mu_stack *find_stack(const struct mu_target *t, uint64_t id)
{
	static const struct mu_stack none;

	for (size_t i = 0; i < t->nr_stacks; i++)
		if (t->stacks[i].id == id)
			return &t->stacks[i];
	return &none;
}

static void test_by_object(void)
{
	struct mu_report *r = read_text();
	struct mu_target *t = &r->targets[0];
	const struct mu_stack *s;

	mu_group_stacks(t, MU_GROUP_OBJECT, sym);
	is_number(t->nr_stacks, 3, "stacks with the same sequence of objects are one");
	s = find_stack(t, 1);
	tap_ok(s->bytes == 105 && s->count == 3 && s->made == 9 && s->freed == 6,
	       "the largest one has the sums");
	tap_ok(s->age_min == 2 && s->age_max == 90, "and the range of the ages");
	tap_ok(s->has_mark && s->marked.bytes == 10, "and the sum of the marked amounts");
	tap_ok(s->estimate.samples == 8 && s->estimate.error.bytes == 5, "and the combined error");
	is_number(s->nr_merged, 2, "and the number of the others");
	is_number(find_stack(t, 3)->bytes, 30, "another kind of block is another group");
	is_number(find_stack(t, 4)->bytes, 20, "and so is another order of objects");
	mu_report_free(r);
}

static void test_by_function(void)
{
	struct mu_report *r = read_text();
	struct mu_target *t = &r->targets[0];

	mu_group_stacks(t, MU_GROUP_FUNCTION, sym);
	is_number(t->nr_stacks, 4, "frames without names are compared by address");
	is_number(find_stack(t, 1)->bytes, 65, "equal ones are merged");
	mu_report_free(r);
	r = read_text();
	mu_group_stacks(&r->targets[0], MU_GROUP_STACK, sym);
	is_number(r->targets[0].nr_stacks, 5, "without groups nothing is merged");
	mu_report_free(r);
}

static void check_ignored(const char *pattern, size_t nr, const char *claim)
{
	struct mu_report *r = read_text();
	struct mu_ignore ignore = {};

	mu_ignore_add(&ignore, pattern);
	mu_ignore_stacks(&ignore, &r->targets[0], sym);
	is_number(r->targets[0].left_out.nr, nr, claim);
	mu_ignore_free(&ignore);
	mu_report_free(r);
}

static void test_patterns(void)
{
	check_ignored("\\[heap]", 5, "a pattern matches a whole name");
	check_ignored("heap", 0, "and not a part of it");
	check_ignored("*vd?o*", 5, "it is a glob");
	check_ignored("leak:heap", 5, "the pattern of a suppression matches a part");
	check_ignored("leak:^heap", 0, "unless it has a start");
	check_ignored("leak:[he*p]$", 5, "its only wildcard is the star");
	check_ignored("leak:[heap$", 0, "and it may have an end");
	check_ignored("leak:h?ap", 0, "a question mark is one of the name");
}

static void test_left_out(void)
{
	struct mu_allocation rows[] = { { .stack = 1 }, { .stack = 7 }, { .stack = 5 } };
	struct mu_allocations all = { .rows = rows, .nr = 3 };
	struct mu_report *r = read_text();
	struct mu_target *t = &r->targets[0];
	struct mu_ignore ignore = {};

	mu_ignore_stacks(&ignore, t, sym);
	is_number(t->nr_stacks, 5, "without a pattern nothing is left out");
	mu_ignore_add(&ignore, "?heap?");
	mu_ignore_stacks(&ignore, t, sym);
	is_number(t->nr_stacks, 0, "stacks that match are removed");
	tap_ok(t->left_out.amount.bytes == 155 && t->left_out.amount.count == 5,
	       "and their bytes and allocations are added up");
	is_number(t->bytes, 155, "the total of the target stays");
	mu_allocations_drop(&all, &t->left_out);
	tap_ok(all.nr == 1 && rows[0].stack == 7, "their blocks are not listed");
	mu_ignore_free(&ignore);
	mu_report_free(r);
}

static void test_file(void)
{
	char path[] = "/tmp/test_group.XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");
	struct mu_ignore ignore = {};

	fputs("# comment\n\n  one*\t\r\nleak:two\n#three\nfour", out);
	fclose(out);
	is_number(mu_ignore_add_file(&ignore, path), 0, "a file of patterns is read");
	unlink(path);
	if (tap_ok(ignore.nr == 3, "comments and empty lines are skipped")) {
		is_text(ignore.patterns[0], "one*", "white space around a pattern is ignored");
		is_text(ignore.patterns[1], "*two*", "a suppression is converted");
		is_text(ignore.patterns[2], "four", "the last line may have no newline");
	}
	mu_ignore_free(&ignore);
}

int main(void)
{
	const struct mu_search_dirs dirs = { .proc = -1 };

	sym = mu_symbolizer_new(&dirs, false);
	test_by_object();
	test_by_function();
	test_patterns();
	test_left_out();
	test_file();
	mu_symbolizer_free(sym);
	return done_testing();
}
