// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files in /proc: they have what those of debugfs have, and take the same commands; the blocks
 * of several targets in one file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define MAGIC "memleak_blocks1\n"

/* A unit of the file blocks: a head, or a record. */
union unit {
	struct {
		char magic[16];
		uint64_t now;
		uint32_t record_size, target;
	} head;
	struct {
		uint64_t address, size, time;
		uint32_t stack, flags;
	} record;
};

FIXTURE(proc)
{
	struct mst_program prog;
};

FIXTURE_SETUP(proc)
{
	mst_fresh();
	mst_spawn(&self->prog, "mix", "all", "8", NULL);
}

FIXTURE_TEARDOWN(proc)
{
	mst_dir = MST_DIR;
	mst_kill(&self->prog);
	mst_fresh();
}

static char *text_in(const char *dir, const char *file)
{
	char *text;

	mst_dir = dir;
	text = mst_text("%s", file);
	mst_dir = MST_DIR;
	return text;
}

/* How long ago a command was refused changes. */
static void cut_refusal(char *text)
{
	char *at = strstr(text, "\nrefused ");

	if (at)
		*at = 0;
}

/* Of a detached target, nothing changes any more. */
TEST_F(proc, files_are_those_of_debugfs)
{
	static const char *const files[] = { "report", "allocations", "control" };
	char *there, *here;
	unsigned int i;

	mst_dir = MST_PROC_DIR;
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	for (i = 0; i < 3; i++) {
		there = text_in(MST_DIR, files[i]);
		here = text_in(MST_PROC_DIR, files[i]);
		cut_refusal(there);
		cut_refusal(here);
		EXPECT_STREQ(there, here);
		free(there);
		free(here);
	}
	EXPECT_TRUE(mst_exact(&self->prog));
	here = text_in(MST_PROC_DIR, "stats");
	EXPECT_CONTAINS(here, "\ntargets 1\ntracing 0\nprobes 0\n");
	free(here);
}

