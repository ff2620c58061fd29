// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stacks of a report, frame by frame, of programs without frame pointers.
 *
 * A stack is compared as words: the functions of our programs and libraries by name; consecutive
 * frames in other objects, such as the C library, as one word "libc"; "!" before a function that a
 * signal interrupted; and at the end how the walk ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define WORDS 4096
#define TRIES 10

static char words[WORDS];

/* The functions of the object that was loaded last, by address. */
static struct {
	char object[256];
	size_t nr;
	struct {
		unsigned long at;
		char name[64];
	} function[1024];
} loaded;

/* Loads the functions of an object. Return: false if it is not one of ours. */
static bool load_object(const char *object)
{
	char command[1024], name[64], type;
	unsigned long at;
	FILE *nm;

	if (!strcmp(loaded.object, object))
		return loaded.nr;
	snprintf(loaded.object, sizeof(loaded.object), "%s", object);
	loaded.nr = 0;
	snprintf(command, sizeof(command), "programs/%s", object);
	if (access(mst_here(command), R_OK))
		return false;
	snprintf(command, sizeof(command), "nm -n --defined-only '%s/programs/%s'", mst_here(""),
		 object);
	nm = popen(command, "r");
	while (nm && fscanf(nm, "%lx %c %63s\n", &at, &type, name) == 3) {
		if (!strchr("tTwW", type) || loaded.nr == 1024)
			continue;
		loaded.function[loaded.nr].at = at;
		strcpy(loaded.function[loaded.nr++].name, name);
	}
	if (nm)
		pclose(nm);
	return loaded.nr;
}

/* Return: the function at an address in an object of ours, "libc" for any other object. */
static const char *function_at(const char *object, unsigned long address)
{
	const char *name = "?";
	size_t i;

	/* Checked first, so that libc does not replace the loaded object each time. */
	if (!strncmp(object, "libc.so", 7) || !strncmp(object, "libc-", 5) || !load_object(object))
		return "libc";
	for (i = 0; i < loaded.nr && loaded.function[i].at <= address; i++)
		name = loaded.function[i].name;
	return name;
}

static void add_word(const char *mark, const char *word)
{
	size_t len = strlen(words);
	const char *last = strrchr(words, ' ');

	if (!*mark && !strcmp(word, "libc") && len && !strcmp(last ? last + 1 : words, "libc"))
		return;
	snprintf(words + len, WORDS - len, "%s%s%s", len ? " " : "", mark, word);
}

static void add_frame(const char *line)
{
	char object[256], *plus, *note;
	unsigned long pc, address;
	bool signal;

	if (sscanf(line, "\t0x%lx %255s", &pc, object) != 2)
		mst_die("cannot parse as a frame: %.80s", line);
	plus = strrchr(object, '+');
	*plus = 0;
	address = strtoul(plus + 1, NULL, 16);
	signal = strstr(line, " (signal)");
	if (*object == '[')
		add_word("", object);
	else
		add_word(signal ? "!" : "", function_at(object, address - !signal));
	note = strrchr(line, '(');
	if (note && strcmp(note, "(signal)") && strncmp(note, "(mapping ", 9))
		add_word("", note);
}

/* Return: the words of the stack of that many bytes. */
static const char *stack_of(const char *report, const char *bytes)
{
	char head[64], line[512];
	const char *at;

	snprintf(head, sizeof(head), "\n%s bytes in ", bytes);
	at = strstr(report, head);
	words[0] = 0;
	if (!at)
		mst_die("no stack of %s bytes in: %s", bytes, report);
	for (at = strchr(at + 1, '\n') + 1; *at == '\t'; at = strchr(at, '\n') + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		add_frame(line);
	}
	return words;
}

FIXTURE(stack)
{
	struct mst_program prog;
	char *report;
};

FIXTURE_SETUP(stack)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(stack)
{
	if (self->report)
		free(self->report);
	mst_kill(&self->prog);
	mst_fresh();
}

static void attach_and_go(struct mst_program *prog)
{
	mst_attach(prog->pid);
	mst_step(prog, "go");
}

#define MAIN " main libc _start (end)"
#define EXPECT_STACK(bytes, wanted) EXPECT_STREQ(wanted, stack_of(self->report, bytes))

