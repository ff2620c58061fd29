// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness under load: threads that fight for one arena, a million blocks
 * that stay, attaching and detaching while the program allocates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "mlu.h"

#define THREADS 4

FIXTURE(storm)
{
	struct mlu_leaker l;
};

FIXTURE_SETUP(storm)
{
	mlu_fresh();
}

FIXTURE_TEARDOWN(storm)
{
	mlu_fresh();
}

TEST_F_TIMEOUT(storm, reallocs_by_four_threads_in_one_arena, 120)
{
	char calls[16];

	sprintf(calls, "%ld", mlu_scaled(20000, 1000));
	mlu_spawn(&self->l, "MALLOC_ARENA_MAX=1", "storm", "4", calls, NULL);
	ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(mlu_sound(mlu_id(self->l.pid)));
	EXPECT_EQ(0, mlu_stat(mlu_id(self->l.pid), "replaced"));
	EXPECT_EQ(0, mlu_stat(mlu_id(self->l.pid), "uncertain"));
	EXPECT_EQ(0, mlu_end(&self->l));
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

/* On stock kernels a million; a machine too small for that is told so. */
TEST_F_TIMEOUT(storm, million_outstanding, 240)
{
	long count = mlu_scaled(1000000, 10000);
	char number[16];
	int id;

	if (memory_available_mib() < 700)
		SKIP(return, "less than 700 MiB of memory are free");
	mlu_reload("max_memory=400");
	sprintf(number, "%ld", count);
	mlu_spawn(&self->l, "many", number, "2", NULL);
	ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
	mlu_step(&self->l, "go");
	ASSERT_EQ((size_t)count, self->l.count);
	EXPECT_TRUE(mlu_exact(&self->l));
	id = mlu_id(self->l.pid);
	EXPECT_TRUE(mlu_sound(id));
	EXPECT_EQ(count, mlu_stat(id, "allocated"));
	EXPECT_EQ(0, mlu_stat(id, "lost_memory"));
	EXPECT_EQ(0, mlu_stat(id, "lost_limit"));
	mlu_kill(&self->l);
	EXPECT_TRUE(mlu_wait_state(id, "exited"));
	EXPECT_EQ(0, mlu_command("clear all"));
	EXPECT_TRUE(mlu_wait_stat("bytes_records", 0));
	mlu_reload("");
}

/* Each row is an address of its own, and there are no more of them than threads. */
static bool are_plausible(int id)
{
	struct mlu_rows rows;
	size_t i, j;
	bool plausible;

	mlu_rows(&rows, "targets/%d/allocations", id);
	plausible = rows.count <= THREADS;
	for (i = 0; i < rows.count; i++)
		for (j = 0; j < i; j++)
			plausible = plausible && rows.row[i].addr != rows.row[j].addr;
	for (i = 0; i < rows.count && !plausible; i++)
		mlu_say("0x%lx %lu", rows.row[i].addr, rows.row[i].size);
	mlu_rows_free(&rows);
	return plausible;
}

/* A program that never holds more than a block a thread shows no more, whenever one looks. */
TEST_F_TIMEOUT(storm, a_hundred_attaches_make_no_false_row, 200)
{
	int i, id, rounds = mlu_scaled(100, 10);

	mlu_spawn(&self->l, "balance", "4", NULL);
	mlu_step(&self->l, "run");
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, mlu_command("attach %d", self->l.pid))
		{
			TH_LOG("round %d: %s", i, mlu_refusal);
		}
		id = mlu_id(self->l.pid);
		mlu_step(&self->l, "turns");
		ASSERT_EQ(0, mlu_command("detach %d", self->l.pid));
		EXPECT_TRUE(are_plausible(id));
		EXPECT_EQ(0, mlu_stat(id, "replaced"));
		ASSERT_EQ(0, mlu_command("clear %d", self->l.pid));
	}
	EXPECT_EQ(0, mlu_stat(0, "targets"));
}

/* And in a quiet moment exactly what the program says. */
TEST_F_TIMEOUT(storm, a_running_program_is_caught_exactly, 120)
{
	int i, id;

	mlu_spawn(&self->l, "balance", "4", NULL);
	mlu_step(&self->l, "run");
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
		id = mlu_id(self->l.pid);
		mlu_step(&self->l, "turns");
		mlu_step(&self->l, "quiet");
		EXPECT_EQ(2, self->l.count);
		EXPECT_TRUE(mlu_exact(&self->l));
		EXPECT_TRUE(mlu_sound(id));
		ASSERT_EQ(0, mlu_command("detach %d", self->l.pid));
		EXPECT_TRUE(mlu_exact(&self->l));
		mlu_step(&self->l, "again");
		EXPECT_TRUE(are_plausible(id));
		ASSERT_EQ(0, mlu_command("clear %d", self->l.pid));
	}
}

/* A new baseline in the middle: blocks of before are gone, those of after are exact. */
TEST_F_TIMEOUT(storm, clear_gives_a_new_baseline_under_way, 120)
{
	int i;

	mlu_spawn(&self->l, "balance", "4", NULL);
	ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
	mlu_step(&self->l, "run");
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, mlu_command("clear %d", self->l.pid));
		EXPECT_STREQ("tracing", mlu_state(mlu_id(self->l.pid)));
		mlu_step(&self->l, "turns");
		mlu_step(&self->l, "quiet");
		EXPECT_TRUE(mlu_exact(&self->l));
		EXPECT_TRUE(mlu_sound(mlu_id(self->l.pid)));
		mlu_step(&self->l, "again");
	}
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
