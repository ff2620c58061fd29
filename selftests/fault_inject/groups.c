// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail while groups of targets are made, and while processes become members: for
 * fault_inject.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/mst_group.h"
#include "fault_inject.h"

/* The children of brood lineage: a child that forks another one before its first event. */
#define CHILDREN 2

/*
 * Each of @nr processes that have had an event is a target, or was not traced, or has lost events.
 * The children of a process that was not traced are not followed. A target that could not be
 * completed counts in both numbers.
 */
static bool accounts_for(long nr)
{
	long made = mst_group_number(0, " targets");
	long untraced = mst_group_number(0, " not traced");
	long lost = mst_group_number(0, " events lost");

	if (made < 0)
		mst_die("no group in control");
	if (made <= nr && untraced <= nr && (made >= nr || untraced || lost))
		return true;
	mst_say("expected %ld processes, found %ld targets, %ld not traced, %ld events lost", nr,
		made, untraced, lost);
	return false;
}

/*
 * Waits until the worker has completed the members: it does so before it executes a command. A
 * kernel thread cannot be attached.
 */
static void wait_for_worker(void)
{
	if (!mst_command("attach 2"))
		mst_die("a kernel thread was attached");
}

/* Arms a site, runs a command and then a step of the program, and disarms it. */
static bool run_at(struct fault_site *site, const char *command, struct mst_program *prog, int *err)
{
	int failed;

	fault_arm(site);
	*err = mst_command("%s", command);
	mst_step(prog, "go");
	if (!*err)
		wait_for_worker();
	failed = inject_disable();
	if (failed)
		site->failed = true;
	if (*err && !failed)
		mst_say("expected the attach to succeed, as no allocation has failed");
	return fault_is_refused_or_done(*err) && (!*err || failed);
}

static bool try_children(struct fault_test *f, struct fault_site *site)
{
	struct mst_program prog = { 0 };
	char command[64];
	bool good;
	int err;

	mst_spawn(&prog, "brood", "lineage", NULL);
	snprintf(command, sizeof(command), "attach %d children=1", prog.pid);
	good = run_at(site, command, &prog, &err);
	if (!err)
		good = accounts_for(1 + CHILDREN) && good;
	/* The children are in its process group. */
	kill(-prog.pid, SIGKILL);
	mst_kill(&prog);
	mst_fresh();
	return fault_is_as_before() && good;
}

static bool try_all(struct fault_test *f, struct fault_site *site)
{
	char command[300];
	bool good;
	int err;

	fault_spawn_other(f, "pulse_static");
	snprintf(command, sizeof(command), "attach all object=%s",
		 mst_here("programs/pulse_static"));
	good = run_at(site, command, &f->other, &err);
	if (!err)
		good = accounts_for(1) && good;
	fault_kill_other(f);
	mst_fresh();
	return fault_is_as_before() && good;
}

/**
 * fault_try_groups() - make a group of each type, and members, while a site fails
 * @f: the test; it has no target
 * @site: the site that fails
 *
 * Return: true if each command was refused or done, and each process is accounted for.
 */
bool fault_try_groups(struct fault_test *f, struct fault_site *site)
{
	bool good = try_children(f, site);

	return try_all(f, site) && good;
}

/**
 * fault_try_refused_members() - let processes become members, of which only one may
 * @f: the test; the module has been loaded with max_targets=1
 * @site: the site that fails
 *
 * A process that could not be noted as refused is refused again at its next event.
 *
 * Return: true if the processes have run on.
 */
bool fault_try_refused_members(struct fault_test *f, struct fault_site *site)
{
	struct mst_program first = { 0 };
	bool good;
	int err;

	/* A program has events before it is ready. */
	fault_spawn_other(f, "pulse_static");
	mst_spawn(&first, "pulse_static", f->code, NULL);
	if (mst_command("attach all object=%s", mst_here("programs/pulse_static")))
		mst_die("%s", mst_refusal);
	mst_step(&first, "go");
	good = run_at(site, "mark all", &f->other, &err) && !err;
	mst_step(&f->other, "go");
	good = accounts_for(2) && good;
	mst_kill(&first);
	fault_kill_other(f);
	mst_fresh();
	return fault_is_as_before() && good;
}