TEST_F(stack, is_whole_without_frame_pointers)
{
	mst_spawn(&self->prog, "deep", NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	EXPECT_STACK("1001", "plain_inner plain_middle plain_outer" MAIN);
	EXPECT_STACK("1002", "compare_bytes libc sort_bytes" MAIN);
	EXPECT_STACK("1003", "libc duplicate_string" MAIN);
	EXPECT_STACK("1006", "realigned_frame" MAIN);
	EXPECT_STACK("1007", "variable_frame" MAIN);
	EXPECT_STACK("1008", "never_returns calls_never catch_jump" MAIN);
	EXPECT_STACK("1009", "thread_main libc (end)");
	EXPECT_EQ(0, mst_stat(0, "walk_rule"));
	EXPECT_EQ(0, mst_stat(0, "walk_unread"));
}

/* The interrupted frame is looked up at its own pc, on its own stack. */
TEST_F(stack, crosses_signal_frames)
{
	mst_spawn(&self->prog, "deep", NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	EXPECT_STACK("1004", "on_trap libc !trap run_into_trap" MAIN);
	EXPECT_STACK("1005", "on_trap libc !trap run_into_trap trapped_elsewhere" MAIN);
	EXPECT_STACK("1013", "on_trap bare_libc !trap trapped_by_a_bare_libc" MAIN);
	EXPECT_GE(mst_stat(0, "frames_by_signal"), 3);
}

/* Assembler and a JIT's code: walked by frame pointer; without one the walk ends. */
TEST_F(stack, uses_frame_pointers_without_unwind_data)
{
	mst_spawn(&self->prog, "deep", NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
	EXPECT_STACK("1010", "in_bare_with_pointer bare_with_pointer without_rules" MAIN);
	EXPECT_STACK("1011", "in_bare bare (bad frame pointer)");
	EXPECT_STACK("1012", "in_jit [anon] call_jit without_rules" MAIN);
	EXPECT_EQ(3, mst_stat(0, "frames_by_pointer"));
}

#define EXPECT_ABOVE(bytes, wanted) EXPECT_STACK(bytes, "program_take in_coroutine " wanted)

/* A return address that no call has written ends the walk, whatever a coroutine library stores. */
#define EXPECT_FIRST_FRAMES(base, two, program)                                               \
	do {                                                                                  \
		EXPECT_ABOVE(base "101", "padded_first (end)");                               \
		EXPECT_ABOVE(base "102", "adjoining_first (end)");                            \
		EXPECT_ABOVE(two, "compiled_first (end)");                                    \
		EXPECT_ABOVE(base "105", "starts_a_thread (end)");                            \
		EXPECT_ABOVE(base "106", "(end)");                                            \
		EXPECT_ABOVE(base "107", "(bad pc)");                                         \
		EXPECT_ABOVE(base "108", "bare_start (end)");                                 \
		EXPECT_ABOVE(base "109", "bare_start (bad frame pointer)");                   \
		EXPECT_ABOVE(base "110", "ends_with_call run_by_call run_each" program);      \
		EXPECT_ABOVE(base "111", "bare_ends_with_call run_by_call run_each" program); \
	} while (0)

static void run_coroutines(struct mst_program *prog, const char *program)
{
	char library[512];

	snprintf(library, sizeof(library), "%s", mst_here("programs/libcoroutines.so"));
	mst_spawn(prog, program, library, NULL);
	attach_and_go(prog);
}

#define EXPECT_COROUTINES(program)                                               \
	do {                                                                     \
		run_coroutines(&self->prog, program);                            \
		self->report = mst_text("report");                               \
		/* Four blocks of one stack, in whichever coroutine. */          \
		EXPECT_STACK("12010", "program_take leak_and_leave libc (end)"); \
		EXPECT_FIRST_FRAMES("3", "6207", MAIN);                          \
	} while (0)

TEST_F(stack, of_a_coroutine_ends_where_no_call_was_made)
{
	EXPECT_COROUTINES("coroutines");
}

/* Without optimization each function starts right behind another one, and has a frame pointer. */
TEST_F(stack, of_a_coroutine_with_frame_pointers_ends_there)
{
	EXPECT_COROUTINES("coroutines_O0");
}

/* The same for stacks that are copied and walked later, when the unwind data has been read. */
TEST_F(stack, of_a_coroutine_walked_later_ends_there)
{
	unsigned int tries;

	run_coroutines(&self->prog, "coroutines");
	mst_step(&self->prog, "open");
	/* If the data is read while the first event is handled, no walk is deferred: try again. */
	for (tries = 1; !mst_stat(0, "deferred") && tries < TRIES; tries++) {
		mst_kill(&self->prog);
		mst_fresh();
		run_coroutines(&self->prog, "coroutines");
		mst_step(&self->prog, "open");
	}
	self->report = mst_text("report");
	EXPECT_FIRST_FRAMES("4", "8207", " library_opened libc open_library" MAIN);
	EXPECT_GE(mst_stat(0, "deferred"), 1);
}

/* The first event in the library is that of its constructor. */
TEST_F(stack, is_whole_from_the_first_event_of_a_library)
{
	char one[512], two[512], three[512];

	snprintf(one, sizeof(one), "%s", mst_here("programs/libdeep_one.so"));
	snprintf(two, sizeof(two), "%s", mst_here("programs/libdeep_two.so"));
	snprintf(three, sizeof(three), "%s", mst_here("programs/libdeep_three.so"));
	mst_spawn(&self->prog, "deep_open", one, two, three, NULL);
	attach_and_go(&self->prog);
	self->report = mst_text("report");
#define OPENED " library_opened libc open_library" MAIN
	EXPECT_STACK("2001", "program_take library_inner library_call" OPENED);
	EXPECT_STACK("8040", "program_take library_inner library_call thread_main libc (end)");
	EXPECT_STACK("2002", "program_take library_inner library_call" OPENED);
	EXPECT_STACK("2003", "program_take library_inner library_call call_other" MAIN);
	EXPECT_CONTAINS(self->report, " libdeep_one.so+0x");
	EXPECT_CONTAINS(self->report, " libdeep_two.so+0x");
	/* One of the two constructors at least; data may be read in that moment. */
	EXPECT_GE(mst_stat(0, "deferred"), 1);
	free(self->report);
	mst_step(&self->prog, "deep");
	self->report = mst_text("report");
	stack_of(self->report, "2005");
	EXPECT_EQ(0,
		  strncmp(words, "program_take library_inner library_recurse library_recurse ", 57))
	{
		TH_LOG("%s", words);
	}
	EXPECT_CONTAINS(words, " (copy ended)");
	free(self->report);
	mst_step(&self->prog, "again");
	self->report = mst_text("report");
	stack_of(self->report, "2004");
	EXPECT_CONTAINS(words, " library_recurse call_deep" MAIN);
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
}

/* Return: the sum of the unwind data of single objects in stats. */
static long long bytes_of_objects(unsigned int *objects)
{
	char *text = mst_text("stats"), *at = text;
	long long bytes, sum = 0;

	*objects = 0;
	while ((at = strstr(at, "\nbytes_unwind_of_"))) {
		if (sscanf(++at, "%*s %lld", &bytes) != 1)
			mst_die("no value in: %.80s", at);
		sum += bytes;
		++*objects;
	}
	free(text);
	return sum;
}

/* Unwind data is freed when no target needs it; the stacks already walked stay. */
TEST_F(stack, outlives_the_unwind_data)
{
	long long before = mst_stat(0, "bytes_unwind");
	unsigned int objects;
	int id;

	mst_spawn(&self->prog, "deep", NULL);
	attach_and_go(&self->prog);
	id = mst_id(self->prog.pid);
	/* Reading a report waits for deferred walks. */
	free(mst_text("report"));
	EXPECT_GT(mst_stat(0, "bytes_unwind"), before + 100000);
	EXPECT_EQ(mst_stat(0, "bytes_unwind"), bytes_of_objects(&objects));
	EXPECT_GE(objects, 4);
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(before, mst_stat(0, "bytes_unwind"));
	EXPECT_EQ(0, bytes_of_objects(&objects));
	self->report = mst_text("targets/%d/report", id);
	EXPECT_STACK("1001", "plain_inner plain_middle plain_outer" MAIN);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
