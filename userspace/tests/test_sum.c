// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums of several processes: which stacks are equal, and what a sum has. Names, and the lines of
 * tables, are in test_cli.
 */
#include <stdint.h>
#include <stdlib.h>

#include "growth.h"
#include "mem.h"
#include "sum.h"
#include "tap.h"

/* Two processes: one program and one library with build-ids, at addresses of their own. */
#define TWO                                                                                       \
	"memleak_user report 1\n"                                                                 \
	"target 1 pid 11 app tracing 900 ms: 140 bytes in 5 allocations from 3 stacks, lost 2\n"  \
	"events allocated=9 freed=4 lost_limit=2\n"                                               \
	"unseen go x: one\n"                                                                      \
	"100 bytes in 3 allocations from stack 1 (age 5..50 ms, 6 made, 3 freed)\n"               \
	"\t0x0000000000401100 app+0x1100\n"                                                       \
	"\t0x0000000000801200 lib.so+0x200 (end)\n"                                               \
	"30 bytes in 1 allocations from stack 2 (mmap, age 7..7 ms, 2 made, 1 freed)\n"           \
	"\t0x0000000000401100 app+0x1100\n"                                                       \
	"\t0x0000000000801200 lib.so+0x200 (end)\n"                                               \
	"10 bytes in 1 allocations from stack 3 (age 8..8 ms, 1 made, 0 freed)\n"                 \
	"\t0x0000000000401100 app+0x1100 (depth)\n"                                               \
	"mapping 1 0x400000-0x402000 0x0 aaaa /app\n"                                             \
	"mapping 2 0x801000-0x802000 0x0 bbbb /lib.so\n"                                          \
	"target 4 pid 12 worker exited 800 ms: 77 bytes in 2 allocations from 2 stacks, lost 1\n" \
	"events allocated=5 freed=3 lost_limit=1 nested=4\n"                                      \
	"unseen go x: one\nunseen jit y: two\n"                                                   \
	"70 bytes in 1 allocations from stack 1 (age 2..20 ms, 4 made, 3 freed)\n"                \
	"\t0x0000000000901100 app+0x1100\n"                                                       \
	"\t0x0000000000501200 lib.so+0x200 (end)\n"                                               \
	"7 bytes in 1 allocations from stack 2 (age 8..8 ms, 1 made, 0 freed)\n"                  \
	"\t0x0000000000901100 app+0x1101\n"                                                       \
	"\t0x0000000000501200 lib.so+0x200 (end)\n"                                               \
	"mapping 1 0x501000-0x502000 0x0 bbbb /other/lib.so\n"                                    \
	"mapping 2 0x900000-0x902000 0x0 aaaa /app\n"

static struct mu_report *read_text(const char *text)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	struct mu_report *report = mu_report_read(in, "test");

	fclose(in);
	is_number(report->errors, 0, "the report is well-formed");
	return report;
}

static struct mu_target add_up(struct mu_sum *sum, const struct mu_report *r, size_t first,
			       size_t nr)
{
	const struct mu_target *targets[8];
	struct mu_target result;

	for (size_t i = 0; i < nr; i++)
		targets[i] = &r->targets[first + i];
	mu_sum_targets(sum, targets, nr, &result);
	return result;
}

static struct mu_target add_up_text(const char *text)
{
	struct mu_report *r = read_text(text);
	struct mu_sum *sum = mu_sum_new();
	struct mu_target result = add_up(sum, r, 0, r->nr_targets);

	mu_sum_free(sum);
	mu_report_free(r);
	return result;
}

static const struct mu_stack *find_stack(const struct mu_target *t, uint64_t bytes)
{
	static const struct mu_stack none;

	for (size_t i = 0; i < t->nr_stacks; i++)
		if (t->stacks[i].bytes == bytes)
			return &t->stacks[i];
	return &none;
}

