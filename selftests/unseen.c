// SPDX-License-Identifier: GPL-2.0-only
/*
 * The "unseen" lines: control and each report show which allocations of a target cannot be seen,
 * and nothing if all can be seen.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define TCMALLOC "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"

FIXTURE(unseen)
{
	struct mst_program prog;
};

FIXTURE_SETUP(unseen)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(unseen)
{
	mst_fresh();
	if (self->prog.pid)
		mst_kill(&self->prog);
}

/* Before glibc 2.32 the dynamic linker exports the malloc that it uses until libc is loaded. */
#define LINKERS_MALLOC "unseen allocator ld-"

/* Return: the "unseen" lines of the only target, from that file. */
static char *lines_in(const char *name)
{
	char *text = mst_text("%s", name), *lines = calloc(1, strlen(text) + 1), *at;

	for (at = strstr(text, "\nunseen "); at; at = strstr(at + 1, "\nunseen "))
		if (strncmp(at + 1, LINKERS_MALLOC, strlen(LINKERS_MALLOC)))
			strncat(lines, at + 1, strcspn(at + 1, "\n") + 1);
	free(text);
	return lines;
}

/* Exactly these lines are in control and in both reports. */
static bool lines_are(pid_t pid, const char *lines)
{
	/* Read the report first: it waits for files that are being read, control does not. */
	char path[64], *report = lines_in("report"), *control = lines_in("control"), *one;
	bool same;

	snprintf(path, sizeof(path), "targets/%d/report", mst_id(pid));
	one = lines_in(path);
	same = !strcmp(control, lines) && !strcmp(report, lines) && !strcmp(one, lines);
	if (!same)
		mst_say("expected \"%s\", control has \"%s\", report \"%s\", the target's \"%s\"",
			lines, control, report, one);
	free(control);
	free(report);
	free(one);
	return same;
}

/* Neither [vdso] nor, at a second attach, [uprobes], which the kernel has mapped by then. */
TEST_F(unseen, nothing_is_reported_if_all_is_traced)
{
	mst_spawn(&self->prog, "chain", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(lines_are(self->prog.pid, ""));
	mst_fresh();
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(lines_are(self->prog.pid, ""));
}

TEST_F(unseen, code_made_at_run_time_is_reported)
{
	mst_spawn(&self->prog, "frames", "jit", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_TRUE(lines_are(self->prog.pid, ""));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(lines_are(self->prog.pid,
			      "unseen jit [anon]: code made at run time: walks through it "
			      "need its frame pointers\n"));
	/* The same if the code is there before the attach. */
	mst_fresh();
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_TRUE(lines_are(self->prog.pid,
			      "unseen jit [anon]: code made at run time: walks through it "
			      "need its frame pointers\n"));
}

TEST_F(unseen, a_go_runtime_is_reported)
{
	mst_spawn(&self->prog, "chain_go", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_TRUE(lines_are(self->prog.pid, "unseen go chain_go: it has a Go runtime, which "
					      "allocates without malloc\n"));
}

/* The report of a Go program would be empty: the attach is refused with that reason. */
TEST_F(unseen, go_program_without_malloc_is_refused)
{
	mst_spawn(&self->prog, "noalloc_go", NULL);
	EXPECT_EQ(ENOENT, mst_command("attach %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "noalloc_go has a Go runtime");
}

TEST_F(unseen, an_allocator_that_object_excludes_is_reported)
{
	char preload[600], object[100];

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here("programs/libtoy.so"));
	mst_spawn(&self->prog, preload, "chain", NULL);
	snprintf(object, sizeof(object), "object=%s", mst_libc());
	ASSERT_ACCEPTED(mst_command("attach %d %s", self->prog.pid, object));
	EXPECT_TRUE(lines_are(self->prog.pid, "unseen allocator libtoy.so: its malloc and free are "
					      "not traced, since object= names another object\n"));
}

/* Return: true if the only line of the target is that a library has been traced for some time. */
static bool is_late(const char *library)
{
	char *lines = lines_in("control"), begin[200];
	bool late;

	snprintf(begin, sizeof(begin), "unseen late %s: its malloc and free are traced since ",
		 library);
	late = !strncmp(lines, begin, strlen(begin)) && mst_count(lines, "unseen ") == 1;
	free(lines);
	return late;
}

/* Until it is traced, and then for how long it was not. */
TEST_F(unseen, an_allocator_mapped_after_the_attach_is_reported)
{
	mst_spawn(&self->prog, "frames", "late_allocator", mst_here("programs/libtoy.so"),
		  mst_here("programs/libone.so"), NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_TRUE(lines_are(self->prog.pid, ""));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(lines_are(self->prog.pid,
			      "unseen allocator libtoy.so: its malloc and free are "
			      "not traced, since it was mapped after the attach\n") ||
		    is_late("libtoy.so"));
	EXPECT_TRUE(MST_WAIT_UNTIL(is_late("libtoy.so")));
	mst_fresh();
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_TRUE(lines_are(self->prog.pid, ""));
}

/* Without exit probes each form of operator new has a line. */
TEST_F(unseen, operator_new_of_an_allocator_is_traced_or_reported)
{
	static const char *const forms[] = { "_Znwm", "_Znam" };
	char path[PATH_MAX], line[400], *control;
	size_t i;

	if (!realpath(TCMALLOC, path))
		SKIP(return, "libtcmalloc-minimal4 is not installed");
	mst_spawn(&self->prog, "LD_PRELOAD=" TCMALLOC, "chain", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	if (mst_has_exits()) {
		EXPECT_TRUE(lines_are(self->prog.pid, ""));
	} else {
		control = mst_text("control");
		for (i = 0; i < 2; i++) {
			snprintf(line, sizeof(line),
				 "\nunseen function %s: %s is not traced, since ",
				 strrchr(path, '/') + 1, forms[i]);
			EXPECT_COUNT(1, control, line);
		}
		free(control);
	}
}

/* The lines stay when the target has ended. */
TEST_F(unseen, lines_stay_after_the_detach)
{
	static const char line[] = "unseen go chain_go: it has a Go runtime, which allocates "
				   "without malloc\n";

	mst_spawn(&self->prog, "chain_go", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_TRUE(lines_are(self->prog.pid, line));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
