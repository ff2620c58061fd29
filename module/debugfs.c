// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/memleak_user: its files, and a directory for each target.
 *
 * Files carry the id of their target, not a pointer: whoever opens one looks the target up.  An
 * error of debugfs is no error of ours: it may be switched off (debugfs=off).
 *
 * Entered from init and exit, and from the worker (born, gone); holds no lock of ours: removing
 * waits for readers.
 */
#include <linux/debugfs.h>

#include "debugfs.h"
#include "debugfs_internal.h"
#include "target.h"

static struct dentry *root, *targets;

/*
 * "Unsafe" is without debugfs' guard of each read: what is being read goes on to be, when its file
 * has been removed.  Only open looks at the inode, and that is guarded; an open file has references
 * on all that it shows.
 */
static void add_readers(struct dentry *dir, u32 id)
{
	void *data = (void *)(unsigned long)id;

	debugfs_create_file_unsafe("report", 0400, dir, data, &mlu_report_fops);
	debugfs_create_file_unsafe("allocations", 0400, dir, data, &mlu_allocations_fops);
	debugfs_create_file_unsafe("stats", 0400, dir, data, &mlu_stats_fops);
}

/** mlu_debugfs_init() - all but control: there are no targets yet */
void mlu_debugfs_init(void)
{
	root = debugfs_create_dir("memleak_user", NULL);
	targets = debugfs_create_dir("targets", root);
	add_readers(root, 0);
}

void mlu_debugfs_exit(void)
{
	debugfs_remove(root);
}

/** mlu_debugfs_open_control() - commands can be written from now on */
void mlu_debugfs_open_control(void)
{
	mlu_control_init(root);
}

void mlu_debugfs_close_control(void)
{
	mlu_control_exit();
}

void mlu_debugfs_born(struct mlu_target *target)
{
	char name[12];

	scnprintf(name, sizeof(name), "%u", target->id);
	target->dir = debugfs_create_dir(name, targets);
	add_readers(target->dir, target->id);
}

void mlu_debugfs_gone(struct mlu_target *target)
{
	debugfs_remove(target->dir);
	target->dir = NULL;
}
