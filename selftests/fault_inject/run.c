// SPDX-License-Identifier: GPL-2.0-only
/*
 * The common part of the tests of fault_inject.c: starts the traced program, lets each site of a
 * phase fail, and checks the state before and after a failure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

/* fault_arm() lets the allocation with this number at a site fail; 1: all allocations fail. */
static int every = 1;

/**
 * fault_attach() - attach to the traced program
 * @f: the test
 */
void fault_attach(struct fault_test *f)
{
	if (mst_command("attach %d%s", f->l.pid, f->options))
		mst_die("%s", mst_refusal);
	f->id = mst_id(f->l.pid);
}

/**
 * fault_attach_with() - attach to the traced program alone, with other options from now on
 * @f: the test
 * @options: the options, see struct fault_test
 */
void fault_attach_with(struct fault_test *f, const char *options)
{
	f->options = options;
	mst_fresh();
	fault_attach(f);
}

/**
 * fault_clear() - clear the target of the traced program
 * @f: the test
 */
void fault_clear(struct fault_test *f)
{
	if (mst_command("clear %d", f->l.pid))
		mst_die("%s", mst_refusal);
}

/**
 * fault_setup() - start a test, whatever state a failed test before it has left
 * @f: set up here
 */
void fault_setup(struct fault_test *f)
{
	inject_disable();
	mst_load("");
	fault_sites_locate();
	mst_fresh();
	f->options = "";
	snprintf(f->code, sizeof(f->code), "%s/code", mst_scratch());
	/* libtwo.so is mapped and never touched, so that its pages can be dropped from memory. */
	mst_spawn(&f->l, "pulse", f->code, mst_here("programs/libtwo.so"), NULL);
	fault_attach(f);
	mst_step(&f->l, "go");
	if (!mst_exact(&f->l))
		mst_die("the listed blocks are wrong before anything has failed");
	f->made = mst_stat(f->id, "allocated");
}

/**
 * fault_is_as_before() - check that the module uses no memory, targets and probes, as after insmod
 *
 * A leak is reported once; later calls expect the leaked bytes.
 *
 * Return: true if that is so, possibly after a while.
 */
bool fault_is_as_before(void)
{
	static long long leaked;

	if (!mst_wait_stat("targets", 0) || !mst_wait_stat("probes", 0))
		return false;
	if (mst_wait_stat("bytes_used", leaked))
		return true;
	leaked = mst_stat(0, "bytes_used");
	return false;
}

/**
 * fault_teardown() - end a test: the programs must still run and find their blocks unchanged
 * @f: the test
 *
 * Return: true if they do, and if the module uses no memory afterwards.
 */
bool fault_teardown(struct fault_test *f)
{
	inject_disable();
	mst_step(&f->l, "code");
	if (f->other.pid)
		mst_step(&f->other, "code");
	mst_fresh();
	unlink(f->code);
	fault_kill_other(f);
	return mst_end(&f->l) == 0 && fault_is_as_before();
}

/**
 * fault_spawn_other() - start another program, in place of an earlier one
 * @f: the test
 * @program: pulse or pulse_static
 */
void fault_spawn_other(struct fault_test *f, const char *program)
{
	fault_kill_other(f);
	mst_spawn(&f->other, program, f->code, NULL);
}

/**
 * fault_spawn_shaped() - start a program with a preloaded allocator, in place of the other one
 * @f: the test
 * @library: the allocator
 */
void fault_spawn_shaped(struct fault_test *f, const char *library)
{
	char preload[600];

	fault_kill_other(f);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here(library));
	mst_spawn(&f->other, preload, "shaped", NULL);
}

/**
 * fault_kill_other() - kill the other program, if there is one
 * @f: the test
 */
void fault_kill_other(struct fault_test *f)
{
	if (f->other.pid)
		mst_kill(&f->other);
	f->other.pid = 0;
}

/**
 * fault_arm() - let the allocations at a site fail: all, or the one that fault_try_inside() selects
 * @site: the site
 */
void fault_arm(const struct fault_site *site)
{
	const struct inject_window nowhere = { 0 };

	inject_enable(fault_site_window(site), nowhere, every, every > 1 ? 1 : INJECT_ALWAYS);
}

/**
 * fault_is_fatal() - check whether a failure at a site must make the operation fail
 * @site: the site
 *
 * Return: false if the kernel or the module can continue without the memory.
 */
