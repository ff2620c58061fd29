// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands mark, freeze and thaw, and the lines that they add to the report. The program
 * "sampled" allocates from four stacks; each thread that starts allocates a little, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define BLOCKS_OF_1000 2

struct amount {
	unsigned long long bytes, blocks;
};

FIXTURE(marked)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(marked)
{
	mst_fresh();
	mst_spawn(&self->prog, "sampled", "1", "1", NULL);
	self->id = mst_attach(self->prog.pid);
}

FIXTURE_TEARDOWN(marked)
{
	EXPECT_EQ(0, mst_stat(0, "unknown_free"));
	mst_kill(&self->prog);
	mst_fresh();
}

/* The line that begins with this word at its start, or NULL. */
static const char *line_of(const char *report, const char *word)
{
	char begin[32];
	const char *at;

	snprintf(begin, sizeof(begin), "\n%s ", word);
	at = strstr(report, begin);
	return at ? at + 1 : NULL;
}

/*
 * Read what the stack of blocks of this size has, and what it had at the mark.
 * Return: 1, or 0 if there is no such stack, or -1 if it has no marked line.
 */
static int read_stack(int id, unsigned long size, struct amount *now, struct amount *then)
{
	char *report = mst_text("targets/%d/report", id), *line;
	int found = 0;

	for (line = report; line && !found; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%llu bytes in %llu allocations from", &now->bytes,
			   &now->blocks) != 2 ||
		    now->bytes != size * now->blocks)
			continue;
		line = strchr(line, '\n') + 1;
		found = sscanf(line, "marked %llu bytes in %llu allocations", &then->bytes,
			       &then->blocks) == 2 ?
				1 :
				-1;
	}
	free(report);
	return found;
}

/* The row of the stack of blocks of 1000 bytes has these numbers of blocks, now and at the mark. */
static bool is_marked(int id, unsigned long long blocks, unsigned long long marked)
{
	struct amount now, then;
	int found = read_stack(id, 1000, &now, &then);

	if (found == 1 && now.blocks == blocks && then.blocks == marked &&
	    then.bytes == 1000 * marked)
		return true;
	mst_say("found %d: %llu blocks now, %llu at the mark", found, now.blocks, then.blocks);
	return false;
}

TEST_F(marked, stacks_show_what_they_had)
{
	struct amount now, then;
	char *report;

	mst_step(&self->prog, "make");
	ASSERT_EQ(-1, read_stack(self->id, 1000, &now, &then));
	ASSERT_ACCEPTED(mst_command("mark %d", self->prog.pid));
	EXPECT_TRUE(is_marked(self->id, BLOCKS_OF_1000, BLOCKS_OF_1000));
	mst_step(&self->prog, "make");
	EXPECT_TRUE(is_marked(self->id, 2 * BLOCKS_OF_1000, BLOCKS_OF_1000));
	ASSERT_ACCEPTED(mst_command("mark all"));
	EXPECT_TRUE(is_marked(self->id, 2 * BLOCKS_OF_1000, 2 * BLOCKS_OF_1000));
	report = mst_text("report");
	EXPECT_NE(NULL, line_of(report, "mark"));
	free(report);
}

TEST_F(marked, target_shows_what_it_had)
{
	unsigned long long bytes, blocks, age, had, blocks_had;
	unsigned int stacks;
	char *report;

	mst_step(&self->prog, "make");
	report = mst_text("targets/%d/report", self->id);
	ASSERT_EQ(2, sscanf(strstr(report, " ms: "), " ms: %llu bytes in %llu", &bytes, &blocks));
	free(report);
	ASSERT_ACCEPTED(mst_command("mark %d", self->prog.pid));
	mst_step(&self->prog, "make");
	usleep(100000);
	report = mst_text("targets/%d/report", self->id);
	ASSERT_NE(NULL, line_of(report, "mark"));
	ASSERT_EQ(4, sscanf(line_of(report, "mark"),
			    "mark %llu ms: %llu bytes in %llu allocations from %u stacks\n", &age,
			    &had, &blocks_had, &stacks));
	free(report);
	EXPECT_EQ(bytes, had);
	EXPECT_EQ(blocks, blocks_had);
	EXPECT_LE(90, age);
	EXPECT_LE(4, stacks);
}

