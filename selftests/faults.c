// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory and files that are missing: a stack on a page that is never faulted in, a library that has
 * been unmapped and another one mapped at its address.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(missing)
{
	struct mst_program prog;
	char *report;
	int id;
};

FIXTURE_SETUP(missing)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(missing)
{
	free(self->report);
	mst_fresh();
}

/* Events do not wait for the page: the walk ends there, behind the caller. */
TEST_F(missing, stack_page_ends_the_walk)
{
	mst_spawn(&self->prog, "faulting", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_GE(mst_stat(self->id, "walk_fault"), 6);
	EXPECT_EQ(0, mst_stat(self->id, "walk_end"));
	self->report = mst_text("targets/%d/report", self->id);
	EXPECT_COUNT(1, self->report, " faulting+0x");
	EXPECT_COUNT(1, self->report, " (fault)\n");
	EXPECT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(0, mst_stat(0, "probes"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(missing, stack_page_leaves_the_target_killable)
{
	mst_spawn(&self->prog, "faulting", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	mst_kill(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(mst_sound(self->id));
}

/* Return: the pc of the first frame in that object, mapped or unmapped; 0 if not found. */
static unsigned long pc_in(const char *report, const char *object, bool unmapped)
{
	unsigned long pc, address;
	char name[64], *note;
	const char *at;

	for (at = strchr(report, '\t'); at; at = strchr(at + 1, '\t')) {
		if (sscanf(at, "\t0x%lx %63[^+]+0x%lx", &pc, name, &address) != 3 ||
		    strcmp(name, object))
			continue;
		note = strstr(at, " (unmapped)");
		if ((note && note < strchr(at, '\n')) == unmapped)
			return pc;
		mst_say("unexpected frame: %.*s", (int)strcspn(at + 1, "\n"), at + 1);
	}
	mst_say("no %s frame of %s in: %s", unmapped ? "unmapped" : "mapped", object, report);
	return 0;
}

/* The second library is mapped where the first one was and has the same code: the same pcs. */
TEST_F(missing, library_is_distinct_from_its_successor)
{
	char one[512], two[512];
	unsigned long gone, here;

	snprintf(one, sizeof(one), "%s", mst_here("programs/libone.so"));
	snprintf(two, sizeof(two), "%s", mst_here("programs/libtwo.so"));
	mst_spawn(&self->prog, "frames", "replace", one, two, NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	self->report = mst_text("targets/%d/report", self->id);
	gone = pc_in(self->report, "libone.so", true);
	here = pc_in(self->report, "libtwo.so", false);
	EXPECT_NE(0, gone);
	EXPECT_EQ(gone, here)
	{
		TH_LOG("%s", self->report);
	}
	EXPECT_COUNT(2, self->report, "\n7654 bytes in 1 allocations from stack ");
	EXPECT_CONTAINS(self->report, strcat(one, "\n"));
	EXPECT_CONTAINS(self->report, strcat(two, "\n"));
	mst_kill(&self->prog);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
