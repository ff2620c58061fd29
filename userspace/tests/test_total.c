// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a table: why it is empty, what was lost, what cannot be traced, and the totals. The
 * rest of the table has to match patterns for bcc's memleak.
 */
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "mem.h"
#include "print.h"
#include "report.h"
#include "tap.h"
#include "total.h"

#define HEAD "memleak_user report 1\ntarget 1 pid 2 app tracing 10021 ms: "
#define NONE HEAD "0 bytes in 0 allocations from 0 stacks, lost 0\n"
#define SOME HEAD "300 bytes in 3 allocations from 2 stacks, lost 0\n"
#define STACKS                                                                             \
	"200 bytes in 2 allocations from stack 1 (age 1003..10001 ms, 10 made, 8 freed)\n" \
	"\t0x00007ffd00001000 [anon]+0x20 (bad pc)\n"                                      \
	"100 bytes in 1 allocations from stack 2 (mmap, age 3..900 ms, 1 made, 0 freed)\n" \
	"\t0x00007ffd00001010 [anon]+0x30 (depth)\n"

static struct mu_view view = { .top = 10 };
static struct mu_filter filter = { .max = UINT64_MAX, .older = 500 };
static struct mu_total total = { .view = &view, .filter = &filter, .limit = 64 << 20 };

/* Return: the stacks, or the end of the table, that are printed for a report, to be freed. */
static char *capture_table(const char *text, struct mu_since *since, bool stacks)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	struct mu_report *report = mu_report_read(in, "test");
	char *out;

	fclose(in);
	begin_capture();
	if (stacks) {
		const struct mu_search_dirs dirs = { .proc = -1 };
		struct mu_symbolizer *sym = mu_symbolizer_new(&dirs, false);

		mu_print_prepare(&view, &report->targets[0], sym);
		mu_print_stacks(&view, &report->targets[0], sym);
		mu_symbolizer_free(sym);
	} else {
		mu_print_total(&total, &report->targets[0], since);
	}
	out = end_capture();
	mu_report_free(report);
	return out;
}

static void check_total(const char *text, struct mu_since *since, const char *wanted,
			const char *claim)
{
	char *out = capture_table(text, since, false);

	is_text(out, wanted, claim);
	free(out);
}

#define EMPTY(why, events)                                                                  \
	"\tempty: " why "\n\ttotal: 0 bytes in 0 allocations, 0 of 0 stacks shown, " events \
	" since the attach, 0 lost\n"

static void check_empty(const char *text, const char *wanted, const char *claim)
{
	struct mu_since since = {};

	check_total(text, &since, wanted, claim);
}

static void test_empty(void)
{
	check_empty(NONE "events allocated=0 freed=0\n",
		    EMPTY("nothing was allocated, or only in ways that are not traced",
			  "0 allocated and 0 freed"),
		    "nothing was allocated");
	check_empty(NONE "events allocated=70 freed=70\n",
		    EMPTY("all 70 recorded allocations have been freed",
			  "70 allocated and 70 freed"),
		    "everything was freed");
	check_empty(NONE "events allocated=70 freed=60\n",
		    EMPTY("the 10 outstanding allocations are younger than 500 ms (-o 0 shows them)",
			  "70 allocated and 60 freed"),
		    "the allocations are too young");
	check_empty(NONE "events allocated=0 freed=0 filtered=9\n",
		    EMPTY("all 9 allocations were outside of -z and -Z", "0 allocated and 0 freed"),
		    "the allocations have other sizes");
	check_empty(NONE, "\ttotal: 0 bytes in 0 allocations, 0 of 0 stacks shown, 0 lost\n",
		    "no reason is printed for a report of an older module");
}

#define TOTAL "\ttotal: 300 bytes in 3 allocations, 2 of 2 stacks shown, "

