// SPDX-License-Identifier: GPL-2.0-only
/* Allocations that fail during the commands clear, mark and detach: for fault_inject.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

static const struct inject_window anywhere = { 0, ~0ul }, nowhere;

/* Writes "@word @pid" while the site fails; returns the errno of the command. */
static int write_word_at(struct fault_site *site, const char *word, pid_t pid)
{
	char command[64];
	int err;

	snprintf(command, sizeof(command), "%s %d", word, pid);
	fault_command_at(site, command, &err);
	return err;
}

static bool is_cleared(struct fault_test *f, int err, long long before)
{
	long long after = mst_stat(f->id, "allocated");

	if (after == (err ? before : 0))
		return true;
	mst_say("expected %lld allocations after the %s clear, found %lld", err ? before : 0,
		err ? "refused" : "accepted", after);
	return false;
}

/**
 * fault_try_clear() - clear the target while a site fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if it was refused or done.
 */
bool fault_try_clear(struct fault_test *f, struct fault_site *site)
{
	long long before = mst_stat(f->id, "allocated");
	int err = write_word_at(site, "clear", f->l.pid);

	return fault_is_refused_or_done(err) && is_cleared(f, err, before) &&
	       fault_is_exact(f, "code");
}

/**
 * fault_try_mark() - mark the target while a site fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if it was refused, and the target has the mark that it had, or done.
 */
bool fault_try_mark(struct fault_test *f, struct fault_site *site)
{
	int err = write_word_at(site, "mark", f->l.pid);

	return fault_is_refused_or_done(err) && fault_is_exact(f, "code");
}

/**
 * fault_try_empty_command() - write an empty command while a site fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if it was refused, and the target is recorded as before.
 */
bool fault_try_empty_command(struct fault_test *f, struct fault_site *site)
{
	int err;

	fault_command_at(site, " ", &err);
	return (err == EINVAL || fault_is_refused_or_done(err)) && fault_is_exact(f, "code");
}

/**
 * fault_try_commands_one_by_one() - clear, with each allocation of the writer failing in turn
 * @f: the test
 *
 * The allocations are those of the writing thread, in the module or elsewhere in the kernel.
 *
 * Return: true if each was refused or done, and if there were some allocations.
 */
bool fault_try_commands_one_by_one(struct fault_test *f)
{
	int fd = mst_open(O_RDWR, "control"), n, err;
	bool came = true, good = true;

	inject_enable(anywhere, nowhere, 1, 0);
	for (n = 1; came && good && n < 1000; n++) {
		long long before = mst_stat(f->id, "allocated");

		mst_command_through(fd, "nonsense");
		inject_nth(n);
		err = mst_command_through(fd, "clear %d", f->l.pid);
		came = inject_nth_has_failed();
		good = fault_is_refused_or_done(err) && is_cleared(f, err, before);
		mst_step(&f->l, "code");
	}
	close(fd);
	if (n < 5)
		mst_say("expected at least 3 allocations by the writer, found %d", n - 2);
	return good && n >= 5;
}

static bool is_in_state(struct fault_test *f, const char *state)
{
	const char *is = mst_state(f->id);

	if (!strcmp(is, state))
		return true;
	mst_say("expected state %s, found %s", state, is);
	return false;
}

/* Checks that the records can still be read, and that no more events are recorded. */
static bool is_detached(struct fault_test *f)
{
	mst_step(&f->l, "go");
	return is_in_state(f, "detached") && fault_is_counted(f, 1);
}

/**
 * fault_try_detach() - detach from the traced program while a site fails
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if it was refused or done, and the target is recorded exactly afterwards.
 */
bool fault_try_detach(struct fault_test *f, struct fault_site *site)
{
	bool good = fault_is_exact(f, "code");
	int err = write_word_at(site, "detach", f->l.pid);

	good = fault_is_refused_or_done(err) && good;
	if (err)
		return is_in_state(f, "tracing") && fault_is_exact(f, "code") && good;
	good = is_detached(f) && good;
	fault_clear(f);
	fault_attach(f);
	return fault_is_exact(f, "code") && good;
}
