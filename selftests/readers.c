// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readers: reading single bytes and at odd offsets, while the target allocates, exits, is detached
 * and cleared; the streamed list of allocations; names with control characters for the terminal.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

FIXTURE(reader)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(reader)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(reader)
{
	mst_fresh();
}

static char *read_by_bytes(int fd)
{
	size_t size = 1 << 20, len = 0;
	char *text = malloc(size);

	while (len < size - 1 && read(fd, text + len, 1) == 1)
		len++;
	text[len] = 0;
	return text;
}

/* Reads pieces of odd sizes, from the end to the start, and past the end. */
static bool agrees_at_odd_offsets(int fd, const char *text)
{
	size_t len = strlen(text), at;
	char piece[64];
	ssize_t n;

	for (at = len; at > 0; at -= at > 37 ? 37 : at) {
		n = pread(fd, piece, 41, at - 1);
		if (n <= 0 || memcmp(piece, text + at - 1, n)) {
			mst_say("pread at %zu returned %zd: '%.*s' instead of '%.41s'", at - 1, n,
				n > 0 ? (int)n : 0, piece, text + at - 1);
			return false;
		}
	}
	return pread(fd, piece, 41, len) == 0 && pread(fd, piece, 41, len + 12345) == 0 &&
	       pread(fd, piece, 41, 1ll << 40) == 0;
}

/* The text starts like a report and ends with a newline. */
static bool is_whole_report(const char *text)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n' && !strncmp(text, "memleak_user report 1\ntarget ", 29))
		return true;
	mst_say("not a whole report of %zu bytes: %s", len, text);
	return false;
}