static void test_since(void)
{
	struct mu_since since = {};

	check_total(SOME "events allocated=11 freed=8\n" STACKS, &since,
		    TOTAL "11 allocated and 8 freed since the attach, 0 lost\n",
		    "the first table counts from the attach");
	check_total(SOME "events allocated=20 freed=17\n" STACKS, &since,
		    TOTAL "9 allocated and 9 freed since the last table, 0 lost\n",
		    "the next table counts from the last table");
	check_total(SOME "events allocated=5 freed=2\n" STACKS, &since,
		    TOTAL "5 allocated and 2 freed since it was cleared, 0 lost\n",
		    "counters that were reset are not subtracted");
	view.top = 1;
	check_total(SOME STACKS, &since,
		    "\ttotal: 300 bytes in 3 allocations, 1 of 2 stacks shown, 0 lost\n",
		    "the number of stacks is printed without an events line, too");
	view.top = 10;
}

#define CHANGES SOME "events allocated=11 freed=8\n" STACKS
#define EVENTS "11 allocated and 8 freed since the attach, 0 lost\n"

#define FROZEN "\tfrozen 1m01s ago: what was allocated before and has not been freed since\n"

/* Print the end of a table of a target that has changed. */
static void check_state(const char *text, const struct mu_target *state, const char *wanted,
			const char *claim)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	struct mu_report *report = mu_report_read(in, "test");
	struct mu_target *t = &report->targets[0];
	struct mu_since since = {};
	char *out;

	fclose(in);
	t->has_last = state->has_last;
	t->has_start = state->has_start;
	t->last = state->last;
	t->start = state->start;
	t->left_out.nr = state->left_out.nr;
	t->left_out.amount = state->left_out.amount;
	begin_capture();
	mu_print_total(&total, t, &since);
	out = end_capture();
	is_text(out, wanted, claim);
	free(out);
	mu_report_free(report);
}

static void test_changes(void)
{
	const struct mu_target grown = {
		.has_last = true,
		.has_start = true,
		.last = { 310, 4 },
		.start = { 100, 1 },
	};
	const struct mu_target none = {};
	const struct mu_target left_out = { .left_out = { .nr = 1, .amount = { 70, 7 } } };

	check_state(CHANGES, &grown,
		    "\tall stacks: -10 in -1, since start +200 in 2\n" TOTAL EVENTS,
		    "the change of the total is printed");
	check_state(CHANGES, &left_out,
		    "\tleft out (--ignore): 70 bytes in 7 allocations from 1 stack\n" TOTAL EVENTS,
		    "what is left out is printed");
	check_state(SOME "events allocated=11 freed=8\nfrozen 61000 ms\n" STACKS, &none,
		    FROZEN TOTAL EVENTS, "a freeze is printed");
	check_state(SOME "events allocated=11 freed=8\n"
			 "mapped 4096 bytes of address space in 1 allocations\n" STACKS,
		    &none,
		    "\tmapped: 4096 bytes of address space in 1 allocations, of which less may be resident\n" TOTAL
			    EVENTS,
		    "address space is distinguished from memory");
	total.freeze = true;
	check_state(CHANGES, &none,
		    "\tnot frozen (--freeze): blocks that are in use are shown, too\n" TOTAL EVENTS,
		    "a freeze that has not happened is printed");
	total.freeze = false;
	check_empty(NONE "events allocated=0 freed=0 frozen=9\n",
		    EMPTY("all 9 allocations were made after the freeze",
			  "0 allocated and 0 freed"),
		    "a table is empty because of the freeze");
}

static void test_lost(void)
{
	static const char text[] = HEAD
		"300 bytes in 3 allocations from 2 stacks, lost 15\n"
		"events allocated=3 freed=0 lost_memory=1 lost_limit=2 lost_inflight=3 lost_fault=4 lost_new=5\n"
		"unseen operator_new app: operator new of app is not traced\n" STACKS;
	struct mu_since since = {};

	check_total(text, &since,
		    "\t15 allocations were lost:\n"
		    "\t\t1: the machine was short of memory; no parameter helps\n"
		    "\t\t2: max_memory of the module, now 64 MiB: rmmod memleak_user; modprobe memleak_user max_memory=128\n"
		    "\t\t3: calls nested too deeply, or whose return may not be probed\n"
		    "\t\t4: the address of the block could not be read\n"
		    "\t\t5: lost_new\n"
		    "\tnot seen: operator new of app is not traced\n" TOTAL
		    "3 allocated and 0 freed since the attach, 15 lost\n",
		    "losses are printed with what to do, before the totals");
}

