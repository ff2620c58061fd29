// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the allocators of a process and refusing programs that cannot be traced: static
 * programs, other C libraries, preloaded allocators, scripts, programs without an allocator, 32-bit
 * and deleted programs, and objects with malformed headers.
 */
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

/* The functions that both jemalloc and tcmalloc define. */
#define COMMON "malloc,calloc,realloc,posix_memalign,aligned_alloc,memalign,valloc,mmap"

FIXTURE(allocator)
{
	struct mst_program prog;
	char line[16384];
};

FIXTURE_SETUP(allocator)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(allocator)
{
	mst_fresh();
}

static bool is_built(const char *name)
{
	return access(mst_here(name), X_OK) == 0;
}

static void attach_and_read_line(struct mst_program *prog, char *line, size_t size)
{
	mst_attach(prog->pid);
	mst_line(mst_id(prog->pid), line, size);
}

/* Runs the program to its end: its blocks are those listed, and the report is consistent. */
static bool runs_exactly(struct mst_program *prog)
{
	bool exact;

	mst_step(prog, "go");
	exact = mst_exact(prog) && mst_sound(mst_id(prog->pid));
	return mst_ends_well(prog) && exact;
}

/*
 * A probe on an instruction that is emulated by the kernel, or executed by the probe, costs one
 * exception; a stepped one costs two. Return: true if none is stepped but those of functions that
 * are called rarely, or if the kernel needs that.
 */
static bool is_cheap(const char *line)
{
	static const char *const rare[] = { "mremap", "shmat", "brk", "sbrk" };
	size_t i, stepped = mst_count(line, " stepped");
	char name[16];
	const char *at;

	for (i = 0; i < sizeof(rare) / sizeof(rare[0]); i++) {
		snprintf(name, sizeof(name), " %s ", rare[i]);
		at = strstr(line, name);
		at = at ? strstr(at, " stepped") : NULL;
		stepped -= at &&
			   strcspn(strstr(line, name), ",") > (size_t)(at - strstr(line, name));
	}
	if (!mst_has_exits() || !stepped)
		return true;
	mst_say("a probe is stepped: %s", line);
	return false;
}

