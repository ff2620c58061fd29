// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes each allocation of the module fail at least once: in event handlers, readers and commands,
 * and during insmod. While it fails, a command must be either refused or done, a read must fail or
 * be complete, an event must be recorded or counted as lost, and the traced program must work.
 * Afterwards, the module must work as before and use no more memory.
 *
 * The allocation sites are found in the module's file (sites.sh). Each belongs to one or more
 * phases, according to where it is reached from (handlers, readers and so on), and has to fail in
 * each of them. The last test fails if a site has not failed, unless there is a reason why it
 * cannot (sites.c).
 */
#include "fault_inject.h"
#include "kselftest_harness.h"
#include "../lib/mst_expect.h"

FIXTURE(allocation)
{
	struct fault_test f;
};

FIXTURE_SETUP(allocation)
{
	fault_setup(&self->f);
}

FIXTURE_TEARDOWN(allocation)
{
	EXPECT_TRUE(fault_teardown(&self->f));
}

TEST_F(allocation, events_are_recorded_or_counted_as_lost)
{
	EXPECT_TRUE(fault_try_each(&self->f, "handlers", fault_try_events));
	EXPECT_TRUE(fault_try_each(&self->f, "handlers", fault_try_first_events));
	EXPECT_TRUE(fault_try_each(&self->f, "handlers", fault_try_nested_events));
	EXPECT_TRUE(fault_try_each(&self->f, "handlers", fault_try_growth));
	EXPECT_TRUE(fault_try_each(&self->f, "handlers", fault_try_mappings));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

TEST_F(allocation, events_at_exits_are_recorded_or_counted_as_lost)
{
	fault_attach_with(&self->f, " exits=always");
	EXPECT_TRUE(fault_try_each(&self->f, "exits", fault_try_events));
	EXPECT_TRUE(fault_try_each(&self->f, "exits", fault_try_first_events));
	EXPECT_TRUE(fault_try_each(&self->f, "exits", fault_try_nested_events));
	EXPECT_TRUE(fault_try_each(&self->f, "exits", fault_try_growth));
	EXPECT_TRUE(fault_try_each(&self->f, "exits", fault_try_mappings));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

TEST_F(allocation, a_reserve_lasts_for_a_while_and_is_refilled)
{
	struct inject_window calls = fault_window_of("handlers", "mlu_call_alloc",
						     "mlu_event_enter");
	struct inject_window records = fault_window_of("handlers", "mlu_pool_alloc",
						       "record_block");
	long long lost;

	EXPECT_GT(fault_drain_pools(&self->f, calls), 0);
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
	/*
	 * Records are allocated from a reserve that is filled again when calls end. The window may
	 * include the code that stores a stack, and each step has one new stack. The records of
	 * mappings are in a pool of their own, which stays empty.
	 */
	lost = fault_drain_pools(&self->f, records);
	EXPECT_GE(lost, 0);
	EXPECT_LT(lost, FAULT_DRAIN_STEPS * self->f.made / 2);
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

TEST_F(allocation, a_file_that_could_not_be_read_is_read_by_the_next)
{
	EXPECT_TRUE(fault_try_each(&self->f, "learning", fault_try_refill));
	EXPECT_TRUE(fault_try_each(&self->f, "learning", fault_try_learning));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

/* Reads the files of a detached target, which do not change. */
TEST_F(allocation, a_reading_is_refused_or_whole)
{
	EXPECT_TRUE(fault_is_exact(&self->f, "code"));
	ASSERT_EQ(0, mst_command("detach %d", self->f.l.pid));
	fault_note_files();
	EXPECT_TRUE(fault_try_each(&self->f, "readers", fault_try_files));
	EXPECT_TRUE(fault_try_files_one_by_one());
}

TEST_F(allocation, mark_is_refused_or_done)
{
	EXPECT_TRUE(fault_try_each(&self->f, "commands", fault_try_mark));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

TEST_F(allocation, clear_is_refused_or_done)
{
	EXPECT_TRUE(fault_try_each(&self->f, "commands", fault_try_clear));
	EXPECT_TRUE(fault_try_each(&self->f, "commands", fault_try_empty_command));
	EXPECT_TRUE(fault_try_commands_one_by_one(&self->f));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

/* While another process uses the same probes, and while no other process does. */
TEST_F(allocation, detach_is_refused_or_done)
{
	fault_spawn_other(&self->f, "pulse");
	ASSERT_EQ(0, mst_command("attach %d", self->f.other.pid));
	EXPECT_TRUE(fault_try_each(&self->f, "commands", fault_try_detach));
	EXPECT_TRUE(fault_try_inside(&self->f, "commands", fault_try_detach));
	ASSERT_EQ(0, mst_command("detach %d", self->f.other.pid));
	mst_step(&self->f.other, "go");
	EXPECT_TRUE(fault_try_each(&self->f, "commands", fault_try_detach));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

TEST_F(allocation, detach_with_exits_is_refused_or_done)
{
	fault_attach_with(&self->f, " exits=always");
	fault_spawn_other(&self->f, "pulse");
	ASSERT_EQ(0, mst_command("attach %d exits=always", self->f.other.pid));
	EXPECT_TRUE(fault_try_inside(&self->f, "commands", fault_try_detach));
	mst_step(&self->f.other, "go");
	EXPECT_TRUE(mst_exact(&self->f.other));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

/* While another process uses no exit probes, and while it uses them. */
TEST_F(allocation, exits_are_added_or_calls_counted_as_lost)
{
	EXPECT_TRUE(fault_try_each(&self->f, "late", fault_try_late_exits));
	fault_attach_with(&self->f, " exits=always");
	EXPECT_TRUE(fault_try_each(&self->f, "late", fault_try_late_exits));
	EXPECT_TRUE(fault_try_inside(&self->f, "late", fault_try_late_exits));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

/* Sites that add functions which are not traced are reached by another library only. */
TEST_F(allocation, a_library_that_is_opened_is_probed_after_all)
{
	EXPECT_TRUE(fault_try_each(&self->f, "libraries", fault_try_library));
	EXPECT_TRUE(fault_try_inside(&self->f, "libraries", fault_try_library));
	EXPECT_TRUE(fault_try_each(&self->f, "libraries", fault_try_closed_library));
	EXPECT_TRUE(fault_try_each(&self->f, "libraries", fault_try_untraced_library));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

/* The other process is a static program. */
TEST_F(allocation, attach_is_refused_or_done)
{
	mst_fresh();
	fault_spawn_other(&self->f, "pulse_static");
	EXPECT_TRUE(fault_try_each(&self->f, "attach", fault_try_attach));
	EXPECT_TRUE(fault_try_inside(&self->f, "attach", fault_try_attach));
	EXPECT_TRUE(fault_try_attach_without_names(&self->f));
	EXPECT_TRUE(fault_try_attach_halfway(&self->f));
	EXPECT_TRUE(fault_try_attach_stranger(&self->f));
	fault_attach(&self->f);
	EXPECT_TRUE(fault_try_each(&self->f, "attach", fault_try_empty_command));
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

/* The program's operator new has no exit probes, and may throw. */
TEST_F(allocation, attach_with_untraced_functions_is_refused_or_done)
{
	mst_fresh();
	fault_spawn_shaped(&self->f, "programs/libshaped_new.so");
	EXPECT_TRUE(fault_try_each(&self->f, "attach", fault_try_untraced));
}

/* While another process uses the same probes. */
TEST_F(allocation, attach_to_a_second_process_is_refused_or_done)
{
	mst_fresh();
	fault_spawn_other(&self->f, "pulse");
	ASSERT_EQ(0, mst_command("attach %d", self->f.other.pid));
	EXPECT_TRUE(fault_try_each(&self->f, "attach", fault_try_second_attach));
	mst_step(&self->f.other, "go");
	EXPECT_TRUE(mst_exact(&self->f.other));
}

/* Forked children, and every process that maps a file. */
TEST_F(allocation, members_of_groups_are_traced_or_counted)
{
	mst_fresh();
	EXPECT_TRUE(fault_try_each(&self->f, "groups", fault_try_groups));
	EXPECT_TRUE(fault_try_inside(&self->f, "groups", fault_try_groups));
	fault_attach(&self->f);
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

TEST_F(allocation, members_beyond_the_limit_are_refused)
{
	mst_reload("max_targets=1");
	fault_sites_locate();
	EXPECT_TRUE(fault_try_each(&self->f, "refused", fault_try_refused_members));
	mst_reload("");
	fault_sites_locate();
	fault_attach(&self->f);
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

TEST_F(allocation, insmod_is_refused_or_done)
{
	mst_fresh();
	EXPECT_TRUE(fault_try_each(&self->f, "insmod", fault_try_load));
	EXPECT_TRUE(fault_try_inside(&self->f, "insmod", fault_try_load));
	mst_reload("");
	fault_sites_locate();
	EXPECT_TRUE(fault_try_load_without_files());
	mst_reload("");
	fault_sites_locate();
	fault_attach(&self->f);
	EXPECT_TRUE(fault_is_exact(&self->f, "go"));
}

/* Runs last. */
FIXTURE(site){};

FIXTURE_SETUP(site)
{
}

FIXTURE_TEARDOWN(site)
{
}

TEST_F(site, has_failed_or_is_out_of_reach)
{
	EXPECT_TRUE(fault_sites_summarize());
	EXPECT_TRUE(inject_is_kmemleak_on());
}

int main(int argc, char **argv)
{
	const char *why_not;
	int status;

	mst_begin();
	why_not = inject_why_not();
	if (why_not)
		ksft_exit_skip("%s\n", why_not);
	mst_reload("");
	fault_sites_read();
	inject_init();
	status = test_harness_run(argc, argv);
	inject_exit();
	return status;
}