static void test_rows(void)
{
	struct mu_target t = add_up_text(TWO);
	const struct mu_stack *s = find_stack(&t, 170);

	is_number(t.nr_stacks, 4, "stacks at the same offsets of the same build-ids are one row");
	tap_ok(s->count == 4 && s->made == 10 && s->freed == 6, "which has the sums");
	tap_ok(s->age_min == 2 && s->age_max == 50, "and the range of the ages");
	if (tap_ok(s->nr_shares == 2, "and what each process has"))
		tap_ok(s->shares[0].pid == 11 && s->shares[0].bytes == 100 &&
			       s->shares[1].pid == 12 && s->shares[1].bytes == 70,
		       "by PID");
	s = find_stack(&t, 30);
	tap_ok(!strcmp(s->kind, "mmap") && s->nr_shares == 1, "another kind is another row");
	is_text(find_stack(&t, 10)->frames[0].note, "depth", "and so is another end of the walk");
	is_number(find_stack(&t, 7)->frames[0].address, 0x1101, "and another offset");
	mu_target_free(&t);
}

static void test_states(void)
{
	struct mu_target t = add_up_text(TWO);

	is_number(t.nr_processes, 2, "a sum has the number of its processes");
	tap_ok(t.bytes == 217 && t.count == 7 && t.lost == 3, "and the sums of the targets");
	tap_ok(t.allocated == 14 && t.freed == 7, "and of their events");
	tap_ok(t.nr_counts == 2 && t.counts[0].value == 3 && t.counts[1].value == 4,
	       "and of the other counters, by their names");
	is_number(t.nr_unseen, 2, "equal messages are one");
	is_text(t.comm, "app, worker", "names are listed");
	is_text(t.state, "tracing", "it is traced while one of them is");
	mu_target_free(&t);
}

static void test_frames(void)
{
	struct mu_target t = add_up_text(TWO);
	const struct mu_stack *s = find_stack(&t, 170), *other = find_stack(&t, 7);
	const struct mu_mapping *app = mu_report_mapping(&t, &s->frames[0]);
	const struct mu_mapping *lib = mu_report_mapping(&t, &s->frames[1]);

	is_number(t.nr_mappings, 2, "an object has one mapping in a sum");
	is_text(app ? app->path : NULL, "/app", "frames lead to their objects");
	is_text(lib ? lib->path : NULL, "/lib.so", "also where another process has another one");
	tap_ok(lib && mu_report_mapping(&t, &other->frames[1]) == lib,
	       "the first process that has an object stands for all");
	tap_ok(lib && lib->origin.target == 1 && lib->origin.mapping == 2,
	       "and is known, to find its file");
	mu_target_free(&t);
}

/* One stack of one frame in an object, in two processes. */
#define ONE(id, bytes, at, frame, mapping)                                                        \
	"target " #id " pid 1" #id " app tracing 900 ms: " #bytes                                 \
	" bytes in 1 allocations from 1 stack, lost 0\n" #bytes                                   \
	" bytes in 1 allocations from stack 1 (age 5..50 ms, 1 made, 0 freed)\n\t0x" at " " frame \
	"\n" mapping
#define HEAD "memleak_user report 1\n"
#define AT_4 "0000000000401100"
#define AT_5 "0000000000501100"
#define MAP_4 "mapping 1 0x400000-0x402000 0x0 "
#define MAP_5 "mapping 9 0x500000-0x502000 0x0 "

static void check_rows(const char *text, size_t rows, const char *claim)
{
	struct mu_target t = add_up_text(text);

	is_number(t.nr_stacks, rows, claim);
	mu_target_free(&t);
}

