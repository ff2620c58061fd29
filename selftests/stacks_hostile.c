// SPDX-License-Identifier: GPL-2.0-only
/*
 * Malformed unwind data: walks end with a reason, the target runs on and is counted exactly, and
 * the memory for the data is freed. programs/hostile_cases.c describes the cases.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define HUGE_MIB 60
#define DEBUG_HUGE_MIB 6
#define LONG 100
#define TRIES 5

/*
 * How the stack of each case ends, in the order of the program, once its data has been read. At the
 * first event the data is new and a copy of the stack is walked, unless the data is read in that
 * moment; memory that is not in the copy ends the walk there as first_end, not as a fault.
 * NULL: not checked.
 */
static const struct {
	const char *name, *end, *first_end;
} cases[] = {
	{ "sane", "(end)" },
	{ "too many operations", "(bad rule)" },
	{ "its own CIE", "(bad rule)" },
	{ "CIE before the section", "(bad rule)" },
	{ "longer than the section", NULL },
	{ "longer than memory", NULL },
	{ "two entries of one address", "(end)" },
	{ "the same frame again", "(no progress)", "(copy ended)" },
	{ "down the stack", NULL, NULL },
	{ "unknown register", "(unknown register)" },
	{ "register with an invalid number", "(bad rule)" },
	{ "reads the kernel", "(fault)", "(copy ended)" },
	{ "reads an invalid address", "(fault)", "(copy ended)" },
	{ "loops in an expression", "(bad rule)" },
	{ "expression without end", "(bad rule)" },
	{ "long expression", "(bad rule)" },
	{ "empty expression", "(bad rule)" },
	{ "divides by zero", "(bad rule)" },
	{ "remembers too often", "(bad rule)" },
	{ "restores without remembering", "(bad rule)" },
	{ "number without end", "(bad rule)" },
	{ "unknown operation", "(bad rule)" },
	{ "unknown version", "(bad rule)" },
	{ "unknown augmentation", "(bad rule)" },
	{ "unknown encoding", "(bad rule)" },
	{ "no entries", NULL },
	{ "header with a bad pointer", NULL },
	{ "segment behind the file", NULL },
	{ "code in no segment", NULL },
	{ "more segments than bytes", NULL },
	{ "truncated file", NULL },
};

#define NR_CASES (sizeof(cases) / sizeof(cases[0]))

FIXTURE(hostile)
{
	struct mst_program prog;
	long long before;
};

static void spawn_and_attach(struct mst_program *prog)
{
	char file[512], huge[16];

	snprintf(file, sizeof(file), "%s/hostile", mst_scratch());
	snprintf(huge, sizeof(huge), "%ld", mst_scaled(HUGE_MIB, DEBUG_HUGE_MIB));
	mst_spawn(prog, "hostile", file, huge, NULL);
	mst_attach(prog->pid);
}

FIXTURE_SETUP(hostile)
{
	mst_fresh();
	self->before = mst_stat(0, "bytes_unwind");
}

/* Whatever the data was: the program survives, all is counted, and the memory is freed. */
FIXTURE_TEARDOWN(hostile)
{
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
	EXPECT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(self->before, mst_stat(0, "bytes_unwind"));
	mst_step(&self->prog, "twice");
	EXPECT_EQ(0, mst_end(&self->prog));
	mst_fresh();
	mst_reload("");
}

/* Return: the id of the stack of the block of that many bytes. */
static unsigned int stack_of(size_t bytes)
{
	struct mst_rows rows;
	unsigned int stack = 0;
	size_t i;

	mst_rows(&rows, "allocations");
	for (i = 0; i < rows.count; i++)
		if (rows.row[i].size == bytes)
			stack = rows.row[i].stack;
	mst_rows_free(&rows);
	if (!stack)
		mst_die("no block of %zu bytes", bytes);
	return stack;
}

/* Gets the note behind the last frame of that block's stack. Return: its number of frames. */
static unsigned int end_of(const char *report, size_t bytes, char *end, size_t size)
{
	char head[64];
	const char *at, *line = NULL, *note;
	unsigned int frames = 0, stack = stack_of(bytes);

	snprintf(head, sizeof(head), " from stack %u (", stack);
	at = strstr(report, head);
	if (!at)
		mst_die("no stack %u in: %.4000s", stack, report);
	for (at = strchr(at + 1, '\n') + 1; *at == '\t'; at = strchr(at, '\n') + 1, frames++)
		line = at;
	if (!line)
		mst_die("no frames of the block of %zu bytes in: %s", bytes, report);
	note = memrchr(line, '(', strcspn(line, "\n"));
	snprintf(end, size, "%.*s", note ? (int)strcspn(note, "\n") : 0, note ? note : "");
	return frames;
}

/* True if the new case's data had been read when its stack was walked. Counts those cases. */
static bool was_read_early(size_t i, const char *end, size_t *early)
{
	if (!cases[i].first_end || !cases[i].end || strcmp(end, cases[i].end))
		return false;
	(*early)++;
	return true;
}