/* The text of an open file does not change, whatever happens to its target. */
TEST_F(reader, of_a_report_gets_a_snapshot)
{
	char *first, *again;
	int fd;

	mst_spawn(&self->prog, "mix", "all", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	self->id = mst_id(self->prog.pid);
	fd = mst_open(O_RDONLY, "targets/%d/report", self->id);
	first = read_by_bytes(fd);
	EXPECT_TRUE(is_whole_report(first));
	EXPECT_TRUE(agrees_at_odd_offsets(fd, first));
	mst_kill(&self->prog);
	ASSERT_TRUE(mst_wait_state(self->id, "exited"));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	again = mst_text_of(fd);
	EXPECT_STREQ(first, again);
	free(again);
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_TRUE(agrees_at_odd_offsets(fd, first));
	free(first);
	close(fd);
}

/* The target never pauses; each snapshot is whole. */
TEST_F(reader, of_single_bytes_gets_a_whole_report)
{
	char *text;
	int fd, i;

	mst_spawn(&self->prog, "balance", "4", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "run");
	for (i = 0; i < 10; i++) {
		fd = mst_open(O_RDONLY, i % 2 ? "report" : "targets/%d/report", self->id);
		text = read_by_bytes(fd);
		EXPECT_TRUE(is_whole_report(text));
		EXPECT_TRUE(agrees_at_odd_offsets(fd, text));
		free(text);
		close(fd);
	}
}

/* Each file has been read in part when its target ends and is removed. */
TEST_F(reader, of_open_files_gets_them_to_the_end)
{
	static const char *const files[] = { "report", "allocations", "stats" };
	char byte, *rest[3];
	int fd[3], i;

	mst_spawn(&self->prog, "mix", "all", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	self->id = mst_id(self->prog.pid);
	for (i = 0; i < 3; i++) {
		fd[i] = mst_open(O_RDONLY, "targets/%d/%s", self->id, files[i]);
		ASSERT_EQ(1, read(fd[i], &byte, 1));
	}
	ASSERT_ACCEPTED(mst_command("detach all"));
	mst_kill(&self->prog);
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_EQ(-1, mst_open(O_RDONLY, "targets/%d/report", self->id));
	for (i = 0; i < 3; i++) {
		rest[i] = mst_text_of(fd[i]);
		EXPECT_GT(strlen(rest[i]), 20);
		EXPECT_EQ('\n', rest[i][strlen(rest[i]) - 1]);
		free(rest[i]);
		close(fd[i]);
	}
}

/* The rows show each of the @stay blocks of less than 100 bytes, which are never freed, once. */
static bool has_each_once(const struct mst_rows *rows, const struct mst_program *prog, size_t stay)
{
	size_t i, seen = 0;

	for (i = 0; i < rows->count; i++)
		seen += rows->row[i].size < 100;
	if (seen != stay)
		mst_say("expected %zu rows of blocks that stay, got %zu", stay, seen);
	return seen == stay && prog->count == stay;
}

static int by_addr(const void *a, const void *b)
{
	const struct mst_row *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Only checks the blocks that stay: others may be freed and allocated again at one address. */
static bool has_unique_addresses(struct mst_rows *rows)
{
	size_t i;

	qsort(rows->row, rows->count, sizeof(rows->row[0]), by_addr);
	for (i = 1; i < rows->count; i++)
		if (rows->row[i].addr == rows->row[i - 1].addr && rows->row[i].size < 100) {
			mst_say("two rows of 0x%lx, of %lu and %lu bytes", rows->row[i].addr,
				rows->row[i - 1].size, rows->row[i].size);
			return false;
		}
	return true;
}

/* 10000 blocks stay while others are allocated and freed: each reading shows each of them once. */
TEST_F(reader, of_allocations_gets_each_block_once)
{
	size_t stay = mst_scaled(10000, 2000);
	struct mst_rows rows;
	char number[16];
	int i;

	sprintf(number, "%zu", stay);
	mst_spawn(&self->prog, "many", number, "1", "3", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "make");
	mst_step(&self->prog, "churn");
	for (i = 0; i < 8; i++) {
		mst_rows(&rows, "targets/%d/allocations", self->id);
		EXPECT_TRUE(has_each_once(&rows, &self->prog, stay));
		EXPECT_TRUE(has_unique_addresses(&rows));
		mst_rows_free(&rows);
	}
	mst_step(&self->prog, "stop");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
}

TEST_F(reader, of_odd_pieces_gets_all_allocations)
{
	char *whole, *pieces = malloc(1 << 20);
	size_t len = 0;
	ssize_t n;
	int fd;

	mst_spawn(&self->prog, "mix", "all", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("detach all"));
	self->id = mst_id(self->prog.pid);
	fd = mst_open(O_RDONLY, "allocations");
	while ((n = read(fd, pieces + len, 1 + len % 89)) > 0)
		len += n;
	pieces[len] = 0;
	close(fd);
	whole = mst_text("allocations");
	EXPECT_EQ(mst_count(whole, "\n"), mst_count(pieces, "\n"));
	EXPECT_EQ(2 + self->prog.count, mst_count(pieces, "\n"));
	free(whole);
	free(pieces);
}

/* Only printable characters, newlines and tabs: nothing that a terminal interprets. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (!isprint((unsigned char)*text) && *text != '\n' && *text != '\t') {
			mst_say("character \\%03o before: %.80s", (unsigned char)*text, text + 1);
			return false;
		}
	return true;
}

static bool are_all_plain(int id)
{
	char *text[6] = {
		mst_text("control"),
		mst_text("report"),
		mst_text("allocations"),
		mst_text("targets/%d/report", id),
		mst_text("targets/%d/allocations", id),
		mst_text("stats"),
	};
	bool plain = true;
	int i;

	for (i = 0; i < 6; i++) {
		plain = plain && is_plain(text[i]);
		free(text[i]);
	}
	return plain;
}

/* Newlines would forge lines, escape sequences change the terminal, spaces shift the fields. */
TEST_F(reader, gets_a_hostile_comm_escaped)
{
	char *report, line[4096];

	mst_spawn(&self->prog, "life", "comm", "a\nb \033[1m\\c\xff", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	self->id = mst_id(self->prog.pid);
	ASSERT_TRUE(mst_line(self->id, line, sizeof(line)));
	EXPECT_CONTAINS(line, " a\\012b\\040\\033[1m\\134c\\377 tracing: ");
	report = mst_text("report");
	EXPECT_CONTAINS(report, " a\\012b\\040\\033[1m\\134c\\377 tracing ");
	free(report);
	EXPECT_TRUE(are_all_plain(self->id));
}

TEST_F(reader, gets_a_hostile_path_escaped)
{
	char command[1200], path[512], name[256], *report;

	snprintf(name, sizeof(name), "%s/x\n \033]0;\xe4\\", mst_scratch());
	ASSERT_EQ(0, mkdir(name, 0755));
	snprintf(path, sizeof(path), "%s/mapping 1\n\tof", name);
	snprintf(command, sizeof(command), "cp %s \"$MLU_COPY\"", mst_here("programs/life"));
	setenv("MLU_COPY", path, 1);
	ASSERT_EQ(0, system(command));
	mst_spawn(&self->prog, path, "idle", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	self->id = mst_id(self->prog.pid);
	report = mst_text("report");
	EXPECT_CONTAINS(report, " mapping\\0401\\012\\011of+0x");
	EXPECT_CONTAINS(report, "/x\\012 \\033]0;\\344\\134/mapping 1\\012\\011of\n");
	free(report);
	EXPECT_TRUE(are_all_plain(self->id));
	EXPECT_TRUE(mst_sound(self->id));
	mst_kill(&self->prog);
	unlink(path);
	rmdir(name);
}

/* The text has a number that can only be a kernel address. */
static bool has_kernel_address(const char *text)
{
	for (text = strstr(text, "0xffff"); text; text = strstr(text + 1, "0xffff"))
		if (strspn(text + 2, "0123456789abcdef") >= 16)
			return true;
	return false;
}

TEST_F(reader, gets_no_kernel_address)
{
	static const char *const files[] = { "control", "report", "allocations", "stats" };
	char *text;
	int i;

	mst_spawn(&self->prog, "mix", "all", "8", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_EQ(EINVAL, mst_command("no such word"));
	for (i = 0; i < 4; i++) {
		text = mst_text("%s", files[i]);
		EXPECT_FALSE(has_kernel_address(text))
		{
			TH_LOG("kernel address in %s: %s", files[i], text);
		}
		free(text);
	}
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
