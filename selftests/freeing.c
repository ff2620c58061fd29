// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever function frees a block: nothing is left of a program that frees all
 * that it makes, under each allocator, and each call is counted once.
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

/* The sums of a target at one moment. */
struct sums {
	long long made; /* by the program */
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
	/* The allocator that is preloaded, by the names that it has had; none: glibc's. */
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
 * Every block was recorded and removed, or counted as one that is not seen, once: a function that
 * frees may call another one that has a probe.
 */
static bool is_balanced(const struct sums *s)
{
	return s->allocated == s->freed && s->allocated + s->unseen == s->made && !s->unknown;
}

static void say_sums(const char *what, const struct sums *s)
{
	mst_say("%s: %lld made, %lld allocated, %lld freed, %lld unknown, %lld unseen", what,
		s->made, s->allocated, s->freed, s->unknown, s->unseen);
}

/* False: a block is left, or one was counted wrongly.  None was made: no such function is there. */
static bool step_is_balanced(struct mst_program *prog, int id, const char *name, bool moves,
			     struct sums *sums)
{
	struct sums before = sums_of(prog, id);
	bool good;

	mst_step(prog, name);
	*sums = sums_since(&before, prog, id);
	good = mst_exact(prog);
	/* What is made of a moved block is an allocation too. */
	good = (moves ? sums->allocated == sums->freed : is_balanced(sums)) && good;
	if (!good)
		say_sums(name, sums);
	return good;
}

TEST_F_TIMEOUT(freeing, each_function_that_frees, 120)
{
	unsigned int tried = 0;
	struct sums sums;
	size_t i;

	spawn_and_attach(&self->prog, &self->id, self->preload, "free_by");
	for (i = 0; i < COUNT(freers); i++) {
		EXPECT_TRUE(step_is_balanced(&self->prog, self->id, freers[i], false, &sums));
		tried += sums.made > 0;
		/* malloc's blocks at least are seen. */
		EXPECT_TRUE(!sums.made || sums.allocated > 0);
		/* glibc's operator new is libstdc++'s, which calls malloc. */
		if (!*self->preload)
			EXPECT_EQ(0, sums.unseen);
	}
	/* free, and what libstdc++ has. */
	EXPECT_GE(tried, 13);
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F_TIMEOUT(freeing, each_function_that_moves, 120)
{
	struct sums sums;
	size_t i;

	spawn_and_attach(&self->prog, &self->id, self->preload, "free_by");
	for (i = 0; i < COUNT(movers); i++)
		EXPECT_TRUE(step_is_balanced(&self->prog, self->id, movers[i], true, &sums));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* A compiler's own choice of functions. */
static bool objects_are_balanced(struct mst_program *prog, const char *preload, const char *program)
{
	struct sums sums;
	int id;
	bool good;

	spawn_and_attach(prog, &id, preload, program);
	good = step_is_balanced(prog, id, "go", false, &sums) && sums.made > 0 && mst_sound(id);
	return mst_end(prog) == 0 && good;
}

TEST_F_TIMEOUT(freeing, each_sort_of_object, 60)
{
	EXPECT_TRUE(objects_are_balanced(&self->prog, self->preload, "deletes"));
}

TEST_F_TIMEOUT(freeing, objects_of_a_program_with_its_own_new, 60)
{
	EXPECT_TRUE(objects_are_balanced(&self->prog, self->preload, "deletes_own"));
}

FIXTURE(alone)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(alone)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(alone)
{
	mst_fresh();
}

/* malloc, operator new and delete are in one object: that new calls malloc is found out. */
TEST_F_TIMEOUT(alone, a_static_program, 60)
{
	char line[16384];
	struct sums sums;

	spawn_and_attach(&self->prog, &self->id, "", "deletes_static");
	mst_line(self->id, line, sizeof(line));
	/* They jump to free. */
	EXPECT_LACKS(line, " _ZdlPv ");
	EXPECT_CONTAINS(line, " free deletes_static+0x");
	EXPECT_TRUE(step_is_balanced(&self->prog, self->id, "go", false, &sums));
	EXPECT_EQ(0, sums.unseen);
	EXPECT_EQ(sums.made, sums.allocated);
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* A function that frees need not be exported where malloc is. */
TEST_F_TIMEOUT(alone, a_program_that_does_not_export_its_free, 60)
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