/* Targets, their records, and the last refusal are the same in both directories. */
TEST_F(proc, commands_are_those_of_debugfs)
{
	int id, err;
	char *text;

	mst_dir = MST_PROC_DIR;
	ASSERT_ACCEPTED(mst_command("%d", self->prog.pid));
	mst_dir = MST_DIR;
	id = mst_id(self->prog.pid);
	EXPECT_STREQ("tracing", mst_state(id));
	EXPECT_EQ(EBUSY, mst_command("attach %d", self->prog.pid));
	mst_dir = MST_PROC_DIR;
	EXPECT_EQ(EBUSY, mst_command("attach %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "refused attach ");
	EXPECT_EQ(EINVAL, mst_command("nonsense of /proc"));
	text = text_in(MST_DIR, "control");
	EXPECT_CONTAINS(text, "\nrefused nonsense of /proc: unknown command");
	free(text);
	mst_dir = MST_PROC_DIR;
	err = mst_write("x\0y", 3);
	EXPECT_EQ(EINVAL, err);
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("mark all"));
	mst_dir = MST_DIR;
	EXPECT_TRUE(mst_exact(&self->prog));
	text = mst_text("targets/%d/report", id);
	EXPECT_CONTAINS(text, "\nmark ");
	free(text);
	mst_dir = MST_PROC_DIR;
	ASSERT_ACCEPTED(mst_command("clear all"));
	ASSERT_ACCEPTED(mst_command("detach all"));
}

TEST_F(proc, a_bound_target_is_dropped_when_its_file_is_closed)
{
	int fd;

	mst_dir = MST_PROC_DIR;
	fd = mst_open(O_RDWR, "control");
	ASSERT_LE(0, fd);
	ASSERT_ACCEPTED(mst_command_through(fd, "attach %d bound=1", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_EQ(1, mst_stat(0, "tracing"));
	close(fd);
	EXPECT_TRUE(mst_wait_stat("targets", 0));
	EXPECT_TRUE(mst_wait_stat("probes", 0));
}

/* Reads of single bytes, and back and forth, show what one read of all shows. */
TEST_F(proc, files_can_be_read_in_pieces)
{
	char *whole, byte;
	size_t at, len;
	int fd;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	whole = text_in(MST_PROC_DIR, "report");
	len = strlen(whole);
	mst_dir = MST_PROC_DIR;
	fd = mst_open(O_RDONLY, "report");
	for (at = len; at; at--)
		if (pread(fd, &byte, 1, at - 1) != 1 || byte != whole[at - 1])
			break;
	EXPECT_EQ(0, at);
	for (at = 0; at < len; at++)
		if (read(fd, &byte, 1) != 1 || byte != whole[at])
			break;
	EXPECT_EQ(len, at);
	EXPECT_EQ(0, read(fd, &byte, 1));
	close(fd);
	free(whole);
}

static size_t read_blocks(const char *dir, const char *file, union unit *units, size_t max)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	mst_dir = dir;
	fd = mst_open(O_RDONLY, "%s", file);
	mst_dir = MST_DIR;
	if (fd < 0)
		mst_die("%s/%s: %m", dir, file);
	while ((n = read(fd, (char *)units + len, max * sizeof(*units) - len)) > 0)
		len += n;
	close(fd);
	if (n < 0 || len % sizeof(*units) || len == max * sizeof(*units))
		mst_die("%s/%s: %zu bytes, %m", dir, file, len);
	return len / sizeof(*units);
}

static bool is_head(const union unit *unit)
{
	return !memcmp(unit->head.magic, MAGIC, sizeof(unit->head.magic));
}

/* The file of all targets has, for each of them, what the target's own file has. */
static bool sections_are(const char *dir, const int *ids, int nr)
{
	static union unit all[65536], one[65536];
	size_t count = read_blocks(dir, "blocks", all, 65536), at = 0, n;
	char path[64];
	int i;

	for (i = 0; i < nr; i++) {
		sprintf(path, "targets/%d/blocks", ids[i]);
		n = read_blocks(MST_DIR, path, one, 65536);
		if (at + n > count || !is_head(&all[at]) ||
		    all[at].head.target != (uint32_t)ids[i] ||
		    all[at].head.record_size != sizeof(union unit) ||
		    all[at].head.now > one[0].head.now ||
		    memcmp(&all[at + 1], &one[1], (n - 1) * sizeof(union unit))) {
			mst_say("%s: the section of target %d, of %zu units, is not at %zu", dir,
				ids[i], n, at);
			return false;
		}
		at += n;
	}
	if (at != count)
		mst_say("%s: %zu units instead of %zu", dir, count, at);
	return at == count;
}

/* The first target and one in the middle have no blocks. */
TEST_F(proc, blocks_of_all_targets_are_in_sections)
{
	struct mst_program other[3];
	int ids[4], i;

	for (i = 0; i < 3; i++) {
		mst_spawn(&other[i], i == 1 ? "mix" : "life", i == 1 ? "all" : "idle",
			  i == 1 ? "3" : NULL, NULL);
		ASSERT_ACCEPTED(mst_command("attach %d", other[i].pid));
		ids[i] = mst_id(other[i].pid);
	}
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	ids[3] = mst_id(self->prog.pid);
	mst_step(&other[1], "go");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(sections_are(MST_PROC_DIR, ids, 4));
	EXPECT_TRUE(sections_are(MST_DIR, ids, 4));
	for (i = 0; i < 3; i++)
		mst_kill(&other[i]);
}

/* Without a target there is a head all the same, of target 0. */
TEST_F(proc, blocks_of_no_target_have_a_head)
{
	union unit units[4];

	EXPECT_EQ(1, read_blocks(MST_PROC_DIR, "blocks", units, 4));
	EXPECT_TRUE(is_head(&units[0]));
	EXPECT_EQ(0, units[0].head.target);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
