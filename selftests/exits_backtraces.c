// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets that walk their own stacks within malloc: a traced program sees the same frames as an
 * untraced one. The programs are an allocator that calls backtrace(), the heap profilers of
 * allocators, and programs built with sanitizers.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"

/* In these targets, exit probes are needed for all functions: both have the same effect. */
static const char *const modes[] = { "", "exits=always" };

static void spawn_and_attach(struct mst_program *prog, const char *setting, const char *program,
			     const char *name, const char *mode)
{
	if (setting)
		mst_spawn_logged(prog, setting, program, name, NULL);
	else
		mst_spawn_logged(prog, program, name, NULL);
	if (mode && mst_command("attach %d %s", prog->pid, mode))
		mst_die("attach %s: %s", mode, mst_refusal);
}

/* Runs a step of the program untraced (@mode is NULL) or traced, when its blocks must be exact. */
static bool run_step(struct mst_program *prog, const char *program, const char *mode,
		     struct mst_end *end)
{
	bool exact;

	spawn_and_attach(prog, NULL, program, NULL, mode);
	mst_step(prog, "go");
	exact = !mode || (mst_exact(prog) && mst_sound(mst_id(prog->pid)));
	if (!exact)
		mst_say("%s: %s", mode, mst_text("control"));
	mst_end_logged(prog, end);
	return exact;
}

FIXTURE(hooked)
{
	struct mst_program prog;
	struct mst_end want, got;
};

FIXTURE_VARIANT(hooked)
{
	const char *program;
};

FIXTURE_VARIANT_ADD(hooked, library){ .program = "hooked" };
FIXTURE_VARIANT_ADD(hooked, program){ .program = "hooked_own" };

FIXTURE_SETUP(hooked)
{
	mst_fresh();
	if (!mst_has_exits())
		SKIP(return, "the kernel does not support exit probes");
}

FIXTURE_TEARDOWN(hooked)
{
	mst_fresh();
}

TEST_F(hooked, allocator_sees_the_frames_that_it_sees_if_untraced)
{
	int i;

	run_step(&self->prog, variant->program, NULL, &self->want);
	EXPECT_EQ(0, self->want.status);
	EXPECT_COUNT(3 * 8 + 2, self->want.log, "\n");
	EXPECT_COUNT(8 * 6 + 8 * 3, self->want.log, " < take_deep+0x");
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(run_step(&self->prog, variant->program, modes[i], &self->got));
		EXPECT_TRUE(mst_same_end(&self->want, &self->got));
	}
}

FIXTURE(profiled)
{
	struct mst_program prog;
};

struct profiler {
	const char *library;
	const char *setting; /* a printf format with the start of the profile's path */
	const char *pattern; /* what is behind this start */
};

static const struct profiler jemalloc = {
	.library = "libjemalloc.so.2",
	.setting = "MALLOC_CONF=prof:true,lg_prof_sample:0,prof_final:true,prof_prefix:%s",
	.pattern = ".*.0.f.heap",
};

static const struct profiler tcmalloc = {
	.library = "libtcmalloc.so.4",
	.setting = "HEAPPROFILE=%s",
	.pattern = ".0001.heap",
};

FIXTURE_VARIANT(profiled)
{
	const struct profiler *by;
};

FIXTURE_VARIANT_ADD(profiled, by_jemalloc){ .by = &jemalloc };
FIXTURE_VARIANT_ADD(profiled, by_tcmalloc){ .by = &tcmalloc };

FIXTURE_SETUP(profiled)
{
	char path[128];

	mst_fresh();
	snprintf(path, sizeof(path), LIBRARIES "%s", variant->by->library);
	if (access(path, R_OK))
		SKIP(return, "%s is not installed", variant->by->library);
	if (!mst_has_exits())
		SKIP(return, "the kernel does not support exit probes");
}

FIXTURE_TEARDOWN(profiled)
{
	mst_fresh();
}

/* Returns the profile up to the list of mappings, with all addresses; removes its file. */
static char *take_profile(const char *start, const char *pattern)
{
	char path[256], *text, *end;
	glob_t found;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", start, pattern);
	if (glob(path, 0, NULL, &found) || found.gl_pathc != 1)
		mst_die("expected one file %s", path);
	f = fopen(found.gl_pathv[0], "r");
	text = mst_text_of(fileno(f));
	fclose(f);
	unlink(found.gl_pathv[0]);
	globfree(&found);
	end = strstr(text, "MAPPED_LIBRARIES");
	if (!end)
		mst_die("no list of mappings in the profile: %s", text);
	*end = 0;
	return text;
}

