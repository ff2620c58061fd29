// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail while a process is attached to, and while the module is loaded: for
 * fault_inject.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

static const struct failing_window nowhere;

/* What was refused is no target, and nothing is kept of it. */
static bool is_no_target(pid_t pid, bool alone)
{
	if (!mst_id(pid))
		return !alone || failing_is_as_before();
	mst_say("what was refused is a target");
	return false;
}

static bool attach_at(struct failing_site *site, pid_t pid, const char *options, bool alone)
{
	char command[320];
	int failed, err;

	snprintf(command, sizeof(command), "attach %d%s", pid, options);
	failed = failing_command_at(site, command, &err);
	if (!failing_refused_or_done(err))
		return false;
	if (err && !failed)
		mst_say("refused, but nothing has failed");
	return !err || (failed && is_no_target(pid, alone));
}

/* A directory of its own may be what it did not get: the counts are read from the file of all. */
static bool counts_one(struct failing *f)
{
	long long before = mst_stat(0, "allocated");

	mst_step(&f->l, "code");
	if (mst_stat(0, "allocated") == before + 1 && !mst_stat(0, "lost_memory"))
		return true;
	mst_say("%lld allocated before the only one, %lld after it", before,
		mst_stat(0, "allocated"));
	return false;
}

static bool attaches_exactly(struct failing *f)
{
	failing_attach(f);
	mst_step(&f->l, "code");
	return mst_exact(&f->l);
}

static void forget(struct failing *f)
{
	if (mst_command("detach %d", f->l.pid) || mst_command("clear %d", f->l.pid))
		mst_die("%s", mst_refusal);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		mst_die("drop_caches: %m");
	close(fd);
}

/* The only target but for what is traced already, so that probes are shared. */
bool failing_attach_second(struct failing *f, struct failing_site *site)
{
	bool good = attach_at(site, f->l.pid, "", false);

	if (mst_id(f->l.pid)) {
		good = counts_one(f) && good;
		forget(f);
	}
	good = attaches_exactly(f) && good;
	forget(f);
	return good;
}

/* What was bound goes with the file that wrote the command. */
static bool attach_bound(struct failing *f, struct failing_site *site)
{
	bool good = attach_at(site, f->l.pid, " bound=1", true);

	return mst_wait_stat("targets", 0) && good;
}

/* Of all sorts in turn. */
bool failing_command_attach(struct failing *f, struct failing_site *site)
{
	static unsigned int turn;
	char object[300];
	bool good;

	if (!strcmp(site->callee, "kernel_read"))
		drop_caches();
	snprintf(object, sizeof(object), " object=%s", mst_libc());
	if (turn % 4 == 1)
		good = attach_bound(f, site);
	else if (turn % 4 == 2)
		good = attach_at(site, f->other.pid, "", true);
	else
		good = attach_at(site, f->l.pid, turn % 4 ? "" : object, true);
	if (mst_id(f->l.pid))
		good = counts_one(f) && good;
	mst_fresh();
	if (site->failed) {
		good = attaches_exactly(f) && good;
		forget(f);
	}
	turn++;
	return failing_is_as_before() && good;
}

/* What goes by names must have them, what does not can do without. */
bool failing_attach_without_names(struct failing *f)
{
	struct failing_site *site = failing_site("attach", "mlu_mem_zalloc",
						 "mlu_mapping_name_file");
	char object[300];
	bool good;

	snprintf(object, sizeof(object), " object=%s", mst_libc());
	good = attach_at(site, f->l.pid, object, true) && !mst_id(f->l.pid);
	good = attach_at(site, f->l.pid, "", true) && counts_one(f) && good;
	mst_fresh();
	return good;
}

/*
 * Some probes are in when there is no memory for the next one, nor for the pages that take those
 * out again.  The kernel then leaves breakpoints behind, which nobody listens to.
 */
static bool attach_halfway(struct failing *f, struct failing_site *site, int bytes, int *ended)
{
	bool good;
	int err;

	failing_on(failing_of("attach", "uprobe_register", "probe_register_at"), nowhere, 1,
		   FAILING_ALWAYS);
	failing_apart(failing_at(site), bytes);
	err = mst_command("attach %d", f->l.pid);
	site->failed = failing_pages() > 0;
	failing_off();
	*ended = err;
	good = failing_refused_or_done(err) && (!err || is_no_target(f->l.pid, true));
	mst_fresh();
	good = attaches_exactly(f) && good;
	forget(f);
	return good;
}

/*
 * How much memory the first probe takes depends on what the kernel has at hand, so it gets more and
 * more, until some probes are in, or all.
 */
bool failing_attach_halfway(struct failing *f)
{
	struct failing_site *site = failing_site("attach", "uprobe_unregister_nosync",
						 "mlu_probe_unuse");
	int bytes, err = ENOMEM;
	bool good = true;

	for (bytes = 2048; err == ENOMEM && !site->failed; bytes += 1024)
		good = attach_halfway(f, site, bytes, &err) && good;
	if (!site->failed)
		mst_say("halfway: ended with %d when it had %d bytes", err, bytes - 1024);
	return good;
}

/*
 * The first notifier of a process needs memory of the kernel's own, beside what it asks us for by
 * calling back.
 */
bool failing_attach_stranger(struct failing *f)
{
	struct failing_window notifier = failing_of("attach", "mmu_notifier_get_locked",
						    "mlu_target_watch");
	struct failing_window ours = failing_of("attach", "__kmalloc_cache_noprof", "watch_alloc");
	int err;

	failing_spawn_other(f, "pulse");
	failing_on(notifier, ours, 1, FAILING_ALWAYS);
	err = mst_command("attach %d", f->other.pid);
	if (!failing_off() || err != ENOMEM || !failing_refused_or_done(err))
		return false;
	if (mst_command("attach %d", f->other.pid))
		return false;
	mst_step(&f->other, "go");
	if (!mst_exact(&f->other))
		return false;
	failing_kill_other(f);
	mst_fresh();
	return true;
}

/* === Loading === */

static bool nothing_is_left(void)
{
	if (access("/sys/module/memleak_user", F_OK) && access(MST_DIR, F_OK) &&
	    access("/sys/kernel/slab/mlu_alloc", F_OK) && access("/sys/kernel/slab/mlu_call", F_OK))
		return true;
	mst_say("insmod was refused, but something is left");
	return false;
}

static int load_at(struct failing_site *site, int *failed)
{
	int err = mst_unload();

	if (err && err != ENOENT)
		mst_die("rmmod: %s", strerror(err));
	failing_arm(site);
	err = mst_load("");
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
		mst_say("insmod: %s, %d have failed", strerror(err), failed);
		return false;
	}
	return !err || nothing_is_left();
}