/* The case's stack ends as it should, or as it may. @early is NULL for data that is known. */
static bool ends_as_expected(const char *report, size_t i, size_t *early)
{
	const char *wanted = early && cases[i].first_end ? cases[i].first_end : cases[i].end;
	const char *data = early ? "new" : "known", *shown = wanted ? wanted : "any end";
	char end[64];
	unsigned int frames = end_of(report, (early ? 20000 : 40000) + i, end, sizeof(end));
	bool good = !wanted || !strcmp(end, wanted) || (early && was_read_early(i, end, early));

	if (!wanted || !good || frames > 64)
		mst_say("case '%s', %s data: %u frames of at most 64, ends with '%s', expected %s",
			cases[i].name, data, frames, end, shown);
	return frames <= 64 && good;
}

/*
 * Runs all cases, each in a mapping that could be looked up. Now and then the kernel changes
 * mappings itself, to collapse pages into huge ones; events during that do not test the data.
 */
static void run_all_cases(struct mst_program *prog)
{
	unsigned int tries = 1;

	for (spawn_and_attach(prog), mst_step(prog, "all"); mst_stat(0, "unknown_mapping");
	     mst_step(prog, "all")) {
		if (tries++ == TRIES)
			mst_die("mappings could not be looked up in %d runs", TRIES);
		mst_kill(prog);
		mst_fresh();
		spawn_and_attach(prog);
	}
}

TEST_F(hostile, data_ends_the_walk_with_a_reason)
{
	size_t i, early = 0;
	char *report;

	run_all_cases(&self->prog);
	report = mst_text("report");
	for (i = 0; i < NR_CASES; i++)
		EXPECT_TRUE(ends_as_expected(report, i, &early));
	free(report);
	/* A walk is deferred only if the data had not been read. */
	EXPECT_LE(mst_stat(0, "deferred") + (long long)early, (long long)NR_CASES);
	mst_step(&self->prog, "known");
	report = mst_text("report");
	for (i = 0; i < NR_CASES; i++)
		EXPECT_TRUE(ends_as_expected(report, i, NULL));
	free(report);
	EXPECT_EQ(2, mst_stat(0, "refused_too_long"));
	EXPECT_EQ(4, mst_stat(0, "refused_states"));
	EXPECT_GE(mst_stat(0, "refused_truncated"), 2);
	EXPECT_EQ(2, mst_stat(0, "refused_version"));
	EXPECT_EQ(2, mst_stat(0, "refused_augmentation"));
	EXPECT_GE(mst_stat(0, "refused_expression"), 8);
}

TEST_F(hostile, data_changed_at_random_does_no_harm)
{
	spawn_and_attach(&self->prog);
	mst_step(&self->prog, "random");
	EXPECT_EQ(300, mst_stat(0, "allocated"));
	EXPECT_GT(mst_stat(0, "walk_end"), 10);
	EXPECT_GT(mst_stat(0, "walk_rule") + mst_stat(0, "walk_copy"), 10);
}

/* As much data as the largest programs have, without a search table, unsorted. */
TEST_F(hostile, amount_of_data_is_read_and_freed)
{
	long long size = mst_scaled(HUGE_MIB, DEBUG_HUGE_MIB) << 20;
	char end[64] = "", *report;
	time_t begin = time(NULL);
	size_t tries = 0;

	spawn_and_attach(&self->prog);
	mst_step(&self->prog, "huge");
	while (strcmp(end, "(end)") && time(NULL) < begin + LONG) {
		usleep(200000);
		mst_step(&self->prog, "twice");
		report = mst_text("report");
		end_of(report, 30001 + tries++, end, sizeof(end));
		free(report);
	}
	EXPECT_STREQ("(end)", end);
	mst_say("%lld bytes of unwind data, %lld held: known after %ld s", size,
		mst_stat(0, "bytes_unwind"), (long)(time(NULL) - begin));
}

/* Data above the memory limit is not read, which the stack shows. */
TEST_F(hostile, amount_of_data_stays_within_the_memory_limit)
{
	char end[64] = "", *report;

	mst_reload("max_memory=4");
	spawn_and_attach(&self->prog);
	mst_step(&self->prog, "huge");
	mst_step(&self->prog, "twice");
	report = mst_text("report");
	end_of(report, 30001, end, sizeof(end));
	EXPECT_STREQ("(unread)", end);
	free(report);
	EXPECT_LE(mst_stat(0, "bytes_used"), 4 << 20);
}

/* Data that is refused for its size takes no memory, not even for a moment. */
TEST_F(hostile, amount_of_data_that_is_refused_loses_no_event)
{
	char file[512];

	mst_reload("max_memory=2");
	snprintf(file, sizeof(file), "%s/hostile", mst_scratch());
	mst_spawn(&self->prog, "hostile", file, "3", NULL);
	mst_attach(self->prog.pid);
	mst_step(&self->prog, "many");
	EXPECT_EQ(0, mst_stat(0, "lost_limit"));
	EXPECT_LE(mst_stat(0, "bytes_used"), 2 << 20);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