static void test_objects(void)
{
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "aaaa /a\n")
			   ONE(2, 20, AT_5, "b+0x1100", MAP_5 "aaaa /b\n"),
		   1, "an object is its build-id, wherever its file is");
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "aaaa /a\n")
			   ONE(2, 20, AT_5, "a+0x1100", MAP_5 "bbbb /a\n"),
		   2, "another build-id at the same path is another object");
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "- /a\n")
			   ONE(2, 20, AT_5, "a+0x1100", MAP_5 "- /a\n"),
		   1, "without a build-id it is the path");
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "- /a\n")
			   ONE(2, 20, AT_5, "a+0x1100", MAP_5 "- /b/a\n"),
		   2, "and not the name");
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "- /a\n")
			   ONE(2, 20, AT_5, "a+0x1100", MAP_5 "aaaa /a\n"),
		   2, "with a build-id it is another one than without");
	check_rows(HEAD ONE(1, 10, AT_4, "[vdso]+0x100", "") ONE(2, 20, AT_5, "[vdso]+0x100", ""),
		   1, "all processes have the same vdso");
	check_rows(HEAD ONE(1, 10, AT_4, "[anon]+0x100", "") ONE(2, 20, AT_4, "[anon]+0x100", ""),
		   2, "code in no file is that of its process");
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "- /memfd:a (deleted)\n")
			   ONE(2, 20, AT_5, "a+0x1100", MAP_5 "- /memfd:a (deleted)\n"),
		   2, "and so is code in memory that has a path");
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "aaaa /memfd:a (deleted)\n")
			   ONE(2, 20, AT_5, "a+0x1100", MAP_5 "aaaa /memfd:a (deleted)\n"),
		   1, "unless it has a build-id");
	check_rows(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "aaaa /a\n")
			   ONE(2, 20, AT_5, "a+0x1100 (signal)", MAP_5 "aaaa /a\n"),
		   2, "an interrupted frame is another one than a call");
}

/* A frame without a mapping must not get that of another process at the same address. */
static void test_foreign_addresses(void)
{
	struct mu_target t = add_up_text(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "aaaa /a\n")
						 ONE(2, 20, AT_4, "[anon]+0x100", ""));

	tap_ok(!mu_report_mapping(&t, &find_stack(&t, 20)->frames[0]),
	       "an address means nothing in another process");
	mu_target_free(&t);
}

static void test_files(void)
{
	struct mu_report *r = read_text(HEAD ONE(1, 10, AT_4, "a+0x1100", MAP_4 "- /a\n")
						ONE(2, 20, AT_5, "a+0x1100", MAP_5 "- /a\n"));
	struct mu_sum *sum = mu_sum_new();
	struct mu_target t;

	r->targets[0].mappings[0].file = mu_format("08:01 5");
	r->targets[1].mappings[0].file = mu_format("08:01 5");
	t = add_up(sum, r, 0, 2);
	is_number(t.nr_stacks, 1, "a path with the same file is one object");
	is_text(t.mappings[0].file, "08:01 5", "which keeps it");
	mu_target_free(&t);
	r->targets[1].mappings[0].file[6] = '6';
	t = add_up(sum, r, 0, 2);
	is_number(t.nr_stacks, 2, "a path with another file is another one");
	mu_target_free(&t);
	mu_sum_free(sum);
	mu_report_free(r);
}

/* === From table to table === */

static void test_tables(void)
{
	struct mu_report *r = read_text(TWO);
	struct mu_sum *sum = mu_sum_new();
	struct mu_history history = {};
	struct mu_target t = add_up(sum, r, 0, 1);
	uint64_t id = find_stack(&t, 100)->id;

	mu_growth_update(&history, &t);
	mu_target_free(&t);
	t = add_up(sum, r, 0, 2);
	mu_growth_update(&history, &t);
	is_number(find_stack(&t, 170)->id, id, "a row keeps its id when a process comes");
	is_number(find_stack(&t, 170)->last.bytes, 100, "so that its growth is known");
	is_number(find_stack(&t, 7)->last.bytes, 0, "a row of the new process is new");
	mu_target_free(&t);
	t = add_up(sum, r, 1, 1);
	mu_growth_update(&history, &t);
	is_number(find_stack(&t, 70)->id, id, "and when one has gone");
	tap_ok(!history.is_cleared, "which is no clear");
	is_number(find_stack(&t, 70)->last.bytes, 170, "it has shrunk then");
	is_number(find_stack(&t, 70)->start.bytes, 100, "since the start, too");
	tap_ok(t.allocated == 14 && t.freed == 12, "what the process had counts as freed");
	mu_target_free(&t);
	mu_history_free(&history);
	mu_sum_free(sum);
	mu_report_free(r);
}