TEST_F(marked, new_stack_had_nothing)
{
	struct amount now, then;

	ASSERT_ACCEPTED(mst_command("mark %d", self->prog.pid));
	mst_step(&self->prog, "large");
	ASSERT_EQ(1, read_stack(self->id, 1 << 20, &now, &then));
	EXPECT_EQ(1, now.blocks);
	EXPECT_EQ(0, then.blocks);
	EXPECT_EQ(0, then.bytes);
}

TEST_F(marked, clear_drops_the_mark)
{
	char *report;

	mst_step(&self->prog, "make");
	ASSERT_ACCEPTED(mst_command("mark %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	mst_step(&self->prog, "large");
	report = mst_text("report");
	EXPECT_EQ(NULL, line_of(report, "mark"));
	EXPECT_EQ(NULL, line_of(report, "marked"));
	free(report);
}

TEST_F(marked, ended_target_is_marked)
{
	mst_step(&self->prog, "make");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("mark %d", self->prog.pid));
	EXPECT_TRUE(is_marked(self->id, BLOCKS_OF_1000, BLOCKS_OF_1000));
}

/* The snapshot of an open report has its mark until it is closed. */
TEST_F(marked, open_report_keeps_its_mark)
{
	char *report;
	int fd;

	mst_step(&self->prog, "make");
	ASSERT_ACCEPTED(mst_command("mark %d", self->prog.pid));
	fd = mst_open(O_RDONLY, "report");
	ASSERT_ACCEPTED(mst_command("mark %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("clear all"));
	report = mst_text_of(fd);
	EXPECT_NE(NULL, line_of(report, "mark"));
	EXPECT_NE(NULL, line_of(report, "marked"));
	free(report);
	close(fd);
}

TEST_F(marked, frozen_target_records_no_new_blocks)
{
	struct amount now, then;
	char line[4096], *report;

	mst_step(&self->prog, "large");
	ASSERT_ACCEPTED(mst_command("freeze %d", self->prog.pid));
	mst_step(&self->prog, "make");
	EXPECT_EQ(0, read_stack(self->id, 1000, &now, &then));
	EXPECT_NE(0, read_stack(self->id, 1 << 20, &now, &then));
	EXPECT_LE(15, mst_stat(self->id, "frozen"));
	EXPECT_EQ(1, mst_stat(self->id, "allocated"));
	report = mst_text("report");
	EXPECT_NE(NULL, line_of(report, "frozen"));
	free(report);
	ASSERT_TRUE(mst_line(self->id, line, sizeof(line)));
	EXPECT_CONTAINS(line, " frozen=1: ");
}

TEST_F(marked, frozen_target_records_frees)
{
	struct amount now, then;

	mst_step(&self->prog, "make");
	EXPECT_EQ(-1, read_stack(self->id, 1000, &now, &then));
	ASSERT_ACCEPTED(mst_command("freeze all"));
	mst_step(&self->prog, "free");
	EXPECT_EQ(0, read_stack(self->id, 1000, &now, &then));
	EXPECT_LE(15, mst_stat(self->id, "freed"));
}

TEST_F(marked, thawed_target_records_new_blocks)
{
	struct amount now, then;
	char line[4096], *report;

	ASSERT_ACCEPTED(mst_command("freeze %d", self->prog.pid));
	mst_step(&self->prog, "make");
	ASSERT_ACCEPTED(mst_command("thaw %d", self->prog.pid));
	/* Blocks that were made while it was frozen: not unknown. */
	mst_step(&self->prog, "free");
	EXPECT_LE(15, mst_stat(self->id, "skipped_free"));
	mst_step(&self->prog, "make");
	EXPECT_EQ(-1, read_stack(self->id, 1000, &now, &then));
	EXPECT_EQ(BLOCKS_OF_1000, now.blocks);
	report = mst_text("report");
	EXPECT_EQ(NULL, line_of(report, "frozen"));
	free(report);
	ASSERT_TRUE(mst_line(self->id, line, sizeof(line)));
	EXPECT_EQ(0, mst_count(line, "frozen"));
}

TEST_F(marked, ended_target_is_not_frozen)
{
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(ENOENT, mst_command("freeze %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "no such target is being traced");
	EXPECT_EQ(ENOENT, mst_command("thaw %d", self->prog.pid));
	EXPECT_EQ(ENOENT, mst_command("freeze all"));
}

/* === The file blocks === */

struct head {
	char magic[16];
	uint64_t now;
	uint32_t record_size, target;
};

struct block {
	uint64_t address, size, time;
	uint32_t stack, flags;
};

static int compare_addresses(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int compare_rows(const void *a, const void *b)
{
	const struct mst_row *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Reads all of a file, in pieces of a size that is no multiple of a record's. */
static size_t read_blocks(int id, struct head *head, struct block **blocks)
{
	int fd = mst_open(O_RDONLY, "targets/%d/blocks", id);
	size_t len = 0, capacity = 1 << 20;
	char *bytes = malloc(capacity);
	ssize_t n;

	while (len + 4099 <= capacity && (n = read(fd, bytes + len, 4099)) > 0)
		len += n;
	close(fd);
	if (len < sizeof(*head) || (len - sizeof(*head)) % sizeof(**blocks))
		mst_die("%zu bytes of blocks", len);
	memcpy(head, bytes, sizeof(*head));
	len -= sizeof(*head);
	*blocks = malloc(len + 1);
	memcpy(*blocks, bytes + sizeof(*head), len);
	free(bytes);
	qsort(*blocks, len / sizeof(**blocks), sizeof(**blocks), compare_addresses);
	return len / sizeof(**blocks);
}

static unsigned int flags_of(const char *kind)
{
	return !strcmp(kind, "mmap") ? 1 : !strcmp(kind, "stack") ? 2 : 0;
}

/* Of a program that is detached, so that ages do not change. */
TEST(blocks_are_those_of_allocations)
{
	struct mst_program prog;
	struct mst_rows rows;
	struct block *blocks;
	struct head head;
	size_t nr, i;
	int id;

	mst_fresh();
	mst_spawn(&prog, "sampled", "20", "2", NULL);
	id = mst_attach(prog.pid);
	mst_step(&prog, "make");
	mst_step(&prog, "large");
	ASSERT_ACCEPTED(mst_command("detach %d", prog.pid));
	mst_rows(&rows, "targets/%d/allocations", id);
	qsort(rows.row, rows.count, sizeof(*rows.row), compare_rows);
	nr = read_blocks(id, &head, &blocks);
	EXPECT_EQ(0, memcmp(head.magic, "memleak_blocks1\n", sizeof(head.magic)));
	EXPECT_EQ(sizeof(*blocks), head.record_size);
	EXPECT_EQ(id, head.target);
	ASSERT_EQ(rows.count, nr);
	EXPECT_LE(2 * 20 * 15 + 1, nr);
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(rows.row[i].addr, blocks[i].address);
		ASSERT_EQ(rows.row[i].size, blocks[i].size);
		ASSERT_EQ(rows.row[i].stack, blocks[i].stack);
		ASSERT_EQ(flags_of(rows.row[i].kind), blocks[i].flags);
		ASSERT_LE(blocks[i].time, head.now);
		ASSERT_LE(rows.row[i].age, (head.now - blocks[i].time) / 1000000);
	}
	free(blocks);
	mst_rows_free(&rows);
	mst_kill(&prog);
	mst_fresh();
}

TEST(blocks_of_any_age_are_read)
{
	struct mst_program prog;
	struct block *blocks;
	struct head head;
	size_t nr;
	int id;

	mst_fresh();
	mst_spawn(&prog, "sampled", "1", "1", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d older=100000", prog.pid));
	id = mst_id(prog.pid);
	mst_step(&prog, "make");
	nr = read_blocks(id, &head, &blocks);
	EXPECT_LE(15, nr);
	EXPECT_EQ(0, mst_rows_count(id));
	free(blocks);
	mst_kill(&prog);
	mst_fresh();
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
