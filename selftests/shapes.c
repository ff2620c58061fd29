// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format of the files, line by line, as documented in docs/ABI/debugfs-memleak_user; and that
 * an old report holds no references, only text.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define NUMBER "[0-9]+"
#define HEX "0x[0-9a-f]+"
#define NAME "[!-~]+"
#define TARGET "^target " NUMBER " pid " NUMBER " " NAME " "
#define STATE "(tracing|detaching|detached|exited|exec)"
#define KEYS "( (min|max|depth|older|bound)=[0-9]+| object=" NAME "| exits=always)*"
#define PROBE \
	"[a-z0-9_]+ " NAME "\\+" HEX " (emulated|executed|stepped)( exits=([1-9][0-9]*|[a-z_]+))?"
#define PROBES "(none|" PROBE "(, " PROBE ")*)"
#define BYTES NUMBER " bytes in " NUMBER " allocations from "
#define STACKS "(1 stack|(0|[2-9]|[1-9][0-9]+) stacks)"
#define AGE "(mmap, |stack, |shm, |brk, )?age " NUMBER "\\.\\." NUMBER " ms"
#define GONE "( \\(unmapped\\))?( \\(mapping " NUMBER "\\))?"
#define END "( \\((end|depth|fault|bad frame pointer|bad pc)\\))?"
#define FILE_OF HEX " (-|[0-9a-f]+) (\\(unmapped\\) )?[ -~]+"

static const char *const control_lines[] = {
	"^memleak_user control 1$",
	TARGET STATE KEYS ": " PROBES "$",
	"^refused [ -~]*: [ -~]+ \\(E[A-Z0-9]+\\), written by " NAME "\\[[0-9]+\\] [0-9]+ ms ago$",
	NULL,
};

static const char *const report_lines[] = {
	"^memleak_user report 1$",
	TARGET STATE " " NUMBER " ms: " BYTES STACKS ", lost " NUMBER "$",
	"^events allocated=" NUMBER " freed=" NUMBER "( [a-z_]+=[1-9][0-9]*)*$",
	"^mapped " NUMBER " bytes of address space in " NUMBER " allocations$",
	"^" BYTES "stack " NUMBER " \\(" AGE ", " NUMBER " made, " NUMBER " freed\\)$",
	"^\t0x[0-9a-f]{16} " NAME "\\+" HEX GONE END "$",
	"^mapping " NUMBER " " HEX "-" HEX " " FILE_OF "$",
	NULL,
};

static const char *const allocations_lines[] = {
	"^memleak_user allocations 1$",
	"^# target address size age_ms thread stack kind$",
	"^[0-9]+ 0x[0-9a-f]{16} [0-9]+ [0-9]+ [0-9]+ [0-9]+ (heap|mmap|stack|shm|brk)$",
	NULL,
};

static const char *const counters[] = {
	"allocated",	  "freed",	     "reallocated",    "failed",
	"filtered",	  "nested",	     "unknown_free",   "unseen_free",
	"split",	  "replaced",	     "uncertain",      "unknown_caller",
	"foreign",	  "lost_memory",     "lost_limit",     "lost_busy",
	"lost_inflight",  "lost_fault",	     "lost_split",     "skipped_free",
	"walk_end",	  "walk_depth",	     "walk_fault",     "walk_frame_pointer",
	"walk_pc",	  "unknown_mapping", "bytes_records",  "bytes_stacks",
	"bytes_inflight", "bytes_tables",    "bytes_mappings", "bytes_used",
};

FIXTURE(format)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(format)
{
	mst_fresh();
	mst_spawn(&self->prog, "mix", "all", "2", NULL);
	if (mst_command("attach %d min=1 depth=20 older=1 exits=always", self->prog.pid))
		mst_die("%s", mst_refusal);
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	usleep(20000);
}

FIXTURE_TEARDOWN(format)
{
	mst_kill(&self->prog);
	mst_fresh();
}

static bool line_matches(const char *pattern, const char *line)
{
	regex_t regex;
	bool match;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		mst_die("regcomp %s", pattern);
	match = regexec(&regex, line, 0, NULL, 0) == 0;
	regfree(&regex);
	return match;
}

/* Each line matches one of the shapes, the first line the first shape. Sets a bit for each seen. */
static bool all_match(char *text, const char *const *shapes, unsigned int *seen)
{
	char *line, *rest = text;
	unsigned int i, first = ~0u;

	*seen = 0;
	while ((line = strsep(&rest, "\n")) && rest) {
		for (i = 0; shapes[i] && !line_matches(shapes[i], line); i++)
			;
		if (!shapes[i]) {
			mst_say("a line in no documented format: %s", line);
			return false;
		}
		if (first == ~0u)
			first = i;
		*seen |= 1u << i;
	}
	/* strsep() leaves the text behind the last newline, which must be empty. */
	if (first == 0 && line && !*line)
		return true;
	mst_say("the first line has shape %u, expected 0; text behind the last newline: \"%s\"",
		first, line ?: "");
	return false;
}

/* Return: the pattern of the first shape that was not seen, "" if all were. */
static const char *first_unseen(const char *const *shapes, unsigned int seen)
{
	unsigned int i = 0;

	while (shapes[i] && seen & 1u << i)
		i++;
	return shapes[i] ? shapes[i] : "";
}

