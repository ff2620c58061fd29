// SPDX-License-Identifier: GPL-2.0-only
/* Allocations that fail while a command is carried out, and while the module is loaded: for failing.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"

static const struct failing_window anywhere = { 0, ~0ul }, nowhere;

/* How many allocations have failed, and the command's errno. */
static int command_at(struct failing_site *site, const char *command, int *err)
{
	int failed;

	failing_arm(site);
	*err = mlu_command("%s", command);
	failed = failing_off();
	if (failed)
		site->failed = true;
	return failed;
}

static int word_at(struct failing_site *site, const char *word, pid_t pid)
{
	char command[64];
	int err;

	snprintf(command, sizeof(command), "%s %d", word, pid);
	command_at(site, command, &err);
	return err;
}

/* === Clear and detach === */

static bool is_cleared(struct failing *f, int err, long long before)
{
	long long after = mlu_stat(f->id, "allocated");

	if (after == (err ? before : 0))
		return true;
	mlu_say("%lld allocations before the clear, %lld after it", before, after);
	return false;
}

bool failing_command_clear(struct failing *f, struct failing_site *site)
{
	long long before = mlu_stat(f->id, "allocated");
	int err = word_at(site, "clear", f->l.pid);

	return failing_refused_or_done(err) && is_cleared(f, err, before) &&
	       failing_exact(f, "code");
}

/* One that says nothing. */
bool failing_command_empty(struct failing *f, struct failing_site *site)
{
	int err;

	command_at(site, " ", &err);
	return (err == EINVAL || failing_refused_or_done(err)) && failing_exact(f, "code");
}

/* All that the writer itself allocates for a clear, in the module or not. */
bool failing_commands_one_by_one(struct failing *f)
{
	int fd = mlu_open(O_RDWR, "control"), n, err;
	bool came = true, good = true;

	failing_on(anywhere, nowhere, 1, 0);
	for (n = 1; came && good && n < 1000; n++) {
		long long before = mlu_stat(f->id, "allocated");

		failing_nth(n);
		err = mlu_command_through(fd, "clear %d", f->l.pid);
		came = failing_nth_came();
		good = failing_refused_or_done(err) && is_cleared(f, err, before);
		mlu_step(&f->l, "code");
	}
	close(fd);
	if (n < 5)
		mlu_say("only %d allocations", n - 2);
	return good && n >= 5;
}

static bool is_in_state(struct failing *f, const char *state)
{
	const char *is = mlu_state(f->id);

	if (!strcmp(is, state))
		return true;
	mlu_say("%s instead of %s", is, state);
	return false;
}

/* What was recorded can still be read, and no event is recorded any more. */
static bool is_detached(struct failing *f)
{
	mlu_step(&f->l, "go");
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

/* === Attach === */

/* None of a process is traced, and nothing is kept of it. */
static bool is_no_target(struct failing *f, pid_t pid)
{
	if (mlu_id(pid)) {
		mlu_say("what was refused is a target");
		return false;
	}
	return f->other.pid || failing_is_as_before();
}

static bool attach_at(struct failing *f, struct failing_site *site, pid_t pid, const char *options)
{
	char command[320];
	int failed, err;
	bool good;

	snprintf(command, sizeof(command), "attach %d%s", pid, options);
	failed = command_at(site, command, &err);
	good = failing_refused_or_done(err);
	if (!err)
		return good;
	if (!failed)
		mlu_say("refused, but nothing has failed");
	return is_no_target(f, pid) && failed && good;
}

/* The event of a step "code" is the only one that is counted. */
static bool counts_one(struct failing *f)
{
	long long before = mlu_stat(0, "allocated");

	mlu_step(&f->l, "code");
	return mlu_stat(0, "allocated") == before + 1 && !mlu_stat(0, "lost_memory");
}

static void forget(struct failing *f)
{
	if (mlu_command("detach %d", f->l.pid) || mlu_command("clear %d", f->l.pid))
		mlu_die("%s", mlu_refusal);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		mlu_die("drop_caches: %m");
	close(fd);
}

/* A directory of its own may be what it did not get: the counts are read from the file of all. */
bool failing_command_attach(struct failing *f, struct failing_site *site)
{
	bool good;

	if (!strcmp(site->callee, "kernel_read"))
		drop_caches();
	good = attach_at(f, site, f->l.pid, "");
	if (mlu_id(f->l.pid)) {
		good = counts_one(f) && good;
		forget(f);
	}
	if (site->failed) {
		failing_attach(f);
		mlu_step(&f->l, "code");
		good = mlu_exact(&f->l) && good;
		forget(f);
	}
	return good && is_no_target(f, f->l.pid);
}

/* object=, which goes by names, bound=1 and a static program, in turn. */
bool failing_command_attach_sorts(struct failing *f, struct failing_site *site)
{
	bool names = !strcmp(site->function, "mlu_mapping_name_file");
	static int turn;
	char object[300];
	bool good;

	snprintf(object, sizeof(object), " object=%s", mlu_libc());
	switch (names ? 0 : turn++ % 3) {
	case 0:
		good = attach_at(f, site, f->l.pid, object);
		break;
	case 1:
		good = attach_at(f, site, f->l.pid, " bound=1");
		break;
	default:
		good = attach_at(f, site, f->other.pid, "");
	}
	mlu_fresh();
	return good && failing_is_as_before();
}

/*
 * The first notifier of a process needs memory of the kernel's own, beside what it asks us for by
 * calling back.
 */
bool failing_attach_stranger(struct failing *f)
{
	struct failing_window notifier =
		failing_of("attach", "mmu_notifier_get_locked", "mlu_target_watch");
	struct failing_window ours = failing_of("attach", "__kmalloc_cache_noprof", "watch_alloc");
	int err;

	failing_spawn_other(f, "pulse");
	failing_on(notifier, ours, 1, FAILING_ALWAYS);
	err = mlu_command("attach %d", f->other.pid);
	if (!failing_off() || err != ENOMEM || !failing_refused_or_done(err))
		return false;
	if (mlu_command("attach %d", f->other.pid))
		return false;
	mlu_step(&f->other, "go");
	if (!mlu_exact(&f->other))
		return false;
	failing_kill_other(f);
	mlu_fresh();
	return true;
}

/* === Loading === */

static bool nothing_is_left(void)
{
	if (access("/sys/module/memleak_user", F_OK) && access(MLU_DIR, F_OK) &&
	    access("/sys/kernel/slab/mlu_alloc", F_OK) &&
	    access("/sys/kernel/slab/mlu_call", F_OK))
		return true;
	mlu_say("insmod was refused, but something is left");
	return false;
}

static int load_at(struct failing_site *site, int *failed)
{
	int err = mlu_unload();

	if (err && err != ENOENT)
		mlu_die("rmmod: %s", strerror(err));
	failing_arm(site);
	err = mlu_load("");
	*failed = failing_off();
	if (!err)
		failing_locate();
	return err;
}

/* Where the module will lie is not known: most often where it lay before. */
bool failing_load(struct failing *f, struct failing_site *site)
{
	int err = 0, failed = 0, tries;

	(void)f;
	for (tries = 0; tries < 5 && !failed && !err; tries++)
		err = load_at(site, &failed);
	if (failed)
		site->failed = true;
	if (err ? err != ENOMEM || !failed : failed && failing_is_fatal(site)) {
		mlu_say("insmod: %s, %d have failed", strerror(err), failed);
		return false;
	}
	return !err || nothing_is_left();
}