#define SAMPLING "sampling sample=512: 4 allocations, error 100 bytes in 2 allocations\n"
#define ESTIMATES(n)                                                                   \
	"\testimates: with sample=512, these are made of " n " recorded allocations\n" \
	"\tstandard error of the total: "

#define YOUNG "\tempty: the 7 outstanding allocations are younger than 500 ms (-o 0 shows them)\n"

static void test_sampled(void)
{
	static const char some[] = SOME "events allocated=5 freed=1\n" SAMPLING STACKS;
	static const char none[] = NONE
		"events allocated=9 freed=2\n"
		"sampling sample=512: 0 allocations, error 0 bytes in 0 allocations\n";
	struct mu_since since = {};

	check_total(some, &since,
		    ESTIMATES("4") "100 bytes in 2 allocations\n" TOTAL
				   "5 recorded and 1 freed since the attach, 0 lost\n",
		    "the table of a sampled target says so, and has the error of the total");
	since = (struct mu_since){};
	check_total(none, &since,
		    YOUNG ESTIMATES("0") "0 bytes in 0 allocations\n\ttotal: 0 bytes in 0 "
					 "allocations, 0 of 0 stacks shown, 9 recorded and 2 freed "
					 "since the attach, 0 lost\n",
		    "hidden allocations are counted by the recorded ones");
	since = (struct mu_since){};
	check_total(NONE "events allocated=0 freed=0 unsampled=70\n", &since,
		    EMPTY("none of 70 allocations was in the sample", "0 allocated and 0 freed"),
		    "a sample may have none of the allocations");
}

#define SAMPLED                                                                         \
	HEAD "300 bytes in 3 allocations from 1 stack, lost 0\n" SAMPLING               \
	     "300 bytes in 3 allocations from stack 1 (age 3..9 ms, 3 made, 0 freed)\n" \
	     "sampled 3 allocations, error 90 bytes in 1 allocations\n"                 \
	     "\t0x00007ffd00001000 [anon]+0x20 (end)\n"

/* Return: the number of matches of a pattern. */
static size_t count_matches(const char *text, const char *pattern)
{
	size_t nr = 0;
	regmatch_t at;
	regex_t re;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE))
		return 0;
	for (; !regexec(&re, text, 1, &at, 0); text += at.rm_eo)
		nr++;
	regfree(&re);
	return nr;
}

static void test_memleak_parsers(void)
{
	char *out = capture_table(SOME STACKS, NULL, true);

	is_number(count_matches(out, "^\t[0-9]+ bytes in [0-9]+ allocations from stack"), 2,
		  "a pattern for stacks of memleak matches each");
	is_number(count_matches(out, "^\t\t0x[0-9a-f]{16}\t[^ ]+\\+0x[0-9a-f]+ \\[[^]]+\\]"), 2,
		  "a pattern for frames of memleak matches each");
	is_number(count_matches(out, "stack 2 \\(mmap, age 3\\.\\.900 ms, 1 made, 0 freed\\)$"), 1,
		  "ages and counts are at the end of the line");
	free(out);
	view.bare = true;
	out = capture_table(SOME STACKS, NULL, true);
	is_number(count_matches(out, "^\t[0-9]+ bytes in [0-9]+ allocations from stack$"), 2,
		  "with --combined-only the line ends as in memleak");
	view.bare = false;
	free(out);
	out = capture_table(SAMPLED, NULL, true);
	is_number(count_matches(out, "^\t  estimated from 3 recorded, standard error 90 in 1$"), 1,
		  "a stack of a sampled target has its error");
	is_number(count_matches(out, "^\t\t"), 1, "on a line that is not taken for a frame");
	is_number(count_matches(out, "^\t[0-9]"), 1, "nor for a stack");
	free(out);
}

int main(void)
{
	test_empty();
	test_since();
	test_changes();
	test_lost();
	test_sampled();
	test_memleak_parsers();
	return done_testing();
}