bool fault_is_fatal(const struct fault_site *site)
{
	return every == 1 && !fault_site_is_tolerated(site);
}

/* Returns what the attempt returns; prints the site if that is false. */
static bool try_site(struct fault_test *f, struct fault_site *site, fault_attempt attempt)
{
	if (attempt(f, site))
		return true;
	mst_say("^ when %s fails in %s", site->callee, site->function);
	return false;
}

/**
 * fault_try_each() - let each site of a phase fail that has not failed yet and can be reached
 * @f: the test
 * @phase: the phase
 * @attempt: called for each site
 *
 * Return: true if all attempts have returned true.
 */
bool fault_try_each(struct fault_test *f, const char *phase, fault_attempt attempt)
{
	bool good = true;
	size_t i;

	for (i = 0; i < fault_sites->count; i++) {
		struct fault_site *site = &fault_sites->site[i];

		if (!strcmp(site->phase, phase) && !site->failed && !fault_site_excuse(site))
			good = try_site(f, site, attempt) && good;
	}
	return good;
}

static struct fault_site *find_failed_site(const char *phase, const char *callee)
{
	size_t i;

	for (i = 0; i < fault_sites->count; i++) {
		struct fault_site *site = &fault_sites->site[i];

		if (site->failed && !strcmp(site->phase, phase) && !strcmp(site->callee, callee))
			return site;
	}
	return NULL;
}

/**
 * fault_try_inside() - let a later allocation within a callee fail, not the first one
 * @f: the test
 * @phase: the phase; of it, the sites of callees that allocate several times
 * @attempt: called for each site and number of the allocation
 *
 * Return: true if all attempts have returned true.
 */
bool fault_try_inside(struct fault_test *f, const char *phase, fault_attempt attempt)
{
	static const char *const callees[] = { "uprobe_register", "dentry_open", "mlu_pool_init",
					       "alloc_workqueue" };
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(callees) / sizeof(callees[0]); i++) {
		struct fault_site *site = find_failed_site(phase, callees[i]);

		for (every = 2; site && every <= 5; every += 3)
			good = try_site(f, site, attempt) && good;
		every = 1;
	}
	return good;
}

/**
 * fault_is_counted() - check that each allocation is recorded or counted as lost for want of memory
 * @f: the test
 * @made: number of allocations since the last clear
 *
 * Prints the numbers if not.
 *
 * Return: true if that is so, and if nothing else was lost or is uncertain.
 */
bool fault_is_counted(struct fault_test *f, long long made)
{
	long long recorded = mst_stat(f->id, "allocated");
	long long lost = mst_stat(f->id, "lost_memory");

	if (recorded + lost == made && !mst_stat(f->id, "lost_limit") &&
	    !mst_stat(f->id, "uncertain"))
		return true;
	mst_say("expected %lld allocations recorded or lost_memory, found %lld recorded, %lld lost",
		made, recorded, lost);
	return false;
}

/**
 * fault_is_exact() - check a step in which nothing fails
 * @f: the test
 * @step: "go" or "code"
 *
 * Return: true if nothing was lost and the target lists what the program keeps.
 */
bool fault_is_exact(struct fault_test *f, const char *step)
{
	fault_clear(f);
	mst_step(&f->l, step);
	return fault_is_counted(f, strcmp(step, "go") ? 1 : f->made) &&
	       !mst_stat(f->id, "lost_memory") && mst_exact(&f->l);
}

/**
 * fault_is_refused_or_done() - check the result of the last command
 * @err: its errno
 *
 * Return: true if it was accepted, or refused with ENOMEM and a message that says so.
 */
bool fault_is_refused_or_done(int err)
{
	if (!err || (err == ENOMEM && strstr(mst_refusal, " (ENOMEM), written by ")))
		return true;
	mst_say("expected success or ENOMEM and its message, found %s: '%s'", strerror(err),
		mst_refusal);
	return false;
}

/**
 * fault_command_at() - write a command while a site fails
 * @site: the site; marked as failed if one of its allocations was
 * @command: the command
 * @err: set to its errno
 *
 * Writes an invalid command before, so that the refusal of an earlier command cannot be mistaken
 * for that of this one.
 *
 * Return: the number of allocations that have failed.
 */
int fault_command_at(struct fault_site *site, const char *command, int *err)
{
	int failed;

	mst_command("nonsense");
	fault_arm(site);
	*err = mst_command("%s", command);
	failed = inject_disable();
	if (failed)
		site->failed = true;
	return failed;
}