static void test_clear(void)
{
	struct mu_report *r = read_text(TWO);
	struct mu_sum *sum = mu_sum_new();
	struct mu_target t = add_up(sum, r, 0, 2);

	mu_target_free(&t);
	r->targets[1].allocated = 2;
	r->targets[1].freed = 1;
	t = add_up(sum, r, 0, 2);
	tap_ok(t.allocated == 9 + 5 + 2 && t.freed == 4 + 5 + 1,
	       "what a process had before a clear counts as freed");
	mu_target_free(&t);
	t = add_up(sum, r, 0, 0);
	tap_ok(!t.nr_stacks && !t.nr_processes && t.allocated == 16 && t.freed == 16,
	       "the sum of no process is empty");
	mu_target_free(&t);
	mu_sum_free(sum);
	mu_report_free(r);
}

/* === Samples, marks, freezes === */

#define SAMPLED                                                                                  \
	"memleak_user report 1\n"                                                                \
	"target 1 pid 11 app tracing 900 ms: 100 bytes in 10 allocations from 1 stack, lost 0\n" \
	"sampling every=3: 3 allocations, error 30 bytes in 3 allocations\n"                     \
	"100 bytes in 10 allocations from stack 1 (age 5..50 ms, 6 made, 3 freed)\n"             \
	"sampled 3 allocations, error 30 bytes in 3 allocations\n"                               \
	"\t0x0000000000401100 app+0x1100\n"                                                      \
	"mapping 1 0x400000-0x402000 0x0 aaaa /app\n"                                            \
	"target 4 pid 12 app tracing 800 ms: 50 bytes in 5 allocations from 1 stack, lost 0\n"   \
	"sampling every=3: 2 allocations, error 40 bytes in 4 allocations\n"                     \
	"50 bytes in 5 allocations from stack 1 (age 2..20 ms, 4 made, 3 freed)\n"               \
	"sampled 2 allocations, error 40 bytes in 4 allocations\n"                               \
	"\t0x0000000000901100 app+0x1100\n"                                                      \
	"mapping 2 0x900000-0x902000 0x0 aaaa /app\n"                                            \
	"target 6 pid 13 app tracing 700 ms: 7 bytes in 1 allocations from 1 stack, lost 0\n"    \
	"7 bytes in 1 allocations from stack 1 (age 2..20 ms, 1 made, 0 freed)\n"                \
	"\t0x0000000000901100 app+0x1100\n"                                                      \
	"mapping 2 0x900000-0x902000 0x0 aaaa /app\n"

static void test_samples(void)
{
	struct mu_target t = add_up_text(SAMPLED);
	const struct mu_stack *s = find_stack(&t, 157);

	tap_ok(s->estimate.is_set && s->estimate.samples == 6, "recorded allocations add up");
	tap_ok(s->estimate.error.bytes == 50 && s->estimate.error.count == 5,
	       "and so do the squares of errors; exact numbers have none");
	is_text(t.sampling, "every=3", "the sampling is that of the sampled ones");
	tap_ok(t.estimate.samples == 6 && t.estimate.error.bytes == 50,
	       "the total has the same, combined");
	mu_target_free(&t);
}

static void test_different_samplings(void)
{
	struct mu_report *r = read_text(SAMPLED);
	struct mu_sum *sum = mu_sum_new();
	struct mu_target t;

	free(r->targets[1].sampling);
	r->targets[1].sampling = mu_format("sample=64");
	t = add_up(sum, r, 0, 3);
	is_text(t.sampling, "every=3 and others", "different samplings are named");
	mu_target_free(&t);
	mu_sum_free(sum);
	mu_report_free(r);
}

#define MARKED(id, ms, mark, stack)                                                      \
	"target " #id " pid 1" #id " app tracing " #ms                                   \
	" ms: 50 bytes in 1 allocations from 1 stack, lost 0\n" mark                     \
	"50 bytes in 1 allocations from stack 1 (age 5..50 ms, 1 made, 0 freed)\n" stack \
	"\t0x0000000000401100 app+0x1100\n" MAP_4 "aaaa /app\n"
