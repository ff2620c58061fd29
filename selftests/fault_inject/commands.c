// SPDX-License-Identifier: GPL-2.0-only
/* Allocations that fail while a command to clear or to detach is carried out: for fault_inject.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

static const struct failing_window anywhere = { 0, ~0ul }, nowhere;

static int word_at(struct failing_site *site, const char *word, pid_t pid)
{
	char command[64];
	int err;

	snprintf(command, sizeof(command), "%s %d", word, pid);
	failing_command_at(site, command, &err);
	return err;
}

static bool is_cleared(struct failing *f, int err, long long before)
{
	long long after = mst_stat(f->id, "allocated");

	if (after == (err ? before : 0))
		return true;
	mst_say("%lld allocations before the clear, %lld after it", before, after);
	return false;
}

bool failing_command_clear(struct failing *f, struct failing_site *site)
{
	long long before = mst_stat(f->id, "allocated");
	int err = word_at(site, "clear", f->l.pid);

	return failing_refused_or_done(err) && is_cleared(f, err, before) &&
	       failing_exact(f, "code");
}

/* One that says nothing. */
bool failing_command_empty(struct failing *f, struct failing_site *site)
{
	int err;

	failing_command_at(site, " ", &err);
	return (err == EINVAL || failing_refused_or_done(err)) && failing_exact(f, "code");
}

/* All that the writer itself allocates for a clear, in the module or not. */
bool failing_commands_one_by_one(struct failing *f)
{
	int fd = mst_open(O_RDWR, "control"), n, err;
	bool came = true, good = true;

	failing_on(anywhere, nowhere, 1, 0);
	for (n = 1; came && good && n < 1000; n++) {
		long long before = mst_stat(f->id, "allocated");

		mst_command_through(fd, "nonsense");
		failing_nth(n);
		err = mst_command_through(fd, "clear %d", f->l.pid);
		came = failing_nth_came();
		good = failing_refused_or_done(err) && is_cleared(f, err, before);
		mst_step(&f->l, "code");
	}
	close(fd);
	if (n < 5)
		mst_say("only %d allocations", n - 2);
	return good && n >= 5;
}

static bool is_in_state(struct failing *f, const char *state)
{
	const char *is = mst_state(f->id);

	if (!strcmp(is, state))
		return true;
	mst_say("%s instead of %s", is, state);
	return false;
}

/* What was recorded can still be read, and no event is recorded any more. */
static bool is_detached(struct failing *f)
{
	mst_step(&f->l, "go");
	return is_in_state(f, "detached") && failing_counted(f, 1);
}

bool failing_command_detach(struct failing *f, struct failing_site *site)
{
	bool good = failing_exact(f, "code");
	int err = word_at(site, "detach", f->l.pid);

	good = failing_refused_or_done(err) && good;
	if (err)
		return is_in_state(f, "tracing") && failing_exact(f, "code") && good;
	good = is_detached(f) && good;
	failing_clear(f);
	failing_attach(f);
	return failing_exact(f, "code") && good;
}
