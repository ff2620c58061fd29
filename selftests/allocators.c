// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which allocators are found, where their probes go, and which programs are
 * refused: static ones, other libcs, preloaded allocators, scripts, programs
 * without an allocator, for 32 bits, deleted, or with objects that lie.
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

/* What both jemalloc and tcmalloc have. */
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

static bool runs_exactly(struct mst_program *prog)
{
	bool exact;

	mst_step(prog, "go");
	exact = mst_exact(prog) && mst_sound(mst_id(prog->pid));
	return mst_end(prog) == 0 && exact;
}

/*
 * The functions that must cost one exception, not two.  free of glibc before 2.34 begins with its
 * frame, behind which no probe may go.
 */
TEST_F(allocator, glibc_is_never_single_stepped_where_it_matters)
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
	EXPECT_TRUE(runs_exactly(&self->prog));
}

/* Names that share an address share a probe. */
TEST_F(allocator, one_probe_at_one_address)
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

TEST_F_TIMEOUT(allocator, glibc_static, 60)
{
	mst_spawn(&self->prog, "mix_static", "all", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " malloc mix_static+0x");
	EXPECT_TRUE(runs_exactly(&self->prog));
}

TEST_F_TIMEOUT(allocator, musl, 60)
{
	if (!is_built("programs/mix_musl"))
		SKIP(return, "no musl-gcc when the tests were built");
	mst_spawn(&self->prog, "mix_musl", "all", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " malloc ");
	EXPECT_TRUE(runs_exactly(&self->prog));
}

TEST_F_TIMEOUT(allocator, musl_static, 60)
{
	if (!is_built("programs/mix_musl_static"))
		SKIP(return, "no musl-gcc when the tests were built");
	mst_spawn(&self->prog, "mix_musl_static", "all", "8", NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " malloc mix_musl_static+0x");
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
	/* The library's name is what its link points to. */
	snprintf(probe, sizeof(probe), " malloc %s", name);
	if (!strstr(line, probe))
		mst_die("no %s in: %s", probe, line);
	return runs_exactly(prog);
}

TEST_F_TIMEOUT(allocator, jemalloc_preloaded, 60)
{
	char preload[256];

	if (!find_library("libjemalloc.so.2", preload, sizeof(preload)))
		SKIP(return, "libjemalloc2 is not installed");
	EXPECT_TRUE(preloaded_is_exact(&self->prog, preload, "libjemalloc.so.2"));
}

TEST_F_TIMEOUT(allocator, tcmalloc_preloaded, 60)
{
	char preload[256];

	if (!find_library("libtcmalloc_minimal.so.4", preload, sizeof(preload)))
		SKIP(return, "libtcmalloc-minimal4 is not installed");
	EXPECT_TRUE(preloaded_is_exact(&self->prog, preload, "libtcmalloc_minimal.so.4"));
}

/* Refused with that errno and word; the program is unharmed. */
static bool is_refused(struct mst_program *prog, int err, const char *word)
{
	int got = mst_command("attach %d", prog->pid);
	bool refused = got == err && strstr(mst_refusal, word);

	if (!refused)
		mst_say("errno %d: %s", got, mst_refusal);
	return mst_end(prog) == 0 && refused && mst_stat(0, "targets") == 0;
}

TEST_F(allocator, a_program_without_one_is_refused)
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
	return strstr(line, probe);
}

/* A script is its interpreter. */
TEST_F(allocator, a_script_is_its_interpreter)
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

/* Copies a program, starts the copy and removes its file, before the attach or after. */
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
		mst_say("the deleted program is not named");
	return mst_exact(prog) && mst_end(prog) == 0 && named;
}

TEST_F_TIMEOUT(allocator, a_deleted_program_is_traced, 60)
{
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix", true));
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix", false));
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix_static", true));
	EXPECT_TRUE(deleted_is_exact(&self->prog, "programs/mix_static", false));
}

/* More than a hundred objects whose headers and tables lie: the true allocator is found. */
TEST_F_TIMEOUT(allocator, objects_that_lie_do_no_harm, 60)
{
	char base[512];

	snprintf(base, sizeof(base), "%s", mst_here("programs/bad_elf_base.so"));
	mst_spawn(&self->prog, "bad_elf", base, mst_scratch(), NULL);
	attach_and_read_line(&self->prog, self->line, sizeof(self->line));
	EXPECT_TRUE(malloc_of_libc_is_probed(self->line));
	EXPECT_TRUE(runs_exactly(&self->prog));
}

/* Whatever a changed object now is: exact, or refused with a sentence. */
TEST_F_TIMEOUT(allocator, objects_changed_at_random_do_no_harm, 90)
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
				  mst_exact(&self->prog));
		EXPECT_EQ(0, mst_end(&self->prog));
		mst_fresh();
	}
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
