// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail while a traced program opens an allocator, and the worker finds and probes
 * it: for fault_inject.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

#define TRIES 2000 /* of 5 ms */

/* Return: true if the lines of the program's target in control have a text. */
static bool has_line(struct fault_test *f, const char *text)
{
	char *control = mst_text("control"), head[32], *lines, *next;
	bool found;

	snprintf(head, sizeof(head), "\ntarget %d ", mst_id(f->other.pid));
	lines = strstr(control, head);
	next = lines ? strstr(lines + 1, "\ntarget ") : NULL;
	if (next)
		*next = 0;
	found = lines && strstr(lines, text);
	free(control);
	return found;
}

/* Return: true if they have it within the time. */
static bool control_gets(struct fault_test *f, const char *text, int tries)
{
	bool found = false;

	for (; !found && tries > 0; tries--) {
		found = has_line(f, text);
		if (!found)
			usleep(5000);
	}
	return found;
}

/* Its target goes, too, whose lines in control would be taken for those of the next one. */
static void end_traced(struct fault_test *f)
{
	pid_t pid = f->other.pid;

	if (!pid)
		return;
	fault_kill_other(f);
	if (!mst_wait_state(mst_id(pid), "exited") || mst_command("clear %d", pid))
		mst_die("the target of process %d has not ended: %s", pid, mst_refusal);
}

static void spawn_traced(struct fault_test *f, const char *library)
{
	end_traced(f);
	mst_spawn(&f->other, "libraries", mst_here(library), NULL);
	if (mst_command("attach %d", f->other.pid))
		mst_die("%s", mst_refusal);
}

/* The blocks that the library allocates are recorded. */
static bool is_traced(struct fault_test *f)
{
	if (mst_command("clear %d", f->other.pid))
		mst_die("%s", mst_refusal);
	mst_step(&f->other, "keep");
	return mst_exact(&f->other) && mst_sound(mst_id(f->other.pid));
}

static void open_at(struct fault_test *f, struct fault_site *site)
{
	fault_arm(site);
	mst_step(&f->other, "open");
	/* Until the worker has given up, or was successful without the memory. */
	control_gets(f, "unseen late lib", 600);
	if (inject_disable() > 0)
		site->failed = true;
}

static bool try_library(struct fault_test *f, struct fault_site *site, const char *library)
{
	bool good;

	spawn_traced(f, library);
	open_at(f, site);
	if (control_gets(f, "probes could not be inserted (ENOMEM)", 1)) {
		/* It is tried again when the library comes back. */
		mst_step(&f->other, "close");
		mst_step(&f->other, "open");
	}
	good = control_gets(f, "unseen late lib", TRIES);
	if (!good)
		mst_say("the library was not probed after the failure");
	return good;
}

/**
 * fault_try_library() - let a program open an allocator while a site fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if the allocator was traced afterwards.
 */
bool fault_try_library(struct fault_test *f, struct fault_site *site)
{
	bool good = try_library(f, site, "programs/liblate_alloc.so") && is_traced(f);

	end_traced(f);
	return good;
}

/**
 * fault_try_untraced_library() - the same with a library whose operator new is not traced
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if the allocator was traced afterwards, and the function is shown.
 */
bool fault_try_untraced_library(struct fault_test *f, struct fault_site *site)
{
	bool good = try_library(f, site, "programs/libshaped_new.so") &&
		    control_gets(f, "unseen function libshaped_new.so: _Znwm is not traced", 1);

	end_traced(f);
	return good;
}

/**
 * fault_try_closed_library() - let a program close a traced allocator while a site fails
 * @f: the test
 * @site: the site that fails
 *
 * Another process has the allocator, too, so that its probes stay.
 *
 * Return: true if it is traced when it is opened again.
 */
bool fault_try_closed_library(struct fault_test *f, struct fault_site *site)
{
	struct mst_program second = {};
	bool good;

	mst_spawn(&second, "libraries", mst_here("programs/liblate_alloc.so"), NULL);
	mst_step(&second, "open");
	if (mst_command("attach %d", second.pid))
		mst_die("%s", mst_refusal);
	spawn_traced(f, "programs/liblate_alloc.so");
	mst_step(&f->other, "open");
	good = control_gets(f, "unseen late lib", TRIES);
	fault_arm(site);
	mst_step(&f->other, "close");
	usleep(3000000);
	if (inject_disable() > 0)
		site->failed = true;
	mst_step(&f->other, "open");
	good = control_gets(f, "unseen late lib", TRIES) && is_traced(f) && good;
	end_traced(f);
	mst_kill(&second);
	return good;
}
