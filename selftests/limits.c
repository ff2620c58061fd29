// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits: the number of live and of ended targets, mappings, functions and memory; all memory is
 * given back; the counters agree with each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define CROWD 64

FIXTURE(limit)
{
	struct mst_program prog, crowd[CROWD];
};

FIXTURE_SETUP(limit)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(limit)
{
	mst_fresh();
	mst_reload("");
}

TEST_F(limit, sixty_four_targets_at_once_are_exact)
{
	int i, count = mst_scaled(CROWD, 12);

	for (i = 0; i < count; i++) {
		mst_spawn(&self->crowd[i], "life", "exit", NULL);
		ASSERT_ACCEPTED(mst_command("attach %d", self->crowd[i].pid));
	}
	EXPECT_EQ(count, mst_stat(0, "tracing"));
	for (i = 0; i < count; i++)
		mst_step(&self->crowd[i], "go");
	for (i = 0; i < count; i++)
		EXPECT_TRUE(mst_exact(&self->crowd[i]));
	EXPECT_EQ(count * 100, mst_stat(0, "allocated"));
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, mst_end(&self->crowd[i]));
	EXPECT_TRUE(mst_wait_state(mst_id(self->crowd[count - 1].pid), "exited"));
}

/* Only targets that have not ended count: after a detach another one can be attached. */
TEST_F(limit, max_targets_bounds_live_targets)
{
	int i;

	mst_reload("max_targets=3");
	for (i = 0; i < 4; i++)
		mst_spawn(&self->crowd[i], "life", "idle", NULL);
	for (i = 0; i < 3; i++)
		ASSERT_ACCEPTED(mst_command("attach %d", self->crowd[i].pid));
	EXPECT_EQ(ENOSPC, mst_command("attach %d", self->crowd[3].pid));
	EXPECT_CONTAINS(mst_refusal, "(ENOSPC)");
	EXPECT_CONTAINS(mst_refusal, "3");
	EXPECT_EQ(3, mst_stat(0, "tracing"));
	ASSERT_ACCEPTED(mst_command("detach %d", self->crowd[0].pid));
	EXPECT_ACCEPTED(mst_command("attach %d", self->crowd[3].pid));
	EXPECT_EQ(ENOSPC, mst_command("attach %d", self->crowd[0].pid));
	mst_step(&self->crowd[3], "go");
	EXPECT_TRUE(mst_exact(&self->crowd[3]));
}

/* Only mappings of code count. The program has some of its own in addition. */
TEST_F(limit, mappings_of_code_are_bounded)
{
	const char *library = mst_here("programs/libone.so");
	char many[16];

	snprintf(many, sizeof(many), "%ld", mst_scaled(8000, 500));
	mst_spawn(&self->crowd[0], "rush", library, "8193", NULL);
	EXPECT_EQ(ENOSPC, mst_command("attach %d", self->crowd[0].pid));
	EXPECT_CONTAINS(mst_refusal, "more than 8192 mappings of code");
	mst_kill(&self->crowd[0]);
	mst_spawn(&self->crowd[1], "rush", library, many, NULL);
	EXPECT_ACCEPTED(mst_command("attach %d", self->crowd[1].pid));
	mst_step(&self->crowd[1], "go");
	EXPECT_TRUE(mst_exact(&self->crowd[1]));
	EXPECT_GT(mst_stat(0, "allocated"), 100);
	EXPECT_EQ(0, mst_stat(0, "walk_unread"));
}

#define TOYS 129 /* libraries with eight functions each */