/* Before glibc 2.34, free() starts by allocating its frame, which the kernel does not emulate. */
TEST_F(allocator, common_functions_of_glibc_are_emulated)
{
	static const char *const functions[] = { "malloc", "calloc", "realloc", "free" };
	size_t i, count = strverscmp(gnu_get_libc_version(), "2.34") < 0 ? 3 : 4;
	char probe[64];
	const char *at;

	mst_spawn(&self->prog, "mix", "all", "2", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	for (i = 0; i < count; i++) {
		snprintf(probe, sizeof(probe), " %s %s+0x", functions[i], mst_libc());
		at = strstr(self->line, probe);
		EXPECT_NE(NULL, at)
		{
			TH_LOG("%s in %s", probe, self->line);
		}
		if (at) {
			at = strchr(at + strlen(probe), ' ');
			EXPECT_EQ(0, strncmp(at, " emulated", 9))
			{
				TH_LOG("%s", self->line);
			}
		}
	}
	EXPECT_TRUE(is_cheap(self->line));
	EXPECT_EQ(mst_has_exits(), !!strstr(self->line, " executed"));
	EXPECT_TRUE(runs_exactly(&self->prog));
}

TEST_F(allocator, names_with_one_address_share_one_probe)
{
	char offset[16][32], libc[64], format[80], *at;
	int i, j, count = 0;

	mst_spawn(&self->prog, "mix", "all", "2", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	snprintf(libc, sizeof(libc), " %s+0x", mst_libc());
	snprintf(format, sizeof(format), "%s%%31[0-9a-f]", libc);
	for (at = self->line; (at = strstr(at, libc)) && count < 16; at++)
		sscanf(at, format, offset[count++]);
	EXPECT_GE(count, 10);
	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			EXPECT_STRNE(offset[i], offset[j]);
	mst_kill(&self->prog);
}

TEST_F(allocator, static_glibc_is_traced_exactly)
{
	mst_spawn(&self->prog, "mix_static", "all", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " malloc mix_static+0x");
	EXPECT_TRUE(is_cheap(self->line));
	EXPECT_TRUE(runs_exactly(&self->prog));
}

TEST_F(allocator, musl_is_traced_exactly)
{
	if (!is_built("programs/mix_musl"))
		SKIP(return, "no musl-gcc when the tests were built");
	mst_spawn(&self->prog, "mix_musl", "all", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " malloc ");
	EXPECT_TRUE(is_cheap(self->line));
	EXPECT_TRUE(runs_exactly(&self->prog));
}

TEST_F(allocator, static_musl_is_traced_exactly)
{
	if (!is_built("programs/mix_musl_static"))
		SKIP(return, "no musl-gcc when the tests were built");
	mst_spawn(&self->prog, "mix_musl_static", "all", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " malloc mix_musl_static+0x");
	EXPECT_TRUE(is_cheap(self->line));
	EXPECT_TRUE(runs_exactly(&self->prog));
}

TEST_F(allocator, a_static_program_without_free_is_traced_exactly)
{
	if (!is_built("programs/never_frees_musl"))
		SKIP(return, "no musl-gcc when the tests were built");
	mst_spawn(&self->prog, "never_frees_musl", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " malloc never_frees_musl+0x");
	EXPECT_TRUE(is_cheap(self->line));
	EXPECT_LACKS(self->line, " free ");
	EXPECT_TRUE(runs_exactly(&self->prog));
}

/* Its malloc forwards to libc's, which frees the blocks. */
TEST_F(allocator, a_library_without_free_is_not_traced)
{
	char preload[600];

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here("programs/libonly_malloc.so"));
	mst_spawn(&self->prog, preload, "mix", "all", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_LACKS(self->line, "libonly_malloc");
	EXPECT_TRUE(runs_exactly(&self->prog));
}

static bool find_library(const char *name, char *preload, size_t size)
{
	static const char *const dirs[] = { "/usr/lib/x86_64-linux-gnu", "/usr/lib" };
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(preload, size, "LD_PRELOAD=%s/%s", dirs[i], name);
		if (access(strchr(preload, '/'), R_OK) == 0)
			return true;
	}
	return false;
}

static bool preloaded_is_exact(struct mst_program *prog, const char *preload, const char *name)
{
	char line[16384], probe[128];

	mst_spawn(prog, preload, "mix", COMMON, "8", NULL);
	attach_and_read_line(prog, line, sizeof(line));
	/* Control names the file that the library's link points to. */
	snprintf(probe, sizeof(probe), " malloc %s", name);
	if (!strstr(line, probe))
		mst_die("no probe \"%s\" in the target's line: %s", probe, line);
	return is_cheap(line) && runs_exactly(prog);
}

TEST_F(allocator, preloaded_jemalloc_is_traced_exactly)
{
	char preload[256];

	if (!find_library("libjemalloc.so.2", preload, sizeof(preload)))
		SKIP(return, "libjemalloc2 is not installed");
	EXPECT_TRUE(preloaded_is_exact(&self->prog, preload, "libjemalloc.so.2"));
}

TEST_F(allocator, preloaded_tcmalloc_is_traced_exactly)
{
	char preload[256];

	if (!find_library("libtcmalloc_minimal.so.4", preload, sizeof(preload)))
		SKIP(return, "libtcmalloc-minimal4 is not installed");
	EXPECT_TRUE(preloaded_is_exact(&self->prog, preload, "libtcmalloc_minimal.so.4"));
}

/* Functions that begin with instructions of several kinds, which their probes execute. */
TEST_F(allocator, instructions_that_probes_execute_leave_it_exact)
{
	char preload[600];

	if (!mst_has_exits())
		SKIP(return, "this kernel executes an instruction again that a probe has executed");
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here("programs/libexecuted.so"));
	mst_spawn(&self->prog, preload, "mix", "malloc,calloc,realloc,memalign", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_EQ(5, (int)mst_count(self->line, " libexecuted.so+0x"));
	EXPECT_TRUE(is_cheap(self->line));
	EXPECT_CONTAINS(strstr(self->line, " malloc libexecuted.so+0x"), " executed exits=1,");
	EXPECT_TRUE(runs_exactly(&self->prog));
}

/* A sanitizer's allocator, without its checks: the program leaks and asks for too much. */
static bool sanitizer_is_exact(struct mst_program *prog, const char *const *names, const char *name)
{
	static const char options[] = "allocator_may_return_null=1:detect_leaks=0";
	static const char *const variables[] = { "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS" };
	char preload[256];
	bool exact;
	int i;

	while (*names && !find_library(*names, preload, sizeof(preload)))
		names++;
	if (!*names)
		return true;
	for (i = 0; i < 3; i++)
		setenv(variables[i], options, 1);
	exact = preloaded_is_exact(prog, preload, name);
	for (i = 0; i < 3; i++)
		unsetenv(variables[i]);
	return exact;
}

TEST_F(allocator, preloaded_asan_is_traced_exactly)
{
	static const char *const names[] = { "libasan.so.8", "libasan.so.6", NULL };

	EXPECT_TRUE(sanitizer_is_exact(&self->prog, names, "libasan.so"));
}

TEST_F(allocator, preloaded_lsan_is_traced_exactly)
{
	static const char *const names[] = { "liblsan.so.0", NULL };

	EXPECT_TRUE(sanitizer_is_exact(&self->prog, names, "liblsan.so"));
}

TEST_F(allocator, preloaded_tsan_is_traced_exactly)
{
	static const char *const names[] = { "libtsan.so.2", "libtsan.so.0", NULL };

	EXPECT_TRUE(sanitizer_is_exact(&self->prog, names, "libtsan.so"));
}

/* The attach fails with that errno and word; the program runs to its end. */
static bool is_refused(struct mst_program *prog, int err, const char *word)
{
	int got = mst_command("attach %d", prog->pid);
	bool refused = got == err && strstr(mst_refusal, word);

	if (!refused)
		mst_say("expected errno %d and \"%s\", got errno %d: %s", err, word, got,
			mst_refusal);
	return mst_ends_well(prog) && refused && mst_stat(0, "targets") == 0;
}

TEST_F(allocator, a_program_without_an_allocator_is_refused)
{
	mst_spawn(&self->prog, "noalloc", NULL);
	EXPECT_TRUE(is_refused(&self->prog, ENOENT, "alloc"));
}

TEST_F(allocator, a_32_bit_program_is_refused_by_name)
{
	if (!is_built("programs/noalloc32"))
		SKIP(return, "no compiler for 32 bits when the tests were built");
	mst_spawn(&self->prog, "noalloc32", NULL);
	EXPECT_TRUE(is_refused(&self->prog, EOPNOTSUPP, "32"));
}

static bool malloc_of_libc_is_probed(const char *line)
{
	char probe[80];

	snprintf(probe, sizeof(probe), " malloc %s+0x", mst_libc());
	if (strstr(line, probe))
		return true;
	mst_say("no probe \"%s\" in the target's line: %s", probe, line);
	return false;
}

TEST_F(allocator, a_script_is_traced_as_its_interpreter)
{
	static const char text[] = "#!/bin/sh\necho ready 1\nread line\nexit 0\n";
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/script.sh", mst_scratch());
	fd = open(path, O_WRONLY | O_CREAT, 0755);
	ASSERT_EQ((ssize_t)strlen(text), write(fd, text, strlen(text)));
	close(fd);
	mst_spawn(&self->prog, path, NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " script.sh tracing: ");
	EXPECT_TRUE(malloc_of_libc_is_probed(self->line));
	EXPECT_EQ(0, mst_end(&self->prog));
	EXPECT_TRUE(mst_wait_state(mst_id(self->prog.pid), "exited"));
	unlink(path);
}

/* Runs a copy of a program whose file is removed before or after the attach. */
static bool deleted_is_exact(struct mst_program *prog, const char *program, bool before)
{
	char command[1200], path[128], line[16384];
	char *report;
	bool named;

	snprintf(path, sizeof(path), "%s/deleted", mst_scratch());
	snprintf(command, sizeof(command), "cp %s %s", mst_here(program), path);
	if (system(command))
		mst_die("%s", command);
	mst_spawn(prog, path, "malloc", "2", NULL);
	if (before)
		unlink(path);
	attach_and_read_line(prog, line, sizeof(line));
	unlink(path);
	mst_step(prog, "go");
	report = mst_text("report");
	named = strstr(report, " deleted+0x") && strstr(report, path);
	free(report);
	if (!named)
		mst_say("no frame of %s and no mapping of it in the report", path);
	return mst_exact(prog) && mst_ends_well(prog) && named;
}

TEST_F(allocator, a_deleted_program_is_traced_exactly)
{
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix", true));
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix", false));
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix_static", true));
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix_static", false));
}

/* More than a hundred objects with wrong headers and tables: the right allocator is found. */
TEST_F(allocator, malformed_objects_are_ignored)
{
	char base[512];

	snprintf(base, sizeof(base), "%s", mst_here("programs/bad_elf_base.so"));
	mst_spawn(&self->prog, "bad_elf", base, mst_scratch(), NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_TRUE(malloc_of_libc_is_probed(self->line));
	EXPECT_TRUE(runs_exactly(&self->prog));
}

/* Whatever a changed object is now: the target is exact, or the refusal has a message. */
TEST_F(allocator, randomly_changed_objects_are_exact_or_refused)
{
	char base[512], seed[16];
	int i, err;

	snprintf(base, sizeof(base), "%s", mst_here("programs/bad_elf_base.so"));
	for (i = 0; i < 6; i++) {
		sprintf(seed, "%d", i + 1);
		mst_spawn(&self->prog, "bad_elf", base, mst_scratch(), seed, "40", NULL);
		err = mst_command("attach %d", self->prog.pid);
		mst_step(&self->prog, "go");
		EXPECT_TRUE(err ? !!strstr(mst_refusal, ", written by allocators[") :
				  mst_exact(&self->prog))
		{
			TH_LOG("seed %s, attach returned %d: %s", seed, err, mst_refusal);
		}
		EXPECT_EQ(0, mst_end(&self->prog));
		mst_fresh();
	}
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
