// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness: after a known mix of kept, freed, moved and failed calls of each
 * function, on 1, 2 and 8 threads, with blocks freed by another thread than
 * their maker, allocations lists what is kept and nothing else.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "mlu.h"

FIXTURE(mix)
{
	struct mlu_leaker leaker;
};

FIXTURE_VARIANT(mix)
{
	const char *function;
	const char *allocator; /* preloaded, where the libc lacks the function */
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

FIXTURE_VARIANT_ADD(mix, free_sized){ .function = "free_sized", .allocator = "leakers/libtoy.so" };

FIXTURE_VARIANT_ADD(mix, free_aligned_sized){ .function = "free_aligned_sized",
					      .allocator = "leakers/libtoy.so" };

FIXTURE_SETUP(mix)
{
	mlu_fresh();
}

FIXTURE_TEARDOWN(mix)
{
	mlu_fresh();
}

/* The counters agree with the rows, and with what the program saw fail. */
static bool counters_agree(int id, const struct mlu_leaker *l)
{
	long long made = mlu_stat(id, "allocated"), freed = mlu_stat(id, "freed");
	long long failed = mlu_stat(id, "failed"), bad = mlu_stat(id, "uncertain");
	static const char *const lost[] = { "lost_memory", "lost_limit", "lost_inflight",
					    "lost_fault", "replaced" };
	unsigned int i;

	for (i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		bad += mlu_stat(id, lost[i]);
	if (made - freed == (long long)l->count && failed == (long long)l->failed && !bad)
		return true;
	mlu_say("%lld allocated, %lld freed, %lld failed, %lld lost; kept %zu, failed %lu", made,
		freed, failed, bad, l->count, l->failed);
	return false;
}

static bool is_exact(struct mlu_leaker *l, const char *preload, const char *function,
		     const char *threads)
{
	bool exact;
	int id;

	mlu_spawn(l, preload, "mix", function, threads, NULL);
	if (mlu_command("attach %d", l->pid))
		mlu_die("%s", mlu_refusal);
	id = mlu_id(l->pid);
	mlu_step(l, "go");
	exact = mlu_exact(l);
	exact = mlu_sound(id) && exact;
	exact = counters_agree(id, l) && exact;
	if (mlu_end(l))
		mlu_die("the leaker came to harm");
	return exact;
}

TEST_F_TIMEOUT(mix, lists_what_is_kept, 60)
{
	static const char *const threads[] = { "1", "2", "8" };
	char preload[600] = "PRELOAD=none";
	int i;

	if (variant->allocator)
		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mlu_here(variant->allocator));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(is_exact(&self->leaker, preload, variant->function, threads[i]));
}

/* The thread of a row is the one that made the block. */
TEST(names_the_thread_that_allocated)
{
	struct mlu_leaker l;
	struct mlu_rows rows;
	char path[64];
	size_t i;

	mlu_fresh();
	mlu_spawn(&l, "mix", "malloc", "2", NULL);
	ASSERT_EQ(0, mlu_command("attach %d", l.pid));
	mlu_step(&l, "go");
	mlu_rows(&rows, "allocations");
	EXPECT_EQ(l.count, rows.count);
	for (i = 0; i < rows.count; i++) {
		sprintf(path, "/proc/%d/task/%u", l.pid, rows.row[i].thread);
		EXPECT_EQ(0, access(path, F_OK));
		EXPECT_NE((unsigned int)l.pid, rows.row[i].thread);
		EXPECT_EQ((unsigned int)mlu_id(l.pid), rows.row[i].target);
	}
	mlu_rows_free(&rows);
	mlu_kill(&l);
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
