// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness: after a known mix of kept, freed, moved and failed calls of each function, on 1, 2 and
 * 8 threads, with blocks freed by another thread than the one that allocated them, allocations
 * lists exactly the blocks that are kept.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(mix)
{
	struct mst_program prog;
};

FIXTURE_VARIANT(mix)
{
	const char *function;
	const char *allocator; /* preloaded, if the C library lacks the function */
};

#define FUNCTION(name)                 \
	FIXTURE_VARIANT_ADD(mix, name) \
	{                              \
		.function = #name      \
	}

FUNCTION(malloc);
FUNCTION(calloc);
FUNCTION(realloc);
FUNCTION(reallocarray);
FUNCTION(posix_memalign);
FUNCTION(aligned_alloc);
FUNCTION(memalign);
FUNCTION(valloc);
FUNCTION(pvalloc);
FUNCTION(free);
FUNCTION(cfree);
FUNCTION(mmap);
FUNCTION(munmap);
FUNCTION(all);

FIXTURE_VARIANT_ADD(mix, thread_stack){ .function = "MAP_STACK" };

FIXTURE_VARIANT_ADD(mix, free_sized){ .function = "free_sized", .allocator = "programs/libtoy.so" };

FIXTURE_VARIANT_ADD(mix, free_aligned_sized){ .function = "free_aligned_sized",
					      .allocator = "programs/libtoy.so" };

FIXTURE_SETUP(mix)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(mix)
{
	mst_fresh();
}

/* The counters agree with the blocks kept and the failures that the program counted. */
static bool counters_agree(int id, const struct mst_program *prog)
{
	long long made = mst_stat(id, "allocated"), freed = mst_stat(id, "freed");
	long long failed = mst_stat(id, "failed"), bad = mst_stat(id, "uncertain");
	static const char *const lost[] = { "lost_memory",   "lost_limit", "lost_busy",
					    "lost_inflight", "lost_fault", "lost_split",
					    "replaced" };
	unsigned int i;

	for (i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		bad += mst_stat(id, lost[i]);
	if (made - freed == (long long)prog->count && failed == (long long)prog->failed && !bad)
		return true;
	mst_say("counted %lld allocated, %lld freed, %lld failed, %lld lost or uncertain", made,
		freed, failed, bad);
	mst_say("the program kept %zu blocks and saw %lu calls fail; nothing may be lost",
		prog->count, prog->failed);
	return false;
}

static bool is_exact(struct mst_program *prog, const char *preload, const char *function,
		     const char *threads)
{
	bool exact;
	int id;

	mst_spawn(prog, preload, "mix", function, threads, NULL);
	id = mst_attach(prog->pid);
	mst_step(prog, "go");
	exact = mst_exact(prog);
	exact = mst_sound(id) && exact;
	exact = counters_agree(id, prog) && exact;
	if (!exact)
		mst_say("mix %s with %s threads is not exact", function, threads);
	return mst_ends_well(prog) && exact;
}

TEST_F(mix, lists_exactly_the_kept_blocks)
{
	static const char *const threads[] = { "1", "2", "8" };
	char preload[600] = "PRELOAD=none";
	int i;

	if (variant->allocator)
		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here(variant->allocator));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(is_exact(&self->prog, preload, variant->function, threads[i]));
}

TEST(rows_name_the_thread_that_allocated)
{
	struct mst_program prog;
	struct mst_rows rows;
	char path[64];
	size_t i;

	mst_fresh();
	mst_spawn(&prog, "mix", "malloc", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", prog.pid));
	mst_step(&prog, "go");
	mst_rows(&rows, "allocations");
	EXPECT_EQ(prog.count, rows.count);
	for (i = 0; i < rows.count; i++) {
		sprintf(path, "/proc/%d/task/%u", prog.pid, rows.row[i].thread);
		EXPECT_EQ(0, access(path, F_OK))
		{
			TH_LOG("the thread of row %zu should exist: no %s", i, path);
		}
		EXPECT_NE((unsigned int)prog.pid, rows.row[i].thread);
		EXPECT_EQ((unsigned int)mst_id(prog.pid), rows.row[i].target);
	}
	mst_rows_free(&rows);
	mst_kill(&prog);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
