// SPDX-License-Identifier: GPL-2.0-only
/* Allocations that fail during attach, and during insmod: for fault_inject.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

static const struct inject_window nowhere;

/* Checks that a refused process is not a target and, if there is no other one, uses no memory. */
static bool is_no_target(pid_t pid, bool alone)
{
	if (!mst_id(pid))
		return !alone || fault_is_as_before();
	mst_say("expected no target after the refused attach, but process %d is one", pid);
	return false;
}

/* @alone: there is no other target. */
static bool attach_at(struct fault_site *site, pid_t pid, const char *options, bool alone)
{
	char command[320];
	int failed, err;

	snprintf(command, sizeof(command), "attach %d%s", pid, options);
	failed = fault_command_at(site, command, &err);
	if (!fault_is_refused_or_done(err))
		return false;
	if (err && !failed)
		mst_say("expected the attach to succeed, as no allocation has failed");
	return !err || (failed && is_no_target(pid, alone));
}

/*
 * Reads the counts from the stats of all targets, as the target's own directory may be what could
 * not be allocated.
 */
static bool counts_one(struct fault_test *f)
{
	long long before = mst_stat(0, "allocated");

	mst_step(&f->l, "code");
	if (mst_stat(0, "allocated") == before + 1 && !mst_stat(0, "lost_memory"))
		return true;
	mst_say("expected allocated %lld and nothing lost, found %lld and %lld", before + 1,
		mst_stat(0, "allocated"), mst_stat(0, "lost_memory"));
	return false;
}

static bool attaches_exactly(struct fault_test *f)
{
	fault_attach(f);
	mst_step(&f->l, "code");
	return mst_exact(&f->l);
}

static void detach_and_clear(struct fault_test *f)
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

/**
 * fault_try_second_attach() - attach while another process uses the same probes
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if it was refused or done, and a later attach works.
 */
bool fault_try_second_attach(struct fault_test *f, struct fault_site *site)
{
	bool good = attach_at(site, f->l.pid, "", false);

	if (mst_id(f->l.pid)) {
		good = counts_one(f) && good;
		detach_and_clear(f);
	}
	good = attaches_exactly(f) && good;
	detach_and_clear(f);
	return good;
}

/* A bound target ends when the file that wrote the command is closed, which mst_command() does. */
static bool attach_bound(struct fault_test *f, struct fault_site *site)
{
	bool good = attach_at(site, f->l.pid, " bound=1", true);

	return mst_wait_stat("targets", 0) && good;
}

/* Functions of libc that the program does not call. */
#define NAMED " pair=re_comp:1,regfree:1"
#define SAMPLED " sample=1 exits=always"

static bool needs_names(const struct fault_site *site)
{
	return !strcmp(site->callee, "mlu_names_get") || !strcmp(site->function, "mlu_names_get");
}

/**
 * fault_try_attach() - attach in one of five ways: named, by object, bound, static program, sampled
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if it was refused or done, and a later attach works.
 */
bool fault_try_attach(struct fault_test *f, struct fault_site *site)
{
	static unsigned int turn;
	char object[300];
	bool good;

	if (!strcmp(site->callee, "kernel_read"))
		drop_caches();
	snprintf(object, sizeof(object), " object=%s", mst_libc());
	if (needs_names(site))
		good = attach_at(site, f->l.pid, NAMED, true);
	else if (turn % 4 == 1)
		good = attach_bound(f, site);
	else if (turn % 4 == 2)
		good = attach_at(site, f->other.pid, "", true);
	else
		good = attach_at(site, f->l.pid, turn % 4 ? SAMPLED : object, true);
	if (mst_id(f->l.pid))
		good = counts_one(f) && good;
	mst_fresh();
	if (site->failed) {
		good = attaches_exactly(f) && good;
		detach_and_clear(f);
	}
	turn++;
	return fault_is_as_before() && good;
}

/**
 * fault_try_untraced() - attach to the other program, some functions of which cannot be traced
 * @f: the test
 * @site: the site that fails
 *
 * Return: true if it was refused or done.
 */
bool fault_try_untraced(struct fault_test *f, struct fault_site *site)
{
	bool good = attach_at(site, f->other.pid, "", true);

	mst_fresh();
	return fault_is_as_before() && good;
}

/**
 * fault_try_attach_without_names() - attach without memory for the names of mappings
 * @f: the test
 *
 * Return: true if an attach by the name of an object was refused, and another one was done.
 */
