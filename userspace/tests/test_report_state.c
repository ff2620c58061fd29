// SPDX-License-Identifier: GPL-2.0-only
/* Parsing of the lines that a report has only for sampled, marked and frozen targets. */
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "report.h"
#include "tap.h"

#define HEAD                      \
	"memleak_user report 1\n" \
	"target 3 pid 9 app tracing 10 ms: 300 bytes in 3 allocations from 2 stacks, lost 0\n"
#define EVENTS "events allocated=3 freed=0 unsampled=70\n"
#define SAMPLING "sampling sample=512: 2 allocations, error 100 bytes in 1 allocations\n"
#define MARK "mark 5000 ms: 200 bytes in 2 allocations from 1 stack\n"
#define FROZEN "frozen 70 ms\n"
#define MAPPED "mapped 4096 bytes of address space in 1 allocations\n"
#define ONE "200 bytes in 2 allocations from stack 1 (age 1..2 ms, 1 made, 0 freed)\n"
#define TWO "100 bytes in 1 allocations from stack 2 (age 1..2 ms, 1 made, 0 freed)\n"
#define SAMPLED "sampled 2 allocations, error 90 bytes in 1 allocations\n"
#define MARKED "marked 150 bytes in 1 allocations\n"
#define FRAME "\t0x0000000000001198 [anon]+0x1198\n"

static struct mu_report *parse_text(const char *text)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	struct mu_report *report = mu_report_read(in, "test");

	fclose(in);
	return report;
}

static void test_all(void)
{
	struct mu_report *r = parse_text(HEAD EVENTS SAMPLING MARK FROZEN MAPPED ONE SAMPLED MARKED
						 FRAME FRAME TWO SAMPLED MARKED FRAME);
	const struct mu_target *t = &r->targets[0];
	const struct mu_stack *s = &t->stacks[0];

	is_number(r->errors, 0, "a report with all states has no errors");
	is_text(t->sampling, "sample=512", "the sampling is read");
	tap_ok(t->estimate.is_set && t->estimate.samples == 2 && t->estimate.error.bytes == 100 &&
		       t->estimate.error.count == 1,
	       "its samples and errors are read");
	tap_ok(t->has_mark && t->mark_ms == 5000 && t->marked.bytes == 200 && t->marked.count == 2,
	       "the mark is read");
	tap_ok(t->is_frozen && t->frozen_ms == 70, "the freeze is read");
	tap_ok(t->has_mapped && t->mapped.bytes == 4096 && t->mapped.count == 1,
	       "the amount of address space is read");
	tap_ok(s->estimate.is_set && s->estimate.samples == 2 && s->estimate.error.bytes == 90,
	       "the estimate of a stack is read");
	tap_ok(s->has_mark && s->marked.bytes == 150 && s->marked.count == 1,
	       "the marked amount of a stack is read");
	is_number(s->nr_frames, 2, "the frames behind them belong to the stack");
	mu_report_free(r);
}

static void test_none(void)
{
	struct mu_report *r = parse_text(HEAD EVENTS ONE FRAME TWO FRAME);
	const struct mu_target *t = &r->targets[0];

	tap_ok(!r->errors && !t->sampling && !t->estimate.is_set && !t->has_mark && !t->is_frozen &&
		       !t->has_mapped,
	       "a report of an older module has no state");
	tap_ok(!t->stacks[0].estimate.is_set && !t->stacks[0].has_mark, "nor have its stacks");
	mu_report_free(r);
}

static void check_errors(const char *text, unsigned int errors, const char *claim)
{
	struct mu_report *r = parse_text(text);

	is_number(r->errors, errors, claim);
	mu_report_free(r);
}

/* Each line is malformed in another way. */
static void test_malformed(void)
{
	static const char *const lines[] = {
		"sampling sample: 2 allocations, error 100 bytes in 1 allocations\n",
		"sampling other=1: 2 allocations, error 100 bytes in 1 allocations\n",
		"sampling sample=x: 2 allocations, error 100 bytes in 1 allocations\n",
		"sampling every=2: 2 allocations, error -1 bytes in 1 allocations\n",
		"sampling every=2: 2 allocations, error 1 bytes in 1 allocations more\n",
		"sampling every=18446744073709551616: 2 allocations, error 1 bytes in 1 allocations\n",
		"sampling\n",
		"mark 5 ms: 200 bytes in 2 allocations from 1 stacks\n",
		"mark 5 ms: 200 bytes in 2 allocations from 2 stack\n",
		"mark 18446744073709551616 ms: 2 bytes in 2 allocations from 2 stacks\n",
		"mark\n",
		"frozen 70\n",
		"frozen -1 ms\n",
		"frozen 1 ms ago\n",
		"mapped 1 bytes in 1 allocations\n",
		"mapped 1 bytes of address space in 1 allocations more\n",
		"mapped x bytes of address space in 1 allocations\n",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), HEAD "%s" ONE FRAME TWO FRAME, lines[i]);
		check_errors(text, 1, "a malformed line of a target's state is one error");
	}
	check_errors(HEAD ONE "sampled 2 allocations, error 90\n" FRAME TWO FRAME, 1,
		     "a malformed estimate is one error, and its stack keeps its frames");
	check_errors(HEAD ONE "marked 1 bytes in x allocations\n" FRAME TWO FRAME, 1,
		     "so is a malformed mark");
}

static void test_order(void)
{
	check_errors(HEAD SAMPLING SAMPLING ONE FRAME TWO FRAME, 1,
		     "a second sampling is an error");
	check_errors(HEAD MARK MARK ONE FRAME TWO FRAME, 1, "a second mark is an error");
	check_errors(HEAD FROZEN FROZEN ONE FRAME TWO FRAME, 1, "a second freeze is an error");
	check_errors(HEAD MAPPED MAPPED ONE FRAME TWO FRAME, 1,
		     "a second amount of address space is an error");
	check_errors(HEAD ONE SAMPLED SAMPLED FRAME TWO FRAME, 1, "a second estimate is an error");
	check_errors(HEAD ONE MARKED MARKED FRAME TWO FRAME, 1,
		     "a second marked amount is an error");
	check_errors(HEAD MARKED ONE FRAME TWO FRAME, 1, "a marked amount without a stack, too");
	check_errors("memleak_user report 1\n" SAMPLING MARK FROZEN, 3,
		     "a state without a target, too");
	check_errors(HEAD ONE "markedly new\n" FRAME "frozenly new\n" TWO FRAME, 0,
		     "longer words are those of a newer module");
}

static void test_limits(void)
{
	static const char text[] = HEAD
		"mark 18446744073709551615 ms: 18446744073709551615 bytes in "
		"18446744073709551615 allocations from 18446744073709551615 stacks\n" ONE
		"marked 18446744073709551615 bytes in 0 allocations\n" FRAME TWO FRAME;
	struct mu_report *r = parse_text(text);

	is_number(r->errors, 0, "the largest numbers are accepted");
	is_number(r->targets[0].stacks[0].marked.bytes, UINT64_MAX, "and kept");
	mu_report_free(r);
}

int main(void)
{
	test_all();
	test_none();
	test_malformed();
	test_order();
	test_limits();
	return done_testing();
}
