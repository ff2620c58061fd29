// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unwind data that lies: walks end, and say how; the target runs on, is counted to the last block,
 * and what the module read of it is given back.  What the leaker's cases are is said there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"
#include "mlu.h"

#define HUGE_MIB 60
#define DEBUG_HUGE_MIB 6
#define LONG 100
#define TRIES 5

/*
 * How the stack of each case ends, in the leaker's order, when its data is known.  With the first
 * event the data is new, and a copy of the stack is walked, unless the data comes in that very
 * moment: what is in no copy is no fault there.
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
	{ "two of one address", "(end)" },
	{ "the same frame again", "(no progress)", "(copy ended)" },
	{ "down the stack", NULL, NULL },
	{ "register that nobody knows", "(unknown register)" },
	{ "register that is none", "(bad rule)" },
	{ "reads the kernel", "(fault)", "(copy ended)" },
	{ "reads what is no address", "(fault)", "(copy ended)" },
	{ "loops in an expression", "(bad rule)" },
	{ "expression without end", "(bad rule)" },
	{ "long expression", "(bad rule)" },
	{ "expression of nothing", "(bad rule)" },
	{ "divides by nothing", "(bad rule)" },
	{ "remembers too often", "(bad rule)" },
	{ "restores what was not remembered", "(bad rule)" },
	{ "number without end", "(bad rule)" },
	{ "unknown operation", "(bad rule)" },
	{ "unknown version", "(bad rule)" },
	{ "unknown augmentation", "(bad rule)" },
	{ "unknown encoding", "(bad rule)" },
	{ "no entries", NULL },
	{ "header leads nowhere", NULL },
	{ "segment behind the file", NULL },
	{ "code in no segment", NULL },
	{ "more segments than bytes", NULL },
	{ "cut off", NULL },
};

#define NR_CASES (sizeof(cases) / sizeof(cases[0]))

FIXTURE(hostile)
{
	struct mlu_leaker l;
	long long before;
};

static void attach(struct mlu_leaker *l)
{
	char file[512], huge[16];

	snprintf(file, sizeof(file), "%s/hostile", mlu_scratch());
	snprintf(huge, sizeof(huge), "%ld", mlu_scaled(HUGE_MIB, DEBUG_HUGE_MIB));
	mlu_spawn(l, "hostile", file, huge, NULL);
	if (mlu_command("attach %d", l->pid))
		mlu_die("%s", mlu_refusal);
}

FIXTURE_SETUP(hostile)
{
	mlu_fresh();
	self->before = mlu_stat(0, "bytes_unwind");
}

/* Whatever the data was: the leaker lives, all is counted, and the memory comes back. */
FIXTURE_TEARDOWN(hostile)
{
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(mlu_sound(mlu_id(self->l.pid)));
	EXPECT_EQ(0, mlu_command("detach %d", self->l.pid));
	EXPECT_EQ(self->before, mlu_stat(0, "bytes_unwind"));
	mlu_step(&self->l, "twice");
	EXPECT_EQ(0, mlu_end(&self->l));
	mlu_fresh();
	mlu_reload("");
}

/* The number of the stack of the block of so many bytes. */
static unsigned int stack_of(size_t bytes)
{
	struct mlu_rows rows;
	unsigned int stack = 0;
	size_t i;

	mlu_rows(&rows, "allocations");
	for (i = 0; i < rows.count; i++)
		if (rows.row[i].size == bytes)
			stack = rows.row[i].stack;
	mlu_rows_free(&rows);
	if (!stack)
		mlu_die("no block of %zu bytes", bytes);
	return stack;
}

/* The note behind the last frame of that block's stack, and how many frames there are. */
static unsigned int end_of(const char *report, size_t bytes, char *end, size_t size)
{
	char head[64];
	const char *at, *line = NULL, *note;
	unsigned int frames = 0, stack = stack_of(bytes);

	snprintf(head, sizeof(head), " from stack %u (", stack);
	at = strstr(report, head);
	if (!at)
		mlu_die("no stack %u in %.4000s", stack, report);
	for (at = strchr(at + 1, '\n') + 1; *at == '\t'; at = strchr(at, '\n') + 1, frames++)
		line = at;
	if (!line)
		mlu_die("no frames of %zu bytes in %s", bytes, report);
	note = memrchr(line, '(', strcspn(line, "\n"));
	snprintf(end, size, "%.*s", note ? (int)strcspn(note, "\n") : 0, note ? note : "");
	return frames;
}

