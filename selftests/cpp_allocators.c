// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every function of the allocators' libraries that returns a block: each block is recorded once,
 * with its size, and each that is freed is removed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "programs/makers.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define NAME(name, ...) #name,
#define FAILING_NAME(name, ...) "!" #name,

static const char *const makers[] = { MAKERS(NAME) NULL };
static const char *const throwers[] = { THROWERS(NAME) NULL };
static const char *const failers[] = { FAILERS(FAILING_NAME) NULL };

FIXTURE(library)
{
	struct mst_program prog;
	int id;
	char line[16384];
};

FIXTURE_VARIANT(library)
{
	/* The preloaded allocator under the names of its versions; NULL for glibc's own. */
	const char *name[2];
	/* How many functions it has at least. */
	unsigned int makers, throwers, failers;
};

FIXTURE_VARIANT_ADD(library, glibc){
	.name = { NULL },
	.makers = 11,
	.throwers = 2,
};

FIXTURE_VARIANT_ADD(library, jemalloc){
	.name = { "libjemalloc.so.2" },
	.makers = 10,
	.throwers = 2,
};

FIXTURE_VARIANT_ADD(library, tcmalloc_minimal){
	.name = { "libtcmalloc_minimal.so.4" },
	.makers = 22,
	.throwers = 8,
};

FIXTURE_VARIANT_ADD(library, tcmalloc){
	.name = { "libtcmalloc.so.4" },
	.makers = 22,
	.throwers = 8,
};

FIXTURE_VARIANT_ADD(library, mimalloc){
	.name = { "libmimalloc.so.3", "libmimalloc.so.2" },
	.makers = 70,
	.throwers = 11,
	.failers = 3,
};

FIXTURE_VARIANT_ADD(library, tbbmalloc){
	.name = { "libtbbmalloc_proxy.so.2" },
	.makers = 9,
	.throwers = 2,
};

static bool find_preload(const char *const *name, char *preload, size_t size)
{
	int i;

	*preload = 0;
	for (i = 0; i < 2 && name[i]; i++) {
		snprintf(preload, size, "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/%s", name[i]);
		if (!access(strchr(preload, '/'), R_OK))
			return true;
	}
	return !name[0];
}

