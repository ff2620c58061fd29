// SPDX-License-Identifier: GPL-2.0-only
/* Parsing of raw reports: valid, broken and hostile ones. */
#include <stdlib.h>

#include "mem.h"
#include "report.h"
#include "tap.h"

#define HEAD "memleak_user report 1\n"
#define SUMS "target 3 pid 12512 app tracing 10021 ms: 81920 bytes in 10 allocations"
#define ONE SUMS " from 1 stack, lost 2\n"
#define ONE_PLURAL SUMS " from 1 stacks, lost 2\n"
#define TWO SUMS " from 2 stacks, lost 2\n"
#define THREE SUMS " from 3 stacks, lost 2\n"
#define STACK "81920 bytes in 10 allocations from stack 1 (age 1003..10001 ms, 10 made, 0 freed)\n"
#define FRAME "\t0x0000560861fdc198 app+0x1198\n"
#define MAPPING "mapping 7 0x560861fdc000-0x560861fdd000 0x1000 5f3a09e1 /app\n"

#define HUGE_STACK                                                  \
	"18446744073709551616 bytes in 1 allocations from stack 1 " \
	"(age 0..0 ms, 1 made, 0 freed)\n"

static const char whole[] = HEAD ONE STACK FRAME MAPPING;

static struct mu_report *parse_bytes(const char *text, size_t len)
{
	FILE *in = fmemopen((void *)text, len ? len : 1, "r");
	struct mu_report *report = mu_report_read(in, "test");

	fclose(in);
	return report;
}

