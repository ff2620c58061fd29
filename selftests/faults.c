// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is looked at may not be there: a stack on a page that nobody gives, a
 * library that is gone while another one lies in its place.
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

FIXTURE(fault)
{
	struct mst_program prog;
	char *report;
	int id;
};

FIXTURE_SETUP(fault)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(fault)
{
	free(self->report);
	mst_fresh();
}

/* The events do not wait, the walk says where it ended, and the caller is known. */
TEST_F(fault, a_stack_on_a_page_that_nobody_gives)
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

TEST_F(fault, a_target_with_such_a_stack_can_be_killed)
{
	mst_spawn(&self->prog, "faulting", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	mst_kill(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(mst_sound(self->id));
}

/* The first pc of the stack whose first frame is in that object; 0: there is none. */
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
		mst_say("%.*s", (int)strcspn(at + 1, "\n"), at + 1);
	}
	mst_say("no %s frame in %s", unmapped ? "unmapped" : "mapped", object);
	return 0;
}

/* One library is gone, the other one lies where it was, with the same code: the same pcs. */
TEST_F(fault, a_library_in_the_place_of_another_one)
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
