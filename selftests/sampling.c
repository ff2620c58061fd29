// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sampled targets: the report's estimates compared with what a program has allocated, and the
 * counters of what is not recorded. The mathematics is tested in unit/test_sample.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define THREADS 4
#define GROUP 15

/* Of programs/sampled: for each of COUNT times in a thread. */
static const struct {
	size_t size;
	unsigned int blocks;
} made[] = { { 16, 8 }, { 100, 4 }, { 1000, 2 }, { 10000, 1 } };

struct estimate {
	double bytes, blocks;
	double bytes_error, blocks_error;
	unsigned long recorded;
};

FIXTURE(sampled)
{
	struct mst_program prog;
	long count; /* times THREADS */
	int id;
};

FIXTURE_SETUP(sampled)
{
	mst_fresh();
	self->count = mst_scaled(3000, 300);
	self->id = 0;
}

FIXTURE_TEARDOWN(sampled)
{
	if (self->id)
		EXPECT_EQ(0, mst_stat(self->id, "unknown_free"));
	mst_kill(&self->prog);
	mst_fresh();
}

static int spawn_sampled(struct mst_program *prog, long count, const char *keys)
{
	char text[32], threads[32];

	snprintf(text, sizeof(text), "%ld", count);
	snprintf(threads, sizeof(threads), "%d", THREADS);
	mst_spawn(prog, "sampled", text, threads, NULL);
	if (mst_command("attach %d %s", prog->pid, keys))
		mst_die("%s", mst_refusal);
	return mst_id(prog->pid);
}

/* The sum of the estimates of stacks whose blocks have about this size; 0: of all heap blocks. */
static struct estimate estimate_of(int id, size_t size)
{
	char *report = mst_text("targets/%d/report", id), *line;
	struct estimate sum = { 0 };

	for (line = report; line; line = strchr(line, '\n')) {
		struct estimate e = { 0 };
		unsigned int age;

		line += *line == '\n';
		if (sscanf(line, "%lf bytes in %lf allocations from stack %*u (age %u", &e.bytes,
			   &e.blocks, &age) != 3)
			continue;
		line = strchr(line, '\n') + 1;
		if (sscanf(line, "sampled %lu allocations, error %lf bytes in %lf allocations",
			   &e.recorded, &e.bytes_error, &e.blocks_error) != 3)
			mst_die("no sampled line: %.80s", line);
		if (size && fabs(e.bytes / e.blocks - size) > size * .02 + 1)
			continue;
		sum.bytes += e.bytes;
		sum.blocks += e.blocks;
		sum.bytes_error = hypot(sum.bytes_error, e.bytes_error);
		sum.blocks_error = hypot(sum.blocks_error, e.blocks_error);
		sum.recorded += e.recorded;
	}
	free(report);
	return sum;
}

/* Within five standard errors: one of a million runs is not. */
static bool is_close(const struct estimate *e, double bytes, double blocks)
{
	bool close = fabs(e->bytes - bytes) <= 5 * e->bytes_error + 1 &&
		     fabs(e->blocks - blocks) <= 5 * e->blocks_error + 1;

	if (!close)
		mst_say("%.0f bytes +- %.0f in %.0f blocks +- %.0f by %lu, not %.0f in %.0f",
			e->bytes, e->bytes_error, e->blocks, e->blocks_error, e->recorded, bytes,
			blocks);
	return close;
}

static bool sizes_are_close(int id, long count)
{
	bool close = true;
	size_t i;

	for (i = 0; i < sizeof(made) / sizeof(*made); i++) {
		struct estimate e = estimate_of(id, made[i].size);
		double blocks = (double)THREADS * count * made[i].blocks;

		close &= e.recorded && is_close(&e, blocks * made[i].size, blocks);
	}
	return close;
}

/* Each of the program's calls counts once; threads that start make a few more. */
static bool calls_are_counted(int id, long calls)
{
	long counted = mst_stat(id, "allocated") + mst_stat(id, "unsampled") -
		       mst_stat(id, "reallocated");

	return counted >= calls && counted <= calls + 16 * THREADS && !mst_stat(id, "uncertain");
}

