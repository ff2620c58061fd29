// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness under load: threads that contend for one arena, a million outstanding blocks, attaching
 * and detaching while the program allocates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define THREADS 4

FIXTURE(storm)
{
	struct mst_program prog;
};

FIXTURE_SETUP(storm)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(storm)
{
	mst_fresh();
}

TEST_F(storm, of_reallocs_in_one_arena_is_exact)
{
	char calls[16];

	sprintf(calls, "%ld", mst_scaled(20000, 1000));
	mst_spawn(&self->prog, "MALLOC_ARENA_MAX=1", "storm", "4", calls, NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
	EXPECT_EQ(0, mst_stat(mst_id(self->prog.pid), "replaced"));
	EXPECT_EQ(0, mst_stat(mst_id(self->prog.pid), "uncertain"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

static long memory_available_mib(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib >> 10;
}

/* A million on stock kernels; skipped where there is not enough memory. */
TEST_F(storm, of_a_million_blocks_is_exact)
{
	long count = mst_scaled(1000000, 10000);
	char number[16];
	int id;

	if (memory_available_mib() < 700)
		SKIP(return, "less than 700 MiB of memory are free");
	mst_reload("max_memory=400");
	sprintf(number, "%ld", count);
	mst_spawn(&self->prog, "many", number, "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	ASSERT_EQ((size_t)count, self->prog.count);
	EXPECT_TRUE(mst_exact(&self->prog));
	id = mst_id(self->prog.pid);
	EXPECT_TRUE(mst_sound(id));
	EXPECT_EQ(count, mst_stat(id, "allocated"));
	EXPECT_EQ(0, mst_stat(id, "lost_memory"));
	EXPECT_EQ(0, mst_stat(id, "lost_limit"));
	mst_kill(&self->prog);
	EXPECT_TRUE(mst_wait_state(id, "exited"));
	EXPECT_ACCEPTED(mst_command("clear all"));
	EXPECT_TRUE(mst_wait_stat("bytes_records", 0));
	mst_reload("");
}

/* At most one row per thread, and no address twice. */
static bool are_plausible(int id)
{
	struct mst_rows rows;
	size_t i, j;
	bool plausible;

	mst_rows(&rows, "targets/%d/allocations", id);
	plausible = rows.count <= THREADS;
	for (i = 0; i < rows.count; i++)
		for (j = 0; j < i; j++)
			plausible = plausible && rows.row[i].addr != rows.row[j].addr;
	for (i = 0; i < rows.count && !plausible; i++)
		mst_say("expected at most %d rows of different addresses; row %zu of %zu: 0x%lx, %lu bytes",
			THREADS, i + 1, rows.count, rows.row[i].addr, rows.row[i].size);
	mst_rows_free(&rows);
	return plausible;
}

/* Each thread of the program holds at most one block at any time. */
TEST_F(storm, with_a_hundred_attaches_makes_no_false_row)
{
	int i, id, rounds = mst_scaled(100, 10);

	mst_spawn(&self->prog, "balance", "4", NULL);
	mst_step(&self->prog, "run");
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, mst_command("attach %d", self->prog.pid))
		{
			TH_LOG("round %d: %s", i, mst_refusal);
		}
		id = mst_id(self->prog.pid);
		mst_step(&self->prog, "turns");
		ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
		EXPECT_TRUE(are_plausible(id));
		EXPECT_EQ(0, mst_stat(id, "replaced"));
		ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	}
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

/* While its threads pause, exactly the blocks that the program holds are listed. */
TEST_F(storm, is_exact_whenever_it_pauses)
{
	int i, id;

	mst_spawn(&self->prog, "balance", "4", NULL);
	mst_step(&self->prog, "run");
	for (i = 0; i < 8; i++) {
		ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
		id = mst_id(self->prog.pid);
		mst_step(&self->prog, "turns");
		mst_step(&self->prog, "quiet");
		EXPECT_EQ(2, self->prog.count);
		EXPECT_TRUE(mst_exact(&self->prog));
		EXPECT_TRUE(mst_sound(id));
		ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
		EXPECT_TRUE(mst_exact(&self->prog));
		mst_step(&self->prog, "again");
		EXPECT_TRUE(are_plausible(id));
		ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	}
}

/* Blocks from before the clear are gone, later ones are exact. */
TEST_F(storm, is_exact_after_clears_when_it_pauses)
{
	int i;

	mst_spawn(&self->prog, "balance", "4", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "run");
	for (i = 0; i < 8; i++) {
		ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
		EXPECT_STREQ("tracing", mst_state(mst_id(self->prog.pid)));
		mst_step(&self->prog, "turns");
		mst_step(&self->prog, "quiet");
		EXPECT_TRUE(mst_exact(&self->prog));
		EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
		mst_step(&self->prog, "again");
	}
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
