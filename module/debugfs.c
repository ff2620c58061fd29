// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/memleak_user: its files, and a directory for each target.
 *
 * Files carry the id of their target, not a pointer: open() looks the target up. Errors of debugfs
 * are ignored, since it may be switched off (debugfs=off).
 *
 * Context: Process context; may sleep. Called from init and exit, and from the worker to add and
 * remove targets. The caller holds no lock of the module, since removing a file waits for the
 * running operations on it.
 */
#include <linux/debugfs.h>

#include "debugfs.h"
#include "files_internal.h"
#include "target.h"

static struct dentry *root, *targets;

/*
 * The "unsafe" files are without debugfs' guard of each read, so that a file that is removed can
 * be read to its end. This is safe: only open(), which is guarded, looks at the inode. An open file
 * holds references on all that it shows.
 */
static void debugfs_add_readers(struct dentry *dir, u32 id)
{
	void *data = (void *)(unsigned long)id;

	debugfs_create_file_unsafe("report", 0400, dir, data, &mlu_report_fops);
	debugfs_create_file_unsafe("allocations", 0400, dir, data, &mlu_allocations_fops);
	debugfs_create_file_unsafe("stats", 0400, dir, data, &mlu_stats_fops);
}

/**
 * mlu_debugfs_init() - create the directory and all of its files but control
 *
 * Context: Init, before there is a target.
 */
void mlu_debugfs_init(void)
{
	root = debugfs_create_dir("memleak_user", NULL);
	targets = debugfs_create_dir("targets", root);
	debugfs_add_readers(root, 0);
}

/**
 * mlu_debugfs_exit() - remove the directory
 */
void mlu_debugfs_exit(void)
{
	debugfs_remove(root);
}

/**
 * mlu_debugfs_open_control() - create control: commands can be written from now on
 */
void mlu_debugfs_open_control(void)
{
	mlu_control_init(root);
}

/**
 * mlu_debugfs_close_control() - remove control, after the last command
 */
void mlu_debugfs_close_control(void)
{
	mlu_control_exit();
}

/**
 * mlu_debugfs_add_target() - create the directory of a new target
 * @target: the target
 *
 * Context: Worker. May sleep.
 */
void mlu_debugfs_add_target(struct mlu_target *target)
{
	char name[12];

	scnprintf(name, sizeof(name), "%u", target->id);
	target->dir = debugfs_create_dir(name, targets);
	debugfs_add_readers(target->dir, target->id);
	debugfs_create_file_unsafe("blocks", 0400, target->dir, (void *)(unsigned long)target->id,
				   &mlu_blocks_fops);
}

/**
 * mlu_debugfs_remove_target() - remove the directory of a target that is being forgotten
 * @target: the target
 *
 * Context: Worker. May sleep.
 */
void mlu_debugfs_remove_target(struct mlu_target *target)
{
	debugfs_remove(target->dir);
	target->dir = NULL;
}