TEST_F(format, of_control_is_as_documented)
{
	unsigned int seen;
	char *text;

	EXPECT_EQ(EINVAL, mst_command("no such: command \033"));
	text = mst_text("control");
	EXPECT_TRUE(all_match(text, control_lines, &seen));
	EXPECT_STREQ("", first_unseen(control_lines, seen));
	free(text);
	ASSERT_ACCEPTED(mst_command("detach all"));
	text = mst_text("control");
	EXPECT_TRUE(all_match(text, control_lines, &seen));
	free(text);
}

TEST_F(format, of_report_is_as_documented)
{
	unsigned int seen;
	char *text = mst_text("report");

	EXPECT_CONTAINS(text, "(mmap, age ");
	EXPECT_CONTAINS(text, "(stack, age ");
	EXPECT_TRUE(all_match(text, report_lines, &seen));
	EXPECT_STREQ("", first_unseen(report_lines, seen));
	free(text);
	text = mst_text("targets/%d/report", self->id);
	EXPECT_TRUE(all_match(text, report_lines, &seen));
	EXPECT_STREQ("", first_unseen(report_lines, seen));
	free(text);
}

TEST_F(format, of_allocations_is_as_documented)
{
	unsigned int seen;
	char *text = mst_text("targets/%d/allocations", self->id);

	EXPECT_TRUE(all_match(text, allocations_lines, &seen));
	EXPECT_STREQ("", first_unseen(allocations_lines, seen));
	free(text);
}

/* With nothing recorded, the files have only their heads. */
TEST_F(format, of_empty_files_is_their_heads)
{
	char *report, *allocations;

	mst_fresh();
	report = mst_text("report");
	allocations = mst_text("allocations");
	EXPECT_STREQ("memleak_user report 1\n", report);
	EXPECT_EQ(2, mst_count(allocations, "\n"));
	free(report);
	free(allocations);
}

TEST_F(format, of_stats_has_every_counter)
{
	static const char *const sums[] = { "targets", "tracing", "probes", "bytes_limit" };
	char *text;
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		EXPECT_GE(mst_stat(0, counters[i]), 0);
		if (strcmp(counters[i], "foreign") && strncmp(counters[i], "bytes_", 6))
			EXPECT_GE(mst_stat(self->id, counters[i]), 0);
	}
	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		EXPECT_GT(mst_stat(0, sums[i]), 0);
	text = mst_text("targets/%d/stats", self->id);
	EXPECT_COUNT(0, text, "tracing ");
	EXPECT_COUNT(0, text, "bytes_limit ");
	free(text);
}

/* The counters of a target at rest, in the order of stats, without those that are 0. */
TEST_F(format, of_report_has_the_counters_of_stats)
{
	char *report = mst_text("targets/%d/report", self->id), *stats, *line, *rest;
	char want[2048] = "events", got[2048];
	unsigned long long value;
	char name[64];

	stats = mst_text("targets/%d/stats", self->id);
	rest = stats;
	while ((line = strsep(&rest, "\n")) && strncmp(line, "walk_end ", 9)) {
		ASSERT_EQ(2, sscanf(line, "%63s %llu", name, &value));
		if (value || !strcmp(name, "allocated") || !strcmp(name, "freed"))
			sprintf(want + strlen(want), " %s=%llu", name, value);
	}
	ASSERT_EQ(1, sscanf(report, "%*[^\n]\n%*[^\n]\n%2047[^\n]", got));
	EXPECT_STREQ(want, got);
	EXPECT_CONTAINS(got, " reallocated=");
	free(stats);
	free(report);
}

TEST_F(format, of_stats_counts_each_walk)
{
	static const char *const ends[] = { "walk_end", "walk_depth", "walk_fault",
					    "walk_frame_pointer", "walk_pc" };
	long long walks = 0;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		walks += mst_stat(self->id, ends[i]);
	EXPECT_GE(walks, mst_stat(self->id, "allocated"));
}

/* The file system of a program that has exited can be unmounted while its report is kept. */
TEST_F(format, of_an_old_report_keeps_no_file_system_busy)
{
	struct mst_program other;
	char command[1200], dir[128], path[160];
	char *report;

	snprintf(dir, sizeof(dir), "%s/mnt", mst_scratch());
	snprintf(path, sizeof(path), "%s/program", dir);
	snprintf(command, sizeof(command), "mkdir %s && mount -t tmpfs none %s && cp %s %s", dir,
		 dir, mst_here("programs/mix_static"), path);
	ASSERT_EQ(0, system(command));
	mst_spawn(&other, path, "malloc", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", other.pid));
	mst_step(&other, "go");
	ASSERT_EQ(0, mst_end(&other));
	ASSERT_TRUE(mst_wait_state(mst_id(other.pid), "exited"));
	/* The kernel releases the file system shortly after the exit. */
	EXPECT_TRUE(MST_WAIT_UNTIL(!umount(dir)));
	report = mst_text("report");
	EXPECT_CONTAINS(report, " program+0x");
	EXPECT_CONTAINS(report, path);
	free(report);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
