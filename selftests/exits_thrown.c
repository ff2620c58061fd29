// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions that leave operator new, with each allocator: a traced program prints and returns what
 * it does if it is not traced, and the blocks that it allocates afterwards are listed with their
 * callers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"

FIXTURE(thrown)
{
	struct mst_program prog;
	char preload[256];
};

FIXTURE_VARIANT(thrown)
{
	/* The preloaded allocator under the names of its versions; NULL for glibc's own. */
	const char *library[2];
};

FIXTURE_VARIANT_ADD(thrown, glibc){ .library = { NULL } };
FIXTURE_VARIANT_ADD(thrown, jemalloc){ .library = { "libjemalloc.so.2" } };
FIXTURE_VARIANT_ADD(thrown, tcmalloc_minimal){ .library = { "libtcmalloc_minimal.so.4" } };
FIXTURE_VARIANT_ADD(thrown, tcmalloc){ .library = { "libtcmalloc.so.4" } };
FIXTURE_VARIANT_ADD(thrown, mimalloc){ .library = { "libmimalloc.so.3", "libmimalloc.so.2" } };

static bool find_preload(const char *const *library, char *preload, size_t size)
{
	int i;

	snprintf(preload, size, "PRELOAD=none");
	for (i = 0; i < 2 && library[i]; i++) {
		snprintf(preload, size, "LD_PRELOAD=" LIBRARIES "%s", library[i]);
		if (!access(strchr(preload, '/'), R_OK))
			return true;
	}
	return !library[0];
}

FIXTURE_SETUP(thrown)
{
	mst_fresh();
	if (!find_preload(variant->library, self->preload, sizeof(self->preload)))
		SKIP(return, "%s is not installed", variant->library[0]);
}

FIXTURE_TEARDOWN(thrown)
{
	mst_fresh();
}

static void run_untraced(struct mst_program *prog, const char *preload, const char *name,
			 struct mst_end *end)
{
	mst_spawn_logged(prog, preload, "thrown", name, NULL);
	mst_go(prog, "go");
	mst_end_logged(prog, end);
}

/* The address of keep_by_new() in the file of the program, from the first line. */
static unsigned long place_of_caller(const char *log)
{
	unsigned long place;

	if (sscanf(log, "keep_by_new at +0x%lx\n", &place) != 1)
		mst_die("no address in the first line of: %s", log);
	return place;
}

/*
 * Each stack starts in keep_by_new(), which has less than 256 bytes, or in an operator new that it
 * calls and that calls malloc: that of libstdc++ and of jemalloc 5.2.
 */
static bool names_the_caller(int id, unsigned long place)
{
	char *stacks = mst_stacks(id), *line = stacks;
	unsigned long at = 0;
	const char *frame;
	bool named = *stacks;

	for (; named && *line; line = strchr(line, '\n') + 1) {
		frame = strstr(line, " < ");
		if (frame && !strncmp(frame, " < lib", 6))
			frame = strstr(frame + 1, " < ");
		named = frame && sscanf(frame, " < thrown+0x%lx", &at) == 1 && at > place &&
			at < place + 256;
	}
	if (!named)
		mst_say("expected all stacks to start at thrown+0x%lx: %s", place, stacks);
	free(stacks);
	return named;
}

/* The kept blocks are exact and have the right caller; without exit probes, new is not traced. */
static bool lists_blocks(const struct mst_program *prog, const char *log)
{
	int id = mst_id(prog->pid);

	if (!mst_has_exits())
		return true;
	return mst_exact(prog) && mst_sound(id) && names_the_caller(id, place_of_caller(log));
}

static bool runs_as(const struct mst_end *want, struct mst_program *prog, const char *preload,
		    const char *name, const char *exits)
{
	struct mst_end got;
	bool good = true;

	mst_spawn_logged(prog, preload, "thrown", name, NULL);
	if (mst_command("attach %d %s", prog->pid, exits))
		mst_die("attach with %s: %s", exits, mst_refusal);
	mst_go(prog, "go");
	if (!want->status) {
		mst_wait_done(prog);
		good = lists_blocks(prog, want->log);
	}
	mst_end_logged(prog, &got);
	good = mst_same_end(want, &got) && good;
	if (!good)
		mst_say("%s with %s: %s", name, exits, mst_text("control"));
	free(got.log);
	return good;
}

/* Runs a case of the program untraced and with each mode of attach. */
static bool runs_as_untraced(struct mst_program *prog, const char *preload, const char *name)
{
	struct mst_end want;
	bool good;

	run_untraced(prog, preload, name, &want);
	good = runs_as(&want, prog, preload, name, mst_has_exits() ? "exits=needed" : "");
	if (mst_has_exits())
		good = runs_as(&want, prog, preload, name, "exits=always") && good;
	free(want.log);
	return good;
}

TEST_F(thrown, each_form_of_new_throws_as_if_untraced)
{
	EXPECT_TRUE(runs_as_untraced(&self->prog, self->preload, "huge"));
}

TEST_F(thrown, new_handler_throws_as_if_untraced)
{
	EXPECT_TRUE(runs_as_untraced(&self->prog, self->preload, "handler"));
}

TEST_F(thrown, lack_of_memory_throws_as_if_untraced)
{
	EXPECT_TRUE(runs_as_untraced(&self->prog, self->preload, "limit"));
}

TEST_F(thrown, threads_throw_as_if_untraced)
{
	EXPECT_TRUE(runs_as_untraced(&self->prog, self->preload, "threads"));
}

TEST_F(thrown, uncaught_exception_ends_the_program_as_if_untraced)
{
	EXPECT_TRUE(runs_as_untraced(&self->prog, self->preload, "uncaught"));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