TEST_F(sampled, by_bytes_estimates_what_is_outstanding)
{
	self->id = spawn_sampled(&self->prog, self->count, "sample=4096");
	mst_step(&self->prog, "make");
	EXPECT_TRUE(sizes_are_close(self->id, self->count));
	EXPECT_TRUE(calls_are_counted(self->id, THREADS * self->count * GROUP));
	EXPECT_GT(mst_stat(self->id, "unsampled"), mst_stat(self->id, "allocated"));
}

TEST_F(sampled, by_calls_estimates_what_is_outstanding)
{
	self->id = spawn_sampled(&self->prog, self->count, "every=10");
	mst_step(&self->prog, "make");
	EXPECT_TRUE(sizes_are_close(self->id, self->count));
	EXPECT_TRUE(calls_are_counted(self->id, THREADS * self->count * GROUP));
}

TEST_F(sampled, reallocated_blocks_are_estimated_with_their_new_size)
{
	double bytes = THREADS * self->count * 2. * (8 * 16 + 4 * 100 + 2 * 1000 + 10000);
	struct estimate e;

	self->id = spawn_sampled(&self->prog, self->count, "sample=4096");
	mst_step(&self->prog, "make");
	mst_step(&self->prog, "grow");
	e = estimate_of(self->id, 0);
	EXPECT_TRUE(is_close(&e, bytes, THREADS * self->count * GROUP));
	EXPECT_EQ(0, estimate_of(self->id, 16).recorded);
	EXPECT_EQ(0, estimate_of(self->id, 100).recorded);
}

TEST_F(sampled, freed_blocks_are_not_outstanding)
{
	size_t i;

	self->id = spawn_sampled(&self->prog, self->count, "sample=4096");
	mst_step(&self->prog, "make");
	mst_step(&self->prog, "free");
	for (i = 0; i < sizeof(made) / sizeof(*made); i++)
		EXPECT_EQ(0, estimate_of(self->id, made[i].size).recorded);
	EXPECT_GT(mst_stat(self->id, "skipped_free"), THREADS * self->count);
}

/* The probability is 1 - exp(-100): each block of 100 and more bytes is recorded. */
TEST_F(sampled, by_few_bytes_is_exact)
{
	struct estimate e;

	self->id = spawn_sampled(&self->prog, 10, "sample=1 min=100");
	mst_step(&self->prog, "make");
	e = estimate_of(self->id, 1000);
	EXPECT_EQ(2 * 10 * THREADS, e.recorded);
	EXPECT_EQ(2 * 10 * THREADS, e.blocks);
	EXPECT_EQ(1000 * 2 * 10 * THREADS, e.bytes);
	EXPECT_EQ(0, e.bytes_error);
	EXPECT_EQ(0, mst_stat(self->id, "unsampled"));
}

TEST_F(sampled, by_each_call_is_exact)
{
	char *report;

	self->id = spawn_sampled(&self->prog, 10, "every=1");
	mst_step(&self->prog, "make");
	mst_step(&self->prog, "free");
	report = mst_text("targets/%d/report", self->id);
	EXPECT_EQ(0, mst_count(report, "\nsampl"));
	EXPECT_EQ(0, mst_stat(self->id, "unsampled"));
	EXPECT_EQ(0, mst_stat(self->id, "skipped_free"));
	free(report);
}

/* Whether or not the return of a call that is not recorded is probed. */
TEST_F(sampled, mapping_of_an_allocator_for_a_call_left_out_is_nested)
{
	self->id = spawn_sampled(&self->prog, 1, "every=1000000000");
	mst_step(&self->prog, "large");
	EXPECT_EQ(1, mst_stat(self->id, "unsampled"));
	EXPECT_EQ(1, mst_stat(self->id, "nested"));
	EXPECT_EQ(0, mst_stat(self->id, "allocated"));
}

TEST_F(sampled, mapping_of_an_allocator_for_a_filtered_call_is_nested)
{
	self->id = spawn_sampled(&self->prog, 1, "max=1000");
	mst_step(&self->prog, "large");
	EXPECT_EQ(1, mst_stat(self->id, "filtered"));
	EXPECT_EQ(1, mst_stat(self->id, "nested"));
}

TEST_F(sampled, call_from_within_the_library_of_the_allocator_is_the_program_s)
{
	self->id = spawn_sampled(&self->prog, 1, "min=1000");
	mst_step(&self->prog, "copy");
	EXPECT_EQ(1, mst_stat(self->id, "filtered"));
	EXPECT_EQ(0, mst_stat(self->id, "nested"));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
