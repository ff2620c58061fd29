// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every function that frees: if a program frees all its blocks, no record is left, under each
 * allocator, and each call is counted once.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "programs/freers.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define NAME(name, ...) #name,

static const char *const freers[] = { FREERS(NAME) };
static const char *const movers[] = { MOVERS(NAME) };

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

/* Counters at one moment, or their differences. */
struct sums {
	long long made; /* as the program counted */
	long long allocated, freed, unknown, unseen;
};

FIXTURE(freeing)
{
	struct mst_program prog;
	char preload[256];
	int id;
};

FIXTURE_VARIANT(freeing)
{
	/* The preloaded allocator under the names of its versions; NULL for glibc's own. */
	const char *library[2];
};

FIXTURE_VARIANT_ADD(freeing, glibc){ .library = { NULL } };
FIXTURE_VARIANT_ADD(freeing, jemalloc){ .library = { "libjemalloc.so.2" } };
FIXTURE_VARIANT_ADD(freeing, tcmalloc_minimal){ .library = { "libtcmalloc_minimal.so.4" } };
FIXTURE_VARIANT_ADD(freeing, tcmalloc){ .library = { "libtcmalloc.so.4" } };
FIXTURE_VARIANT_ADD(freeing, mimalloc){ .library = { "libmimalloc.so.3", "libmimalloc.so.2" } };
FIXTURE_VARIANT_ADD(freeing, tbbmalloc){ .library = { "libtbbmalloc_proxy.so.2" } };

static bool find_preload(const char *const *library, char *preload, size_t size)
{
	int i;

	*preload = 0;
	for (i = 0; i < 2 && library[i]; i++) {
		snprintf(preload, size, "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/%s", library[i]);
		if (!access(strchr(preload, '/'), R_OK))
			return true;
	}
	return !library[0];
}

FIXTURE_SETUP(freeing)
{
	mst_fresh();
	self->id = 0;
	if (!find_preload(variant->library, self->preload, sizeof(self->preload)))
		SKIP(return, "%s is not installed", variant->library[0]);
}

FIXTURE_TEARDOWN(freeing)
{
	mst_fresh();
}

static void spawn_and_attach(struct mst_program *prog, int *id, const char *preload,
			     const char *program)
{
	if (*preload)
		mst_spawn(prog, preload, program, NULL);
	else
		mst_spawn(prog, program, NULL);
	*id = mst_attach(prog->pid);
}

static struct sums sums_of(const struct mst_program *prog, int id)
{
	return (struct sums){
		.made = prog->failed,
		.allocated = mst_stat(id, "allocated"),
		.freed = mst_stat(id, "freed"),
		.unknown = mst_stat(id, "unknown_free"),
		.unseen = mst_stat(id, "unseen_free"),
	};
}

static struct sums sums_since(const struct sums *before, const struct mst_program *prog, int id)
{
	struct sums now = sums_of(prog, id);

	now.made -= before->made;
	now.allocated -= before->allocated;
	now.freed -= before->freed;
	now.unknown -= before->unknown;
	now.unseen -= before->unseen;
	return now;
}

/*
 * Every block was recorded and removed, or counted as unseen, exactly once, although a function
 * that frees may call another one that has a probe.
 */
static bool is_balanced(const struct sums *s)
{
	return s->allocated == s->freed && s->allocated + s->unseen == s->made && !s->unknown;
}

static void say_sums(const char *what, const struct sums *s)
{
	mst_say("%s is not balanced: %lld made, %lld allocated, %lld freed, %lld unknown, %lld unseen",
		what, s->made, s->allocated, s->freed, s->unknown, s->unseen);
}

/* False if a block is left or was counted wrongly. No block is made if the function is missing. */
static bool step_is_balanced(struct mst_program *prog, int id, const char *name, bool moves,
			     struct sums *sums)
{
	struct sums before = sums_of(prog, id);
	bool good;

	mst_step(prog, name);
	*sums = sums_since(&before, prog, id);
	good = mst_exact(prog);
	/* The block that results from a move is an allocation too. */
	good = (moves ? sums->allocated == sums->freed : is_balanced(sums)) && good;
	if (!good)
		say_sums(name, sums);
	return good;
}

TEST_F(freeing, leaves_no_record_by_any_function)
{
	unsigned int tried = 0;
	struct sums sums;
	size_t i;

	spawn_and_attach(&self->prog, &self->id, self->preload, "free_by");
	for (i = 0; i < COUNT(freers); i++) {
		EXPECT_TRUE(step_is_balanced(&self->prog, self->id, freers[i], false, &sums));
		tried += sums.made > 0;
		/* Blocks of malloc, at least, are seen. */
		EXPECT_TRUE(!sums.made || sums.allocated > 0);
		/* glibc's operator new is libstdc++'s, which calls malloc. */
		if (!*self->preload)
			EXPECT_EQ(0, sums.unseen);
	}
	/* free, and the functions of libstdc++. */
	EXPECT_GE(tried, 13);
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(freeing, by_moving_leaves_no_record)
{
	struct sums sums;
	size_t i;

	spawn_and_attach(&self->prog, &self->id, self->preload, "free_by");
	for (i = 0; i < COUNT(movers); i++)
		EXPECT_TRUE(step_is_balanced(&self->prog, self->id, movers[i], true, &sums));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Runs a C++ program, where the compiler selects the functions. */
static bool objects_are_balanced(struct mst_program *prog, const char *preload, const char *program)
{
	struct sums sums;
	int id;
	bool good;

	spawn_and_attach(prog, &id, preload, program);
	good = step_is_balanced(prog, id, "go", false, &sums) && sums.made > 0 && mst_sound(id);
	return mst_end(prog) == 0 && good;
}

TEST_F(freeing, cxx_objects_leaves_no_record)
{
	EXPECT_TRUE(objects_are_balanced(&self->prog, self->preload, "deletes"));
}

TEST_F(freeing, cxx_objects_with_own_new_leaves_no_record)
{
	EXPECT_TRUE(objects_are_balanced(&self->prog, self->preload, "deletes_own"));
}

FIXTURE(freeing_in)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(freeing_in)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(freeing_in)
{
	mst_fresh();
}

/* malloc, operator new and delete are in one object: calls of malloc by new are detected. */
TEST_F(freeing_in, a_static_program_leaves_no_record)
{
	char line[16384];
	struct sums sums;

	spawn_and_attach(&self->prog, &self->id, "", "deletes_static");
	mst_line(self->id, line, sizeof(line));
	/* operator delete jumps to free. */
	EXPECT_LACKS(line, " _ZdlPv ");
	EXPECT_CONTAINS(line, " free deletes_static+0x");
	EXPECT_TRUE(step_is_balanced(&self->prog, self->id, "go", false, &sums));
	EXPECT_EQ(0, sums.unseen);
	EXPECT_EQ(sums.made, sums.allocated);
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(freeing_in, a_program_with_unexported_free_leaves_no_record)
{
	struct sums sums;

	spawn_and_attach(&self->prog, &self->id, "", "toy_dallocx");
	EXPECT_TRUE(step_is_balanced(&self->prog, self->id, "go", false, &sums));
	EXPECT_EQ(10, sums.allocated);
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