#define MARK_300 "mark 300 ms: 20 bytes in 1 allocations from 1 stack\n"
#define MARK_290 "mark 290 ms: 5 bytes in 1 allocations from 1 stack\n"

static void test_marks(void)
{
	static const char text[] = HEAD MARKED(1, 900, MARK_300,
					       "marked 20 bytes in 1 allocations\n")
		MARKED(2, 900, MARK_290, "marked 5 bytes in 1 allocations\n")
			MARKED(3, 100, "", "");
	struct mu_target t = add_up_text(text);

	tap_ok(t.has_mark && t.marked.bytes == 25 && t.stacks[0].marked.bytes == 25,
	       "marks add up; a process that began later had nothing");
	is_number(t.mark_ms, 300, "the time is that of the oldest one");
	mu_target_free(&t);
	t = add_up_text(HEAD MARKED(1, 900, MARK_300, "marked 20 bytes in 1 allocations\n")
				MARKED(2, 301, "", ""));
	tap_ok(!t.has_mark, "without the mark of an older process the sum has no mark");
	mu_target_free(&t);
}

static void test_freeze(void)
{
	struct mu_target t = add_up_text(HEAD MARKED(1, 900, "frozen 40 ms\n", "")
						 MARKED(2, 900, "frozen 30 ms\n", ""));

	tap_ok(t.is_frozen && t.frozen_ms == 30, "a sum is frozen since the last freeze");
	mu_target_free(&t);
	t = add_up_text(HEAD MARKED(1, 900, "frozen 40 ms\n", "") MARKED(2, 900, "", ""));
	tap_ok(!t.is_frozen, "if all of its processes are");
	mu_target_free(&t);
}

/* === Many processes with addresses of their own === */

#define PROCESSES 200

static void write_process(FILE *out, unsigned int i)
{
	uint64_t app = 0x550000000000ull + ((uint64_t)rand() << 12);
	uint64_t lib = 0x7f0000000000ull + ((uint64_t)rand() << 12);

	fprintf(out,
		"target %u pid %u app tracing 9 ms: %u bytes in 1 allocations from 1 stack, lost 0\n",
		i, 1000 + i, i);
	fprintf(out, "%u bytes in 1 allocations from stack %u (age 5..6 ms, 1 made, 0 freed)\n", i,
		1 + i % 7);
	fprintf(out, "\t0x%016llx lib+0x234\n", (unsigned long long)lib + 0x234);
	fprintf(out, "\t0x%016llx app+0x1100 (end)\n", (unsigned long long)app + 0x1100);
	fprintf(out, "mapping 1 0x%llx-0x%llx 0x0 aaaa /app\n", (unsigned long long)app,
		(unsigned long long)app + 0x4000);
	fprintf(out, "mapping 2 0x%llx-0x%llx 0x0 - /lib\n", (unsigned long long)lib,
		(unsigned long long)lib + 0x4000);
}

static void test_random_addresses(void)
{
	const struct mu_target *targets[PROCESSES];
	struct mu_sum *sum = mu_sum_new();
	struct mu_report *r;
	struct mu_target t;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs(HEAD, out);
	for (unsigned int i = 1; i <= PROCESSES; i++)
		write_process(out, i);
	fclose(out);
	r = read_text(text);
	for (size_t i = 0; i < PROCESSES; i++)
		targets[i] = &r->targets[i];
	mu_sum_targets(sum, targets, PROCESSES, &t);
	is_number(t.nr_stacks, 1, "randomised addresses do not matter");
	is_number(t.stacks[0].bytes, PROCESSES * (PROCESSES + 1) / 2, "all bytes are in the sum");
	is_number(t.stacks[0].nr_shares, PROCESSES, "and all processes");
	mu_target_free(&t);
	mu_sum_free(sum);
	mu_report_free(r);
	free(text);
}

int main(void)
{
	test_rows();
	test_states();
	test_frames();
	test_objects();
	test_foreign_addresses();
	test_files();
	test_tables();
	test_clear();
	test_samples();
	test_different_samplings();
	test_marks();
	test_freeze();
	test_random_addresses();
	return done_testing();
}