/* Runs the program, untraced if @mode is NULL, and puts its profile into the log. */
static void run_profiled(struct mst_program *prog, const struct profiler *by, const char *mode,
			 struct mst_end *end)
{
	char preload[128], start[128], all[256];

	snprintf(preload, sizeof(preload), "LD_PRELOAD=" LIBRARIES "%s", by->library);
	snprintf(start, sizeof(start), "%s/profile", mst_scratch());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(all, sizeof(all), by->setting, start);
#pragma GCC diagnostic pop
	mst_spawn_logged(prog, preload, all, "thrown", "huge", NULL);
	if (mode && mst_command("attach %d %s", prog->pid, mode))
		mst_die("attach %s: %s", mode, mst_refusal);
	mst_step(prog, "go");
	mst_end_logged(prog, end);
	if (end->status)
		mst_die("the program ended with wait status 0x%x: %s", end->status, end->log);
	free(end->log);
	end->log = take_profile(start, by->pattern);
}

TEST_F(profiled, program_has_the_profile_that_it_has_if_untraced)
{
	struct mst_end want, got;

	run_profiled(&self->prog, variant->by, NULL, &want);
	EXPECT_GE(mst_count(want.log, "@ 0x"), 6);
	run_profiled(&self->prog, variant->by, "", &got);
	EXPECT_TRUE(mst_same_end(&want, &got));
}

FIXTURE(sanitized)
{
	struct mst_program prog;
	struct mst_end want, got;
};

FIXTURE_VARIANT(sanitized)
{
	const char *program;
	const char *settings;
	int status; /* with which it exits if it has leaked */
};

FIXTURE_VARIANT_ADD(sanitized, by_address){
	.program = "sanitized_address",
	.settings = "ASAN_OPTIONS=",
	.status = 1,
};

/* Walks by unwind data instead of frame pointers. */
FIXTURE_VARIANT_ADD(sanitized, by_address_slowly){
	.program = "sanitized_address",
	.settings = "ASAN_OPTIONS=fast_unwind_on_malloc=0",
	.status = 1,
};

FIXTURE_VARIANT_ADD(sanitized, by_leak){
	.program = "sanitized_leak",
	.settings = "LSAN_OPTIONS=",
	.status = 23,
};

FIXTURE_SETUP(sanitized)
{
	char path[64];

	mst_fresh();
	snprintf(path, sizeof(path), "programs/%s", variant->program);
	if (access(mst_here(path), X_OK))
		SKIP(return, "no compiler with the sanitizer when the tests were built");
	if (!mst_has_exits())
		SKIP(return, "the kernel does not support exit probes");
}

FIXTURE_TEARDOWN(sanitized)
{
	mst_fresh();
}

TEST_F(sanitized, program_has_the_leak_report_that_it_has_if_untraced)
{
	spawn_and_attach(&self->prog, variant->settings, variant->program, "leak", NULL);
	mst_step(&self->prog, "go");
	mst_end_logged(&self->prog, &self->want);
	EXPECT_EQ(variant->status << 8, self->want.status);
	EXPECT_CONTAINS(self->want.log, "1140 byte(s) leaked in 5 allocation(s)");
	EXPECT_COUNT(15, self->want.log, " in leak_at_depth ");
	spawn_and_attach(&self->prog, variant->settings, variant->program, "leak", "");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
	mst_end_logged(&self->prog, &self->got);
	EXPECT_TRUE(mst_same_end(&self->want, &self->got));
}

TEST_F(sanitized, program_reports_a_use_after_free_as_if_untraced)
{
	if (strcmp(variant->settings, "ASAN_OPTIONS="))
		SKIP(return, "found by AddressSanitizer only; its walks are tested by its leaks");
	spawn_and_attach(&self->prog, variant->settings, variant->program, "use_after_free", NULL);
	mst_go(&self->prog, "go");
	mst_end_logged(&self->prog, &self->want);
	EXPECT_EQ(1 << 8, self->want.status);
	EXPECT_CONTAINS(self->want.log, "heap-use-after-free on address");
	EXPECT_COUNT(3, self->want.log, " in read_freed_block ");
	spawn_and_attach(&self->prog, variant->settings, variant->program, "use_after_free", "");
	mst_go(&self->prog, "go");
	mst_end_logged(&self->prog, &self->got);
	EXPECT_TRUE(mst_same_end(&self->want, &self->got));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