static struct mu_report *parse_text(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void test_head_and_stack(void)
{
	struct mu_report *r = parse_text(whole);
	const struct mu_target *t = &r->targets[0];
	const struct mu_stack *s = &t->stacks[0];

	is_number(r->errors, 0, "a valid report has no errors");
	is_number(r->nr_targets, 1, "its target is read");
	tap_ok(t->id == 3 && t->pid == 12512 && t->ms == 10021, "the target's numbers are read");
	tap_ok(t->bytes == 81920 && t->count == 10 && t->lost == 2, "the target's totals are read");
	is_text(t->comm, "app", "the target's name is read");
	is_text(t->state, "tracing", "the target's state is read");
	tap_ok(s->id == 1 && s->bytes == 81920 && s->count == 10, "the stack's totals are read");
	tap_ok(s->age_min == 1003 && s->age_max == 10001, "the stack's ages are read");
	tap_ok(s->made == 10 && s->freed == 0, "the stack's counts are read");
	is_text(s->kind, "heap", "a stack without a kind is of heap blocks");
	mu_report_free(r);
}

static void test_frame_and_mapping(void)
{
	struct mu_report *r = parse_text(whole);
	const struct mu_target *t = &r->targets[0];
	const struct mu_frame *f = &t->stacks[0].frames[0];
	const struct mu_mapping *m = mu_report_mapping(t, f);

	tap_ok(f->pc == 0x560861fdc198 && f->address == 0x1198, "the frame's addresses are read");
	is_text(f->object, "app", "the frame's object is read");
	tap_ok(m && m->id == 7, "the frame's mapping is found by its pc");
	tap_ok(m && m->start == 0x560861fdc000 && m->end == 0x560861fdd000 && m->offset == 0x1000,
	       "the mapping's numbers are read");
	is_text(m ? m->build_id : NULL, "5f3a09e1", "the mapping's build-id is read");
	is_text(m ? m->path : NULL, "/app", "the mapping's path is read");
	mu_report_free(r);
}

static void test_words_with_signs(void)
{
	static const char text[] = HEAD ONE
		"1 bytes in 1 allocations from stack 4 (mmap, age 0..0 ms, 1 made, 0 freed)\n"
		"\t0x00007f391e3b51f5 libstdc++.so.6+0x891f5\n"
		"\t0x00007f391e3b51f6 a+0xb+0x1 (depth)\n"
		"\t0x00007f391e3b51f7 [anon]+0x17 (bad frame pointer)\n"
		"mapping 1 0x7f391e3b0000-0x7f391e3b51f6 0x0 aa /lib\n";
	struct mu_report *r = parse_text(text);
	const struct mu_stack *s = &r->targets[0].stacks[0];

	is_number(r->errors, 0, "objects with plus signs are valid");
	is_text(s->kind, "mmap", "the kind of a stack is read");
	is_text(s->frames[0].object, "libstdc++.so.6", "an object may contain plus signs");
	is_text(s->frames[1].object, "a+0xb", "the last plus sign separates");
	is_text(s->frames[1].note, "depth", "the note of the last frame is read");
	is_text(s->frames[2].note, "bad frame pointer", "a note may have several words");
	tap_ok(!mu_report_mapping(&r->targets[0], &s->frames[2]),
	       "a frame in no file has no mapping");
	mu_report_free(r);
}

/* A library was unmapped, and another one mapped at its address: each frame has its own mapping. */
static void test_unmapped(void)
{
	static const char text[] = HEAD ONE STACK
		"\t0x0000000000001010 old.so+0x10 (unmapped) (mapping 1)\n"
		"\t0x0000000000001020 new.so+0x20 (end)\n"
		"mapping 1 0x1000-0x2000 0x0 aa (unmapped) /old.so\n"
		"mapping 2 0x1000-0x2000 0x0 bb /new.so\n";
	struct mu_report *r = parse_text(text);
	const struct mu_target *t = &r->targets[0];
	const struct mu_mapping *old = mu_report_mapping(t, &t->stacks[0].frames[0]);
	const struct mu_mapping *new = mu_report_mapping(t, &t->stacks[0].frames[1]);

	is_number(r->errors, 0, "unmapped objects are valid");
	is_text(old ? old->path : NULL, "/old.so", "a frame of an unmapped mapping keeps it");
	is_text(new ? new->path : NULL, "/new.so", "a frame at the same address has the new one");
	tap_ok(old && old->unmapped && !new->unmapped, "only the old one is unmapped");
	mu_report_free(r);
}

/* A library is mapped in the middle of another one: the address alone does not identify it. */
static void test_hole(void)
{
	static const char text[] = HEAD ONE STACK
		"\t0x0000000000002010 old.so+0x1010 (unmapped) (mapping 1)\n"
		"\t0x0000000000002020 new.so+0x20 (mapping 2)\n"
		"\t0x0000000000003020 old.so+0x2020 (mapping 1) (end)\n"
		"mapping 1 0x1000-0x4000 0x0 aa /old.so\n"
		"mapping 2 0x2000-0x3000 0x0 bb /new.so\n";
	struct mu_report *r = parse_text(text);
	const struct mu_target *t = &r->targets[0];
	const struct mu_frame *f = t->stacks[0].frames;

	is_number(r->errors, 0, "the id of a mapping is valid");
	is_text(mu_report_mapping(t, &f[0])->path, "/old.so",
		"a frame in the hole has the outer mapping");
	is_text(mu_report_mapping(t, &f[1])->path, "/new.so",
		"a frame of the library in the hole has its own mapping");
	is_text(mu_report_mapping(t, &f[2])->path, "/old.so",
		"a frame behind the hole has the outer mapping");
	tap_ok(f[0].unmapped && !f[1].unmapped && !f[2].unmapped, "only one of them is unmapped");
	mu_report_free(r);
}

/* A return address behind a call that never returns is the end of its mapping. */
static void test_mapping_end(void)
{
	static const char text[] = HEAD ONE STACK "\t0x0000000000002000 a.so+0x1000\n"
						  "mapping 1 0x1000-0x2000 0x0 aa /a.so\n"
						  "mapping 2 0x2000-0x3000 0x0 bb /b.so\n";
	struct mu_report *r = parse_text(text);
	const struct mu_target *t = &r->targets[0];
	const struct mu_mapping *m = mu_report_mapping(t, &t->stacks[0].frames[0]);

	is_text(m ? m->path : NULL, "/a.so", "a return address may end its mapping");
	mu_report_free(r);
}

#define NAMED \
	"target 1 pid 2 a\\033b\\040c exited 5 ms: 0 bytes in 0 allocations from 1 stack, lost 0\n"

static void test_names(void)
{
	static const char text[] = HEAD NAMED STACK
		"\t0x0000000000001010 x\\012y+0x10\n"
		"mapping 1 0x1000-0x2000 0x0 - /with space/x\\012y (deleted)\n";
	struct mu_report *r = parse_text(text);
	const struct mu_target *t = &r->targets[0];

	is_number(r->errors, 0, "escaped names are valid");
	is_text(t->comm, "a\\033b\\040c", "a name is not unescaped");
	is_text(t->mappings[0].path, "/with space/x\ny (deleted)", "a path is unescaped");
	mu_report_free(r);
}

static void test_order(void)
{
	static const char text[] = HEAD THREE
		"10 bytes in 9 allocations from stack 1 (age 0..0 ms, 9 made, 0 freed)\n"
		"30 bytes in 1 allocations from stack 2 (age 0..0 ms, 1 made, 0 freed)\n"
		"20 bytes in 5 allocations from stack 3 (age 0..0 ms, 5 made, 0 freed)\n";
	struct mu_report *r = parse_text(text);
	struct mu_target *t = &r->targets[0];

	mu_report_sort(t, MU_SORT_SIZE);
	tap_ok(t->stacks[0].id == 1 && t->stacks[2].id == 2, "by size, the largest comes last");
	mu_report_sort(t, MU_SORT_COUNT);
	tap_ok(t->stacks[0].id == 2 && t->stacks[2].id == 1, "by count, the largest comes last");
	mu_report_free(r);
}

static void no_report(const char *text, const char *claim)
{
	struct mu_report *r = parse_text(text);

	tap_ok(!r, claim);
	mu_report_free(r);
}

static void has_errors(const char *text, size_t errors, const char *claim)
{
	struct mu_report *r = parse_text(text);

	is_number(r ? r->errors : 0, errors, claim);
	mu_report_free(r);
}

static void test_refused(void)
{
	no_report("", "an empty file is no report");
	no_report("\n", "an empty line is no report");
	no_report("memleak_user report 2\n", "a report of another version is refused");
	no_report("memleak_user report 1x\n", "a version is a number");
	no_report("memleak_user stats 1\n", "another file is no report");
	no_report("\177ELF\002\001\001", "a binary is no report");
	has_errors(HEAD, 0, "a report without targets is valid");
}

static void test_broken_lines(void)
{
	has_errors(HEAD STACK, 1, "a stack without a target is an error");
	has_errors(HEAD FRAME, 1, "a frame without a stack is an error");
	has_errors(HEAD MAPPING, 1, "a mapping without a target is an error");
	has_errors(HEAD "\n", 1, "an empty line is an error");
	has_errors(HEAD "Hello\n", 1, "a line that begins with no word is an error");
	has_errors(HEAD "mapping\n", 1, "a word alone is no mapping");
	has_errors(HEAD ONE_PLURAL, 1, "\"1 stacks\" is an error");
	has_errors(HEAD TWO STACK FRAME MAPPING, 1, "a missing stack is an error");
	has_errors(HEAD ONE STACK FRAME, 1, "a missing mapping is an error");
	has_errors(HEAD ONE STACK MAPPING FRAME, 1, "a frame behind a mapping is an error");
	has_errors(HEAD ONE STACK "\t0x1198 app+0x1198\n", 1, "a pc has 16 digits");
	has_errors(HEAD ONE STACK "\t0x0000560861fdc198 app\n", 1,
		   "a frame has an address in its object");
	has_errors(HEAD ONE STACK "\t0x0000560861fdc198 +0x1\n", 1, "a frame has an object");
	has_errors(HEAD ONE STACK "\t0x0000560861fdc198 a+0x1 (end\n", 1, "a note is closed");
	has_errors(HEAD ONE STACK "\t0x0000560861fdc198 a+0x1 (end) (fault)\n", 1,
		   "a frame has one note");
}

#define EVENTS "events allocated=30 freed=20 filtered=3 lost_limit=2\n"

static void test_events(void)
{
	struct mu_report *r = parse_text(HEAD ONE EVENTS STACK FRAME MAPPING);
	const struct mu_target *t = &r->targets[0];

	is_number(r->errors, 0, "an events line is valid");
	tap_ok(t->has_events && t->allocated == 30 && t->freed == 20, "its two counters are read");
	if (tap_ok(t->nr_counts == 2, "the other counters are read")) {
		is_text(t->counts[1].name, "lost_limit", "their names are read");
		is_number(t->counts[1].value, 2, "their values are read");
	}
	mu_report_free(r);
	r = parse_text(whole);
	tap_ok(!r->errors && !r->targets[0].has_events,
	       "a report of an older module has no events line");
	mu_report_free(r);
	has_errors(HEAD EVENTS, 1, "events without a target are an error");
	has_errors(HEAD ONE EVENTS EVENTS STACK FRAME MAPPING, 1,
		   "a second events line is an error");
	has_errors(HEAD ONE "events allocated=1\n" STACK FRAME MAPPING, 1,
		   "events without freed are an error");
	has_errors(HEAD ONE "events allocated=1 freed=2 a b=3\n" STACK FRAME MAPPING, 1,
		   "a counter's name is one word");
	has_errors(HEAD ONE "events allocated=1 freed=2 a=\n" STACK FRAME MAPPING, 1,
		   "a counter has a value");
}

static void test_unseen(void)
{
	static const char text[] = HEAD ONE EVENTS
		"unseen operator_new a:b: operator new of a:b is not traced\n"
		"unseen go app: a Go runtime\n" STACK FRAME MAPPING;
	struct mu_report *r = parse_text(text);
	const struct mu_target *t = &r->targets[0];

	is_number(r->errors, 0, "unseen lines are valid");
	if (tap_ok(t->nr_unseen == 2, "each unseen line is read"))
		is_text(t->unseen[0], "operator new of a:b is not traced", "its message is read");
	mu_report_free(r);
	has_errors(HEAD ONE "unseen go\n" STACK FRAME MAPPING, 1,
		   "an unseen line without object is an error");
	has_errors(HEAD ONE "unseen go app:\n" STACK FRAME MAPPING, 1,
		   "an unseen line without message is an error");
}

/* Lines that only newer modules print are ignored at any position. */
static void test_newer_lines(void)
{
	struct mu_report *r = parse_text(HEAD "novelty\n" ONE "events_2 x\n" STACK
					      "between a stack and its frames\n" FRAME MAPPING
					      "last words=3\n");
	const struct mu_target *t = &r->targets[0];

	is_number(r->errors, 0, "a line that begins with an unknown word is valid");
	tap_ok(t->nr_stacks == 1 && t->stacks[0].nr_frames == 1 && t->nr_mappings == 1,
	       "all other lines are read");
	mu_report_free(r);
}

static void test_hostile_lines(void)
{
	has_errors(HEAD ONE STACK "\t0x0000560861fdc198 a\033[2Jb+0x1\n", 1,
		   "an escape sequence in an object is an error");
	has_errors(HEAD
		   "target 1 pid 1 a\rb tracing 1 ms: 0 bytes in 0 allocations from 0 stacks, lost 0\n",
		   1, "a control character in a name is an error");
	has_errors(HEAD ONE HUGE_STACK, 2, "a number beyond 64 bits is an error");
	has_errors(HEAD ONE STACK "mapping 7 0x2000-0x1000 0x0 aa /app\n", 1,
		   "a mapping ends after its start");
	has_errors(HEAD ONE STACK "mapping 7 0x1000-0x2000 0x0 zz /app\n", 1,
		   "a build-id is hexadecimal");
	has_errors(HEAD ONE STACK "mapping 7 0x1000-0x2000 0x0 aaa /app\n", 1,
		   "a build-id has whole bytes");
	has_errors(HEAD ONE STACK "mapping 7 0x1000-0x2000 0x0 aa /a\\000b\n", 1,
		   "a path has no NUL");
	has_errors(HEAD ONE STACK "mapping 7 0x1000-0x2000 0x0 aa\040\n", 1,
		   "a mapping has a path");
}

/* A report that is truncated at any byte is read, and the missing part is an error. */
static void test_every_cut(void)
{
	size_t last_line = strlen(whole) - strlen(MAPPING);
	size_t silent = 0;

	for (size_t len = 0; len < strlen(whole); len++) {
		struct mu_report *r = parse_bytes(whole, len);
		bool line_end = len && whole[len - 1] == '\n';

		if (r && !r->errors && !(line_end && len >= last_line - strlen(FRAME)) &&
		    len != strlen(HEAD))
			silent++;
		mu_report_free(r);
	}
	is_number(silent, 0, "a report that is truncated inside a line always has an error");
}

/* Replaces every byte by special ones. The sanitizers find invalid accesses. */
static void test_every_byte(void)
{
	static const char bytes[] = "\0\t\n\377 0:(-+\\";
	char *text = mu_strndup(whole, strlen(whole));
	size_t read = 0;

	for (size_t i = 0; i < strlen(whole); i++) {
		for (size_t j = 0; j < sizeof(bytes) - 1; j++) {
			struct mu_report *r;

			text[i] = bytes[j];
			r = parse_bytes(text, strlen(whole));
			read += r ? 1 : 0;
			mu_report_free(r);
		}
		text[i] = whole[i];
	}
	tap_ok(read > strlen(whole), "a report with any byte broken is still read");
	free(text);
}

static void test_long_line(void)
{
	size_t len = 1 << 20;
	char *text = mu_zalloc(len + 1);
	struct mu_report *r;

	memset(text, 'a', len);
	memcpy(text, HEAD, strlen(HEAD));
	memcpy(text + len - strlen("\n" ONE STACK), "\n" ONE STACK, strlen("\n" ONE STACK));
	r = parse_bytes(text, len);
	is_number(r->errors, 1, "a line of a megabyte is one error");
	is_number(r->nr_targets, 1, "the line after it is read");
	mu_report_free(r);
	free(text);
}

int main(void)
{
	test_head_and_stack();
	test_frame_and_mapping();
	test_words_with_signs();
	test_unmapped();
	test_hole();
	test_mapping_end();
	test_names();
	test_order();
	test_refused();
	test_broken_lines();
	test_events();
	test_unseen();
	test_newer_lines();
	test_hostile_lines();
	test_every_cut();
	test_every_byte();
	test_long_line();
	return done_testing();
}
