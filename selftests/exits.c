// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exit probes for every function (exits=always): counts and stacks are those of return probes, for
 * each function, for calls that are left by longjmp, nested, interrupted or in progress, in
 * children, and for targets that share the probes.
 */
#include <gnu/libc-version.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(exits)
{
	struct mst_program prog, other;
	int id;
};

FIXTURE_SETUP(exits)
{
	mst_fresh();
	if (!mst_has_exits())
		SKIP(return, "the kernel does not support exit probes");
}

FIXTURE_TEARDOWN(exits)
{
	mst_fresh();
}

static int attach_with(pid_t pid, const char *exits)
{
	if (mst_command("attach %d exits=%s", pid, exits))
		mst_die("attach %d exits=%s: %s", pid, exits, mst_refusal);
	return mst_id(pid);
}

/* Control shows for each function its number of exit probes or, if @word is set, that word. */
static bool has_exits(int id, const char *const *functions, const char *word)
{
	char line[16384], head[128], found[32];
	const char *at;

	if (!mst_line(id, line, sizeof(line)))
		mst_die("no target %d", id);
	for (; *functions; functions++) {
		snprintf(head, sizeof(head), " %s %s+0x", *functions, mst_libc());
		at = strstr(line, head);
		if (!at || sscanf(at + strlen(head), "%*x %*s exits=%31[^, ]", found) != 1 ||
		    (word ? !!strcmp(found, word) : atoi(found) < 1)) {
			mst_say("expected exits=%s of %s: %s", word ? word : "1 or more",
				*functions, line);
			return false;
		}
	}
	return true;
}

