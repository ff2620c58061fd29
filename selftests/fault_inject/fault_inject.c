// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of the module fails at least once: while events are handled, files are read,
 * commands are carried out, the module is loaded.  A command is refused or done, a reading refused
 * or whole, an event recorded or counted as lost, a target never harmed; afterwards all is as if
 * nothing had been.
 *
 * The sites come from the module's file (sites.sh), in phases: those that handlers reach,
 * those that readers reach and so on; one that is in two phases has to fail in both.  One that has
 * not failed, and is not known to be out of reach (sites.c), fails the last test.
 */
#include "fault_inject.h"
#include "kselftest_harness.h"

FIXTURE(allocation)
{
	struct failing f;
};

FIXTURE_SETUP(allocation)
{
	failing_setup(&self->f);
}

FIXTURE_TEARDOWN(allocation)
{
	EXPECT_TRUE(failing_teardown(&self->f));
}

TEST_F_TIMEOUT(allocation, events_are_recorded_or_counted_as_lost, 120)
{
	EXPECT_TRUE(failing_each(&self->f, "handlers", failing_events));
	EXPECT_TRUE(failing_each(&self->f, "handlers", failing_first_events));
	EXPECT_TRUE(failing_exact(&self->f, "go"));
}

TEST_F_TIMEOUT(allocation, a_reserve_lasts_for_a_while_and_is_refilled, 60)
{
	struct failing_window calls = failing_of("handlers", "mlu_call_new", "mlu_event_enter");
	struct failing_window records = failing_of("handlers", "mlu_alloc_new", "record_block");
	long long lost;

	EXPECT_GT(failing_drain(&self->f, calls), 0);
	EXPECT_TRUE(failing_exact(&self->f, "go"));
	/*
	 * Calls end, and fill the reserve that they were taken from.  The window may have the code
	 * in it that stores a stack, and each step has one new stack.
	 */
	lost = failing_drain(&self->f, records);
	EXPECT_GE(lost, 0);
	EXPECT_LE(lost, FAILING_DRAINING);
	EXPECT_TRUE(failing_exact(&self->f, "go"));
}

TEST_F_TIMEOUT(allocation, a_file_that_could_not_be_read_is_read_by_the_next, 60)
{
	EXPECT_TRUE(failing_each(&self->f, "learning", failing_learn));
	EXPECT_TRUE(failing_exact(&self->f, "go"));
}

/* Of a target that has ended, so that nothing changes. */
TEST_F_TIMEOUT(allocation, a_reading_is_refused_or_whole, 60)
{
	EXPECT_TRUE(failing_exact(&self->f, "code"));
	ASSERT_EQ(0, mst_command("detach %d", self->f.l.pid));
	failing_note_files();
	EXPECT_TRUE(failing_each(&self->f, "readers", failing_files));
	EXPECT_TRUE(failing_files_one_by_one());
}

TEST_F_TIMEOUT(allocation, clear_is_refused_or_done, 60)
{
	EXPECT_TRUE(failing_each(&self->f, "commands", failing_command_clear));
	EXPECT_TRUE(failing_each(&self->f, "commands", failing_command_empty));
	EXPECT_TRUE(failing_commands_one_by_one(&self->f));
	EXPECT_TRUE(failing_exact(&self->f, "go"));
}

/* With another process that uses the same probes, and without. */
TEST_F_TIMEOUT(allocation, detach_is_refused_or_done, 60)
{
	failing_spawn_other(&self->f, "pulse");
	ASSERT_EQ(0, mst_command("attach %d", self->f.other.pid));
	EXPECT_TRUE(failing_each(&self->f, "commands", failing_command_detach));
	EXPECT_TRUE(failing_inside(&self->f, "commands", failing_command_detach));
	ASSERT_EQ(0, mst_command("detach %d", self->f.other.pid));
	mst_step(&self->f.other, "go");
	EXPECT_TRUE(failing_each(&self->f, "commands", failing_command_detach));
	EXPECT_TRUE(failing_exact(&self->f, "go"));
}

/* The other one is a static program. */
TEST_F_TIMEOUT(allocation, attach_is_refused_or_done, 180)
{
	mst_fresh();
	failing_spawn_other(&self->f, "pulse_static");
	EXPECT_TRUE(failing_each(&self->f, "attach", failing_command_attach));
	EXPECT_TRUE(failing_inside(&self->f, "attach", failing_command_attach));
	EXPECT_TRUE(failing_attach_without_names(&self->f));
	EXPECT_TRUE(failing_attach_halfway(&self->f));
	EXPECT_TRUE(failing_attach_stranger(&self->f));
	failing_attach(&self->f);
	EXPECT_TRUE(failing_each(&self->f, "attach", failing_command_empty));
	EXPECT_TRUE(failing_exact(&self->f, "go"));
}

/* Another process has the probes already. */
TEST_F_TIMEOUT(allocation, attach_to_a_second_process_is_refused_or_done, 60)
{
	mst_fresh();
	failing_spawn_other(&self->f, "pulse");
	ASSERT_EQ(0, mst_command("attach %d", self->f.other.pid));
	EXPECT_TRUE(failing_each(&self->f, "attach", failing_attach_second));
	mst_step(&self->f.other, "go");
	EXPECT_TRUE(mst_exact(&self->f.other));
}

TEST_F_TIMEOUT(allocation, insmod_is_refused_or_done, 120)
{
	mst_fresh();
	EXPECT_TRUE(failing_each(&self->f, "insmod", failing_load));
	EXPECT_TRUE(failing_inside(&self->f, "insmod", failing_load));
	mst_reload("");
	failing_locate();
	failing_attach(&self->f);
	EXPECT_TRUE(failing_exact(&self->f, "go"));
}

/* The last one of all. */
FIXTURE(site){};

FIXTURE_SETUP(site)
{
}

FIXTURE_TEARDOWN(site)
{
}

TEST_F(site, has_failed_or_is_out_of_reach)
{
	EXPECT_TRUE(failing_summary());
	EXPECT_TRUE(failing_is_watched());
}

int main(int argc, char **argv)
{
	const char *why_not;
	int status;

	mst_begin();
	why_not = failing_why_not();
	if (why_not)
		ksft_exit_skip("%s\n", why_not);
	mst_reload("");
	failing_read_sites();
	failing_begin();
	status = test_harness_run(argc, argv);
	failing_end();
	return status;
}