/* With too many objects that define malloc, object= can still select one. */
TEST_F(limit, allocator_functions_are_bounded)
{
	const char *words[TOYS + 3] = { "daemon", "mapper" };
	char path[TOYS][256], command[1024];
	int i;

	snprintf(command, sizeof(command), "for i in $(seq 0 %d); do cp %s %s/toy$i.so; done",
		 TOYS - 1, mst_here("programs/libtoy.so"), mst_scratch());
	ASSERT_EQ(0, system(command));
	for (i = 0; i < TOYS; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/toy%d.so", mst_scratch(), i);
		words[2 + i] = path[i];
	}
	mst_spawnv(&self->prog, words);
	EXPECT_EQ(ENOSPC, mst_command("attach %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "more than 1024 allocator functions are mapped");
	EXPECT_ACCEPTED(mst_command("attach %d object=toy7.so", self->prog.pid));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The oldest ended target is removed first; traced ones are not affected. */
TEST_F(limit, max_ended_removes_the_oldest_target)
{
	int id[4], i;

	mst_reload("max_ended=2");
	mst_spawn(&self->prog, "life", "idle", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	for (i = 0; i < 4; i++) {
		mst_spawn(&self->crowd[i], "life", "idle", NULL);
		ASSERT_ACCEPTED(mst_command("attach %d", self->crowd[i].pid));
		id[i] = mst_id(self->crowd[i].pid);
		ASSERT_ACCEPTED(mst_command("detach %d", self->crowd[i].pid));
	}
	EXPECT_TRUE(mst_wait_state(id[1], ""));
	EXPECT_STREQ("", mst_state(id[0]));
	EXPECT_STREQ("detached", mst_state(id[2]));
	EXPECT_STREQ("detached", mst_state(id[3]));
	EXPECT_STREQ("tracing", mst_state(mst_id(self->prog.pid)));
}

/* Blocks that do not fit are counted and reported as lost, and the target runs on. */
TEST_F(limit, max_memory_counts_lost_blocks)
{
	/* Either count needs more than 1 MiB. */
	const long count = mst_debug_kernel() ? 14000 : 24000;
	char number[16];
	struct mst_rows rows;
	char lost[64], *report;
	long long counted;
	int id;

	mst_reload("max_memory=1");
	EXPECT_EQ(1 << 20, mst_stat(0, "bytes_limit"));
	sprintf(number, "%ld", count);
	mst_spawn(&self->prog, "many", number, "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	id = mst_id(self->prog.pid);
	mst_rows(&rows, "targets/%d/allocations", id);
	counted = mst_stat(id, "lost_limit");
	EXPECT_GT(counted, 0);
	EXPECT_EQ(count, (long long)rows.count + counted + mst_stat(id, "lost_memory"));
	mst_rows_free(&rows);
	EXPECT_LE(mst_stat(0, "bytes_used"), mst_stat(0, "bytes_limit"));
	report = mst_text("targets/%d/report", id);
	sprintf(lost, ", lost %lld\n", counted + mst_stat(id, "lost_memory"));
	EXPECT_CONTAINS(report, lost);
	free(report);
	EXPECT_TRUE(mst_sound(id));
	/* Clearing makes the memory available at once. */
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_EQ(0, mst_stat(id, "lost_limit"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

static const char *const parts[] = { "bytes_records", "bytes_stacks",	"bytes_inflight",
				     "bytes_tables",  "bytes_mappings", "bytes_unwind" };

#define NR_PARTS (sizeof(parts) / sizeof(parts[0]))

TEST_F(limit, all_memory_is_given_back)
{
	long long before[NR_PARTS], used, sum = 0;
	unsigned int i, round;

	mst_reload("");
	used = mst_stat(0, "bytes_used");
	for (i = 0; i < NR_PARTS; i++)
		before[i] = mst_stat(0, parts[i]);
	for (round = 0; round < 3; round++) {
		mst_spawn(&self->prog, "mix", "all", "8", NULL);
		ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
		mst_step(&self->prog, "go");
		EXPECT_GT(mst_stat(0, "bytes_records"), before[0]);
		for (i = 0, sum = 0; i < NR_PARTS; i++)
			sum += mst_stat(0, parts[i]);
		EXPECT_EQ(sum, mst_stat(0, "bytes_used"));
		if (round == 0)
			ASSERT_EQ(0, mst_command("detach all"));
		mst_kill(&self->prog);
		EXPECT_TRUE(mst_wait_stat("tracing", 0));
		ASSERT_ACCEPTED(mst_command("clear all"));
		for (i = 0; i < NR_PARTS; i++)
			EXPECT_TRUE(mst_wait_stat(parts[i], before[i]));
		EXPECT_TRUE(mst_wait_stat("bytes_used", used));
		EXPECT_EQ(0, mst_stat(0, "targets"));
		EXPECT_EQ(0, mst_stat(0, "probes"));
	}
}

TEST_F(limit, totals_are_the_sums_over_the_targets)
{
	static const char *const names[] = { "allocated", "freed",	  "reallocated", "failed",
					     "nested",	  "unknown_free", "walk_end" };
	int one, other;
	unsigned int i;

	mst_spawn(&self->crowd[0], "mix", "all", "2", NULL);
	mst_spawn(&self->crowd[1], "mix", "realloc", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->crowd[0].pid));
	ASSERT_ACCEPTED(mst_command("attach %d", self->crowd[1].pid));
	mst_step(&self->crowd[0], "go");
	mst_step(&self->crowd[1], "go");
	one = mst_id(self->crowd[0].pid);
	other = mst_id(self->crowd[1].pid);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		EXPECT_EQ(mst_stat(0, names[i]),
			  mst_stat(one, names[i]) + mst_stat(other, names[i]))
		{
			TH_LOG("%s", names[i]);
		}
	EXPECT_GT(mst_stat(other, "reallocated"), 0);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