/* Before glibc 2.34, some functions end with a jump to a hook. */
TEST_F(exits, are_found_for_the_functions_of_libc)
{
	static const char *const without_hook[] = {
		"calloc", "posix_memalign", "mmap", "mremap", "shmat", "brk", "sbrk", NULL
	};
	static const char *const with_hook[] = { "malloc", "realloc", "reallocarray",
						 "valloc", "pvalloc", NULL };
	bool has_hooks = strverscmp(gnu_get_libc_version(), "2.34") < 0;
	char line[16384];

	mst_spawn(&self->prog, "mix", "all", "1", NULL);
	self->id = attach_with(self->prog.pid, "always");
	EXPECT_TRUE(has_exits(self->id, without_hook, NULL));
	EXPECT_TRUE(has_exits(self->id, with_hook, has_hooks ? "computed_jump" : NULL));
	mst_line(self->id, line, sizeof(line));
	EXPECT_CONTAINS(line, " tracing exits=always: ");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(exits, are_not_used_where_return_probes_are_harmless)
{
	char line[16384], *mremap;

	mst_spawn(&self->prog, "mix", "all", "1", NULL);
	self->id = attach_with(self->prog.pid, "needed");
	mst_line(self->id, line, sizeof(line));
	/* Its only place may be an instruction that is executed only without a return probe. */
	mremap = strstr(line, " mremap ");
	if (mremap)
		memset(mremap, '-', strcspn(mremap, ","));
	EXPECT_LACKS(line, " exits=");
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* === The same results as with return probes === */

static const char *const counters[] = { "allocated", "freed",	  "reallocated", "failed",
					"nested",    "uncertain", "unknown_free" };
#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

struct results {
	char *stacks;
	long long counter[COUNTERS];
};

static bool run_and_read(struct mst_program *prog, const char *const *words, const char *exits,
			 struct results *results)
{
	bool exact;
	size_t i;
	int id;

	/* How many mappings glibc makes depends on their addresses. */
	personality(ADDR_NO_RANDOMIZE);
	mst_spawnv(prog, words);
	id = attach_with(prog->pid, exits);
	mst_step(prog, "go");
	exact = mst_exact(prog) && mst_sound(id);
	if (!exact)
		mst_say("%s %s with exits=%s is not exact", words[0], words[1], exits);
	results->stacks = mst_stacks(id);
	for (i = 0; i < COUNTERS; i++)
		results->counter[i] = mst_stat(id, counters[i]);
	return mst_ends_well(prog) && exact;
}

static bool has_same_results(struct mst_program *prog, const char *const *words)
{
	struct results needed, always;
	bool good;
	size_t i;

	good = run_and_read(prog, words, "needed", &needed);
	good = run_and_read(prog, words, "always", &always) && good;
	for (i = 0; i < COUNTERS; i++)
		if (needed.counter[i] != always.counter[i]) {
			mst_say("%s %s: %s is %lld with exits=needed, %lld with exits=always",
				words[0], words[1], counters[i], needed.counter[i],
				always.counter[i]);
			good = false;
		}
	if (strcmp(needed.stacks, always.stacks)) {
		mst_say("%s %s: stacks with exits=needed:\n%s\nwith exits=always:\n%s", words[0],
			words[1], needed.stacks, always.stacks);
		good = false;
	}
	free(needed.stacks);
	free(always.stacks);
	return good;
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define SAME_RESULTS(name, ...)                                                 \
	TEST_F(exits, give_the_same_results_for_##name)                         \
	{                                                                       \
		EXPECT_TRUE(has_same_results(&self->prog, WORDS(__VA_ARGS__))); \
	}

SAME_RESULTS(each_function, "mix", "all", "1")
SAME_RESULTS(functions_of_a_static_program, "mix_static", "all", "1")
SAME_RESULTS(mappings_of_each_kind, "edge", "kinds")
SAME_RESULTS(large_blocks, "edge", "big")
SAME_RESULTS(a_failing_realloc, "edge", "realloc_fails")
SAME_RESULTS(exceptions_through_callers, "throws", "frames")
SAME_RESULTS(a_throwing_new_handler, "throws", "handler")
SAME_RESULTS(tail_calls, "toy", "tail_call")
SAME_RESULTS(tail_calls_to_a_library, "toy_apart", "tail_call")
SAME_RESULTS(mappings_as_blocks, "toy", "munmap_of_malloc")
SAME_RESULTS(a_realloc_left_by_longjmp, "toy_apart", "longjmp_realloc")
SAME_RESULTS(calls_left_by_longjmp, "toy_apart", "longjmp_often")
SAME_RESULTS(calls_within_a_call, "toy", "signal_allocates")
SAME_RESULTS(an_allocator_that_jumps_to_another, "own_tail", "malloc")
SAME_RESULTS(an_allocator_that_calls_another, "own_calls", "malloc")

/* === Exact === */

static bool is_exact_after_steps(struct mst_program *prog, const char *const *words, int steps)
{
	bool exact = true;
	int id;

	mst_spawnv(prog, words);
	id = attach_with(prog->pid, "always");
	while (steps--) {
		mst_step(prog, "go");
		exact = mst_exact(prog) && mst_sound(id) && exact;
	}
	if (!exact)
		mst_say("%s %s is not exact", words[0], words[1]);
	return mst_ends_well(prog) && exact;
}

#define EXACT(name, steps, ...)                                                            \
	TEST_F(exits, are_exact_##name)                                                    \
	{                                                                                  \
		EXPECT_TRUE(is_exact_after_steps(&self->prog, WORDS(__VA_ARGS__), steps)); \
	}

EXACT(in_eight_threads, 1, "mix", "all", "8")
EXACT(in_a_storm_of_reallocs, 1, "MALLOC_ARENA_MAX=1", "storm", "4", "1000")
EXACT(in_threads_whose_first_call_is_a_free, 1, "edge", "first_free")
EXACT(after_longjmp_deeper, 1, "toy", "longjmp_deeper")
EXACT(after_longjmp_at_the_same_depth, 1, "toy", "longjmp_same")
EXACT(after_longjmp_shallower, 1, "toy", "longjmp_shallower")
EXACT(after_longjmp_over_a_hole, 1, "toy", "longjmp_hole")
EXACT(after_longjmp_within_realloc, 1, "toy", "longjmp_within")
EXACT(after_longjmp_deeper_apart, 1, "toy_apart", "longjmp_deeper")
EXACT(after_longjmp_at_the_same_depth_apart, 1, "toy_apart", "longjmp_same")
EXACT(after_longjmp_over_a_hole_apart, 1, "toy_apart", "longjmp_hole")
EXACT(after_longjmp_within_realloc_apart, 1, "toy_apart", "longjmp_within")
EXACT(in_an_allocator_with_tail_calls, 3, "own_tail")
EXACT(in_an_allocator_with_calls, 3, "own_calls")
EXACT(in_an_allocator_without_unwind_data, 1, "own_bare")
EXACT(in_an_allocator_library, 3, "own_library")
EXACT(in_an_allocator_that_jumps_to_libc, 1, "own_jump", "malloc")
EXACT(in_nested_calls, 1, "toy", "nested")
EXACT(on_alternate_stacks_of_handlers, 1, "altstack")

/* === Calls in progress === */

static int spawn_within_call(struct mst_program *prog, const char *name)
{
	int id;

	mst_spawn(prog, "toy_apart", name, NULL);
	id = attach_with(prog->pid, "always");
	mst_step(prog, "go");
	return id;
}

TEST_F(exits, of_a_call_in_progress_are_exact)
{
	self->id = spawn_within_call(&self->prog, "paused_realloc");
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "on");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The call returns through the original instruction, and leaves no record. */
TEST_F(exits, are_removed_from_a_call_in_progress)
{
	self->id = spawn_within_call(&self->prog, "paused_malloc");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(0, mst_stat(0, "probes"));
	mst_step(&self->prog, "on");
	EXPECT_EQ(1, mst_rows_count(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The exit of a call that was entered before the attach is not that of another one. */
TEST_F(exits, of_a_call_from_before_the_attach_record_nothing)
{
	mst_spawn(&self->prog, "toy_apart", "paused_malloc", NULL);
	mst_step(&self->prog, "go");
	self->id = attach_with(self->prog.pid, "always");
	mst_step(&self->prog, "on");
	EXPECT_EQ(0, mst_rows_count(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(exits, of_a_killed_target_leave_its_block)
{
	self->id = spawn_within_call(&self->prog, "paused_realloc");
	kill(self->prog.pid, SIGKILL);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_kill(&self->prog);
}

TEST_F(exits, in_a_child_forked_within_a_call_do_no_harm)
{
	self->id = spawn_within_call(&self->prog, "forked_within");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The child compares what its calls return, which go through the inherited breakpoints. */
TEST_F(exits, in_a_forked_child_do_no_harm)
{
	mst_spawn(&self->prog, "fork_exec", "fork", NULL);
	self->id = attach_with(self->prog.pid, "always");
	mst_step(&self->prog, "fork");
	mst_step(&self->prog, "both");
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "again");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	mst_step(&self->prog, "see off");
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(exits, end_with_an_exec)
{
	char mix[512];

	snprintf(mix, sizeof(mix), "%s", mst_here("programs/mix"));
	mst_spawn(&self->prog, "fork_exec", "exec", mix, "all", "2", NULL);
	self->id = attach_with(self->prog.pid, "always");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_go(&self->prog, "exec");
	mst_wait_ready(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exec"));
	attach_with(self->prog.pid, "always");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* A return that the module executes would not take its address off the shadow stack. */
TEST_F(exits, are_exact_with_a_shadow_stack)
{
	if (system("grep -qw user_shstk /proc/cpuinfo"))
		SKIP(return, "the kernel or the processor has no shadow stacks for programs");
	EXPECT_TRUE(is_exact_after_steps(&self->prog, WORDS("shadow_stack"), 1));
}

/* === Two targets in the same libc === */

static void spawn_steady(struct mst_program *prog)
{
	mst_spawn(prog, "torture_steady", "60", mst_here("programs/libone.so"), NULL);
}

static bool is_exact_again(struct mst_program *prog)
{
	bool exact;

	mst_step(prog, "count");
	exact = mst_exact(prog) && mst_sound(mst_id(prog->pid));
	mst_step(prog, "forget");
	return mst_exact(prog) && exact;
}

/* Return: true if both are exact together, and each one alone after the other's end. */
static bool are_exact_together(struct mst_program *prog, struct mst_program *other,
			       const char *first, const char *then)
{
	bool exact;

	spawn_steady(prog);
	spawn_steady(other);
	attach_with(prog->pid, first);
	exact = is_exact_again(prog);
	attach_with(other->pid, then);
	exact = is_exact_again(prog) && is_exact_again(other) && exact;
	if (mst_command("detach %d", prog->pid))
		mst_die("%s", mst_refusal);
	exact = is_exact_again(other) && exact;
	mst_step(prog, "count");
	mst_step(prog, "forget");
	attach_with(prog->pid, then);
	exact = is_exact_again(prog) && is_exact_again(other) && exact;
	if (mst_command("detach all") || mst_stat(0, "probes"))
		mst_die("expected no probe after detach all, there are %lld: %s",
			mst_stat(0, "probes"), mst_refusal);
	return mst_ends_well(prog) && mst_ends_well(other) && exact;
}

TEST_F(exits, are_exact_beside_a_target_without_them)
{
	EXPECT_TRUE(are_exact_together(&self->prog, &self->other, "always", "needed"));
}

TEST_F(exits, are_exact_behind_a_target_without_them)
{
	EXPECT_TRUE(are_exact_together(&self->prog, &self->other, "needed", "always"));
}

/* calloc begins with a push in each glibc, so its breakpoint has one place. */
TEST_F(exits, are_busy_where_return_probes_of_another_target_take_the_only_place)
{
	static const char *const functions[] = { "calloc", NULL };

	mst_spawn(&self->prog, "mix", "all", "2", NULL);
	mst_spawn(&self->other, "mix", "all", "2", NULL);
	attach_with(self->prog.pid, "needed");
	EXPECT_TRUE(has_exits(attach_with(self->other.pid, "always"), functions, "busy"));
	/* Without the first target, the same attach has them. */
	ASSERT_ACCEPTED(mst_command("detach all"));
	EXPECT_TRUE(has_exits(attach_with(self->other.pid, "always"), functions, NULL));
	mst_kill(&self->prog);
	mst_kill(&self->other);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