bool fault_try_attach_without_names(struct fault_test *f)
{
	struct fault_site *site = fault_site_find("attach", "mlu_mem_zalloc",
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
 * Some probes are registered when there is no memory for the next one, nor for the pages that are
 * needed to unregister them. The kernel then leaves breakpoints behind, without a consumer.
 */
static bool attach_halfway(struct fault_test *f, struct fault_site *site, int bytes, int *ended)
{
	bool good;
	int err;

	inject_enable(fault_window_of("attach", "uprobe_register", "probe_register_at"), nowhere, 1,
		      INJECT_ALWAYS);
	inject_separate_pages(fault_site_window(site), bytes);
	err = mst_command("attach %d", f->l.pid);
	site->failed = inject_count_pages() > 0;
	inject_disable();
	*ended = err;
	good = fault_is_refused_or_done(err) && (!err || is_no_target(f->l.pid, true));
	mst_fresh();
	good = attaches_exactly(f) && good;
	detach_and_clear(f);
	return good;
}

/**
 * fault_try_attach_halfway() - attach without memory to register, and to unregister, some probes
 * @f: the test
 *
 * The memory that the first probe takes depends on the kernel's free lists, so more and more bytes
 * are allowed until some probes are registered, or all.
 *
 * Return: true if all attaches were refused or done, and some probes could not be unregistered.
 */
bool fault_try_attach_halfway(struct fault_test *f)
{
	struct fault_site *site = fault_site_find("attach", "uprobe_unregister_nosync",
						  "mlu_probe_unuse");
	int bytes, err = ENOMEM;
	bool good = true;

	for (bytes = 2048; err == ENOMEM && !site->failed; bytes += 1024)
		good = attach_halfway(f, site, bytes, &err) && good;
	if (!site->failed)
		mst_say("expected a failure to unregister a probe, but errno %d with %d bytes", err,
			bytes - 1024);
	return good;
}

/**
 * fault_try_attach_stranger() - attach to a process without a notifier so far
 * @f: the test
 *
 * For the first notifier of a process, the kernel allocates memory of its own, and calls the module
 * back to allocate some more. The former fails here.
 *
 * Return: true if the attach was refused, and the next one works.
 */
bool fault_try_attach_stranger(struct fault_test *f)
{
	struct inject_window notifier = fault_window_of("attach", "mmu_notifier_get_locked",
							"mlu_target_watch");
	struct inject_window ours = fault_window_of("attach", "__kmalloc_cache_noprof",
						    "watch_alloc");
	int err;

	fault_spawn_other(f, "pulse");
	inject_enable(notifier, ours, 1, INJECT_ALWAYS);
	err = mst_command("attach %d", f->other.pid);
	if (!inject_disable() || err != ENOMEM || !fault_is_refused_or_done(err))
		return false;
	if (mst_command("attach %d", f->other.pid))
		return false;
	mst_step(&f->other, "go");
	if (!mst_exact(&f->other))
		return false;
	fault_kill_other(f);
	mst_fresh();
	return true;
}

/* === Loading === */

static bool nothing_is_left(void)
{
	if (access("/sys/module/memleak_user", F_OK) && access(MST_DIR, F_OK) &&
	    access(MST_PROC_DIR, F_OK) && access("/sys/kernel/slab/mlu_alloc", F_OK) &&
	    access("/sys/kernel/slab/mlu_call", F_OK))
		return true;
	mst_say("expected nothing of the module after the refused insmod, but something is left");
	return false;
}

static int load_at(struct fault_site *site, int *failed)
{
	int err = mst_unload();

	if (err && err != ENOENT)
		mst_die("rmmod: %s", strerror(err));
	fault_arm(site);
	err = mst_load("");
	*failed = inject_disable();
	if (!err)
		fault_sites_locate();
	return err;
}

/* All files in /proc exist or none of them; at least one directory has control. */
static bool has_files(void)
{
	static const char *const names[] = { "control", "report", "allocations", "blocks",
					     "stats" };
	char path[64];
	int i, found = 0;

	for (i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), MST_PROC_DIR "/%s", names[i]);
		found += !access(path, F_OK);
	}
	if (found == 5 ||
	    (!found && access(MST_PROC_DIR, F_OK) && !access(MST_DIR "/control", F_OK)))
		return true;
	mst_say("expected control and all other files after insmod, found %d files in /proc",
		found);
	return false;
}

/**
 * fault_try_load() - load the module while a site fails
 * @f: the test; not used
 * @site: the site that fails
 *
 * The window of the site must be set before the module has an address. The module is most often
 * loaded at its last one, so that is used, five times at most.
 *
 * Return: true if insmod has failed with ENOMEM and left nothing behind, or could continue.
 */
bool fault_try_load(struct fault_test *f, struct fault_site *site)
{
	int err = 0, failed = 0, tries;

	(void)f;
	for (tries = 0; tries < 5 && !failed && !err; tries++)
		err = load_at(site, &failed);
	if (failed)
		site->failed = true;
	if (err ? err != ENOMEM || !failed : failed && fault_is_fatal(site)) {
		mst_say("expected insmod to fail with ENOMEM%s, found: %s, %d allocations failed",
			failed && fault_is_fatal(site) ? "" : " or to succeed", strerror(err),
			failed);
		return false;
	}
	return err ? nothing_is_left() : has_files();
}

/**
 * fault_try_load_without_files() - load the module while no file can be created in any directory
 *
 * Return: true if insmod has failed with ENODEV and left nothing behind.
 */
bool fault_try_load_without_files(void)
{
	const struct inject_window nowhere = { 0 };
	struct inject_window proc = fault_window_of("insmod", "mlu_procfs_open", "open_files");
	struct inject_window debugfs = fault_window_of("insmod", "mlu_debugfs_open", "open_files");
	struct inject_window both = { proc.start < debugfs.start ? proc.start : debugfs.start,
				      proc.end > debugfs.end ? proc.end : debugfs.end };
	int err = 0, tries;

	for (tries = 0; tries < 5 && !err; tries++) {
		err = mst_unload();
		if (err && err != ENOENT)
			mst_die("rmmod: %s", strerror(err));
		inject_enable(both, nowhere, 1, INJECT_ALWAYS);
		err = mst_load("");
		inject_disable();
	}
	if (err != ENODEV) {
		mst_say("expected insmod to fail with ENODEV, found: %s", strerror(err));
		return false;
	}
	return nothing_is_left();
}