FIXTURE_SETUP(library)
{
	char preload[256];

	mst_fresh();
	if (!find_preload(variant->name, preload, sizeof(preload)))
		SKIP(return, "%s is not installed", variant->name[0]);
	if (*preload)
		mst_spawn(&self->prog, preload, "make_by", NULL);
	else
		mst_spawn(&self->prog, "make_by", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_line(self->id, self->line, sizeof(self->line));
}

FIXTURE_TEARDOWN(library)
{
	mst_fresh();
}

/*
 * The rows are exactly the blocks that are kept, and each block was counted once.
 *
 * Return: the number of blocks that the function has made; -1 if they were not traced exactly.
 */
static long long make_blocks(struct mst_program *prog, int id, const char *name)
{
	long long made = prog->failed, counted = mst_stat(id, "allocated");

	mst_step(prog, name);
	made = prog->failed - made;
	counted = mst_stat(id, "allocated") - counted;
	if (mst_exact(prog) && counted == made)
		return made;
	mst_say("%s: %lld blocks made, %lld counted", name, made, counted);
	return -1;
}

/* Return: how many functions of @names there are; -1 if one is not traced exactly. */
static int step_all(struct mst_program *prog, int id, const char *const *names)
{
	bool good = true;
	long long made;
	int nr = 0;

	for (; *names; names++) {
		made = make_blocks(prog, id, *names);
		good &= made >= 0;
		nr += made > 0;
	}
	return good ? nr : -1;
}

#define EXPECT_ALL(least, names)                                  \
	do {                                                      \
		int nr_ = step_all(&self->prog, self->id, names); \
		EXPECT_GE(nr_, (int)(least));                     \
		EXPECT_EQ(0, mst_stat(self->id, "unknown_free")); \
		EXPECT_EQ(0, mst_stat(self->id, "unseen_free"));  \
		EXPECT_EQ(0, mst_stat(self->id, "replaced"));     \
		EXPECT_EQ(0, mst_stat(self->id, "uncertain"));    \
		EXPECT_TRUE(mst_sound(self->id));                 \
		EXPECT_EQ(0, mst_end(&self->prog));               \
	} while (0)

/* Stepped probes cost two exceptions instead of one. */
TEST_F(library, has_no_stepped_probe)
{
	if (!mst_has_exits())
		SKIP(return, "this kernel executes an instruction again that a probe has executed");
	EXPECT_LACKS(self->line, " stepped");
	EXPECT_CONTAINS(self->line, " executed");
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(library, records_blocks_of_each_function_once)
{
	EXPECT_ALL(variant->makers, makers);
}

TEST_F(library, records_blocks_of_each_function_that_may_throw)
{
	/* glibc's are those of libstdc++, which call malloc. */
	if (variant->name[0] && !strstr(self->line, " _Znwm "))
		SKIP(return, "functions that may throw cannot be followed here");
	EXPECT_ALL(variant->throwers, throwers);
}

TEST_F(library, drops_blocks_that_a_failing_function_frees)
{
	if (!variant->failers)
		SKIP(return, "it has no such function");
	EXPECT_ALL(variant->failers, failers);
	EXPECT_EQ(0, self->prog.count);
}

FIXTURE(copy)
{
	struct mst_program prog;
	int id;
	char line[16384];
};

FIXTURE_SETUP(copy)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(copy)
{
	mst_fresh();
}

TEST_F(copy, of_a_string_is_recorded_by_malloc)
{
	mst_spawn(&self->prog, "copies", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_line(self->id, self->line, sizeof(self->line));
	EXPECT_LACKS(self->line, "strdup");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Copies are made by the object with the sanitizer's runtime, and are the rows. */
static bool copies_are_exact(struct mst_program *prog, const char *program, const char *object)
{
	char line[16384], probe[64];
	bool good;
	int id;

	mst_spawn(prog, program, NULL);
	id = mst_attach(prog->pid);
	mst_line(id, line, sizeof(line));
	snprintf(probe, sizeof(probe), " strdup %s", object);
	good = strstr(line, probe) && !strstr(line, " strdup libc");
	snprintf(probe, sizeof(probe), " strndup %s", object);
	good = good && strstr(line, probe);
	if (!good)
		mst_say("expected strdup and strndup of %s only in: %s", object, line);
	mst_step(prog, "go");
	good = mst_exact(prog) && !mst_stat(id, "unknown_free") && good;
	return !mst_end(prog) && good;
}

TEST_F(copy, of_a_string_is_recorded_in_a_sanitizer)
{
	if (access(mst_here("programs/copies_asan"), X_OK))
		SKIP(return, "the compiler has no AddressSanitizer");
	EXPECT_TRUE(copies_are_exact(&self->prog, "copies_asan", "libasan.so"));
}

TEST_F(copy, of_a_string_is_recorded_in_a_program_with_a_sanitizer)
{
	if (access(mst_here("programs/copies_asan_inside"), X_OK))
		SKIP(return, "the compiler has no AddressSanitizer");
	EXPECT_TRUE(copies_are_exact(&self->prog, "copies_asan_inside", "copies_asan_inside+0x"));
}

TEST_F(copy, of_a_string_obeys_limits_of_sizes)
{
	if (access(mst_here("programs/copies_asan"), X_OK))
		SKIP(return, "the compiler has no AddressSanitizer");
	mst_spawn(&self->prog, "copies_asan", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d min=5 max=1000", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	/* Two copies of 5 bytes, and 77 bytes. */
	EXPECT_EQ(3, (int)mst_rows_count(self->id));
	/* Copies of 1, 3, 4 and 1001 bytes. */
	EXPECT_EQ(4, mst_stat(self->id, "filtered"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