/* The data of this new case was there when its stack was walked; counts those. */
static bool came_early(size_t i, const char *end, size_t *early)
{
	if (!cases[i].first_end || !cases[i].end || strcmp(end, cases[i].end))
		return false;
	(*early)++;
	return true;
}

/* The case's stack ends as it should, or as it may.  Of a new one @early is not NULL. */
static bool ends_so(const char *report, size_t i, size_t *early)
{
	const char *wanted = early && cases[i].first_end ? cases[i].first_end : cases[i].end;
	char end[64];
	unsigned int frames = end_of(report, (early ? 20000 : 40000) + i, end, sizeof(end));
	bool good = !wanted || !strcmp(end, wanted) || (early && came_early(i, end, early));

	if (!wanted || !good)
		mlu_say("%s, %s: %u frames %s", cases[i].name, early ? "new" : "known", frames,
			end);
	return frames <= 64 && good;
}

/*
 * All cases, each in a mapping that could be looked up.  The kernel itself changes mappings now and
 * then, to make large pages of small ones: what has to be done without them says nothing of data.
 */
static void meet_all(struct mlu_leaker *l)
{
	unsigned int tries = 1;

	for (attach(l), mlu_step(l, "all"); mlu_stat(0, "unknown_mapping"); mlu_step(l, "all")) {
		if (tries++ == TRIES)
			mlu_die("mappings are not to be had");
		mlu_kill(l);
		mlu_fresh();
		attach(l);
	}
}

TEST_F(hostile, data_ends_the_walk_by_name)
{
	size_t i, early = 0;
	char *report;

	meet_all(&self->l);
	report = mlu_text("report");
	for (i = 0; i < NR_CASES; i++)
		EXPECT_TRUE(ends_so(report, i, &early));
	free(report);
	/* Each that was put off has met no data. */
	EXPECT_LE(mlu_stat(0, "deferred") + (long long)early, (long long)NR_CASES);
	mlu_step(&self->l, "known");
	report = mlu_text("report");
	for (i = 0; i < NR_CASES; i++)
		EXPECT_TRUE(ends_so(report, i, NULL));
	free(report);
	EXPECT_EQ(2, mlu_stat(0, "refused_too_long"));
	EXPECT_EQ(4, mlu_stat(0, "refused_states"));
	EXPECT_GE(mlu_stat(0, "refused_truncated"), 2);
	EXPECT_EQ(2, mlu_stat(0, "refused_version"));
	EXPECT_EQ(2, mlu_stat(0, "refused_augmentation"));
	EXPECT_GE(mlu_stat(0, "refused_expression"), 8);
}

TEST_F(hostile, data_at_random_is_borne)
{
	attach(&self->l);
	mlu_step(&self->l, "random");
	EXPECT_EQ(300, mlu_stat(0, "allocated"));
	EXPECT_GT(mlu_stat(0, "walk_end"), 10);
	EXPECT_GT(mlu_stat(0, "walk_rule") + mlu_stat(0, "walk_copy"), 10);
}

/* As much as the largest programs have, without a table, in no order. */
TEST_F(hostile, amount_of_data_is_read_and_given_back)
{
	long long size = mlu_scaled(HUGE_MIB, DEBUG_HUGE_MIB) << 20;
	char end[64] = "", *report;
	time_t begin = time(NULL);
	size_t tries = 0;

	attach(&self->l);
	mlu_step(&self->l, "huge");
	while (strcmp(end, "(end)") && time(NULL) < begin + LONG) {
		usleep(200000);
		mlu_step(&self->l, "twice");
		report = mlu_text("report");
		end_of(report, 30001 + tries++, end, sizeof(end));
		free(report);
	}
	EXPECT_STREQ("(end)", end);
	mlu_say("%lld bytes of unwind data, %lld held: known after %ld s", size,
		mlu_stat(0, "bytes_unwind"), (long)(time(NULL) - begin));
}

/* What there is no room for is not read, and said. */
TEST_F(hostile, amount_of_data_stays_within_the_memory_limit)
{
	char end[64] = "", *report;

	mlu_reload("max_memory=4");
	attach(&self->l);
	mlu_step(&self->l, "huge");
	mlu_step(&self->l, "twice");
	report = mlu_text("report");
	end_of(report, 30001, end, sizeof(end));
	EXPECT_STREQ("(unread)", end);
	free(report);
	EXPECT_LE(mlu_stat(0, "bytes_used"), 4 << 20);
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
