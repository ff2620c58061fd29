// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/memleak_user: its files, and a directory for each target.
 *
 * Files carry the id of their target, not a pointer: open() looks the target up. debugfs may be
 * missing, or switched off (debugfs=off): then there is no directory, and a target has no files.
 *
 * An open file holds a reference on the module, by the owner of its operations. So none is open
 * when the module is unloaded, and none can be opened then.
 *
 * Context: Process context; may sleep. Called from init and exit, and from the worker to add and
 * remove targets. The caller holds no lock of the module, since removing a file waits for the
 * running operations on it.
 */
#include <linux/debugfs.h>

#include "debugfs.h"
#include "files_internal.h"
#include "target.h"

static struct dentry *root, *targets, *control;

/*
 * The "unsafe" files are without debugfs' guard of each read, so that a file that is removed can
 * be read to its end. This is safe: only open(), which is guarded, looks at the inode. An open file
 * holds references on all that it shows.
 */
static void add_readers(struct dentry *dir, u32 id)
{
	void *data = (void *)(unsigned long)id;

	debugfs_create_file_unsafe("report", 0400, dir, data, &mlu_report_fops);
	debugfs_create_file_unsafe("allocations", 0400, dir, data, &mlu_allocations_fops);
	debugfs_create_file_unsafe("blocks", 0400, dir, data, &mlu_blocks_fops);
	debugfs_create_file_unsafe("stats", 0400, dir, data, &mlu_stats_fops);
}

/**
 * mlu_debugfs_open() - create the directory and its files: commands can be written from now on
 *
 * No other file is created before control: without control the directory is removed, while none of
 * its files can be open.
 *
 * Context: Init, when commands can be executed.
 * Return: true if there is a file control.
 */
bool mlu_debugfs_open(void)
{
	root = debugfs_create_dir("memleak_user", NULL);
	targets = debugfs_create_dir("targets", root);
	control = debugfs_create_file("control", 0600, root, NULL, &mlu_control_fops);
	if (IS_ERR(control)) {
		debugfs_remove(root);
		root = control;
		targets = control;
		return false;
	}
	add_readers(root, 0);
	return true;
}

/**
 * mlu_debugfs_close_control() - remove control, after the last command
 *
 * Context: Exit.
 */
void mlu_debugfs_close_control(void)
{
	debugfs_remove(control);
}

/**
 * mlu_debugfs_close() - remove the directory
 *
 * Context: Exit, when all targets have been forgotten.
 */
void mlu_debugfs_close(void)
{
	debugfs_remove(root);
}

/**
 * mlu_debugfs_add_target() - create the directory of a new target
 * @target: the target
 *
 * Errors are ignored: a target without files is traced all the same.
 *
 * Context: Worker. May sleep.
 */
void mlu_debugfs_add_target(struct mlu_target *target)
{
	char name[12];

	scnprintf(name, sizeof(name), "%u", target->id);
	target->dir = debugfs_create_dir(name, targets);
	add_readers(target->dir, target->id);
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
