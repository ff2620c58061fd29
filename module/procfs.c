// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/memleak_user: the files of debugfs that show all targets, for kernels without debugfs, and
 * for locked-down ones, on which debugfs opens no file that can be written.
 *
 * The functions behind the files are those of debugfs, with their check of capabilities. There are
 * no files of single targets here: removing a file of /proc waits for the reads that are running on
 * it, and a read waits for its reader's memory. The worker, which removes targets, must not.
 *
 * An open file holds a reference on the module. debugfs takes it by the owner of the operations,
 * which a proc_ops does not have: so open() and release() of this file count it. rmmod is therefore
 * refused while a file is open, as with debugfs.
 *
 * Removal, as a proof. /proc calls a function of this file in two ways only:
 *
 *  - open, read, write and lseek, of which it counts those that are running. None is called for a
 *    file that is being removed, and the removal waits until none is running.
 *  - release, for each file whose open() has succeeded. close() calls it, or else the removal does;
 *    the second of these waits until the call of the first has returned.
 *
 * So when mlu_procfs_close() has returned, no task executes such a function, and none will. That
 * covers an open() that was refused and a release() that has dropped its reference: here a module
 * may take and drop references on itself.
 *
 * At exit no reference is held, and none can be taken: no file is open, except those whose last
 * close() is returning. The removal does not wait for reads and writes then, as these have an open
 * file; an open() that is to be refused takes no lock. A release() may have ended a session: that
 * was before it dropped its reference, or in the removal itself, and the worker is stopped after
 * that.
 *
 * /proc also reads the tables of operations, which are the module's, but only while it counts a
 * call. Kernels without the fixes of CVE-2025-21999 and CVE-2025-38653 do not count the reads of a
 * lookup and of an open: a fault of these kernels, in all modules with files in /proc
 * (limitations.md).
 *
 * If init fails here, files may be open: the removal releases them, and later calls on them return
 * EIO. The module has executed no command by then, as control was the last file to be created.
 *
 * Context: Init and exit, in process context; may sleep. The caller holds no lock of the module.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>

#include "files_internal.h"
#include "procfs.h"

static struct proc_dir_entry *root;

static int open_with_module(struct inode *inode, struct file *file,
			    const struct file_operations *fops)
{
	int err;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	err = fops->open(inode, file);
	if (err)
		module_put(THIS_MODULE);
	return err;
}

static int release_with_module(struct inode *inode, struct file *file,
			       const struct file_operations *fops)
{
	int err = fops->release(inode, file);

	module_put(THIS_MODULE);
	return err;
}

/* The operations of /proc for mlu_NAME_fops. The files have no data: they show all targets. */
#define DEFINE_PROC_OPS(name, write)                                           \
	static int name##_proc_open(struct inode *inode, struct file *file)    \
	{                                                                      \
		return open_with_module(inode, file, &mlu_##name##_fops);      \
	}                                                                      \
	static int name##_proc_release(struct inode *inode, struct file *file) \
	{                                                                      \
		return release_with_module(inode, file, &mlu_##name##_fops);   \
	}                                                                      \
	static const struct proc_ops name##_proc_ops = {                       \
		.proc_open = name##_proc_open,                                 \
		.proc_read = seq_read,                                         \
		.proc_write = write,                                           \
		.proc_lseek = seq_lseek,                                       \
		.proc_release = name##_proc_release,                           \
	}

DEFINE_PROC_OPS(report, NULL);
DEFINE_PROC_OPS(allocations, NULL);
DEFINE_PROC_OPS(blocks, NULL);
DEFINE_PROC_OPS(stats, NULL);

static ssize_t control_proc_write(struct file *file, const char __user *buf, size_t len,
				  loff_t *pos)
{
	return mlu_control_fops.write(file, buf, len, pos);
}

DEFINE_PROC_OPS(control, control_proc_write);

static const struct proc_file {
	const char *name;
	umode_t mode;
	const struct proc_ops *ops;
} files[] = {
	{ "report", 0400, &report_proc_ops },	{ "allocations", 0400, &allocations_proc_ops },
	{ "blocks", 0400, &blocks_proc_ops },	{ "stats", 0400, &stats_proc_ops },
	{ "control", 0600, &control_proc_ops },
};

/**
 * mlu_procfs_open() - create the directory and its files: commands can be written from now on
 *
 * Context: Init, when commands can be executed.
 * Return: true if all of its files exist, false if there is nothing.
 */
bool mlu_procfs_open(void)
{
	unsigned int i;

	root = proc_mkdir_mode("memleak_user", 0500, NULL);
	if (!root)
		return false;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (proc_create(files[i].name, files[i].mode, root, files[i].ops))
			continue;
		mlu_procfs_close();
		return false;
	}
	return true;
}

/**
 * mlu_procfs_close() - remove the directory, if there is one
 *
 * Context: Exit, before the worker is stopped; or init.
 */
void mlu_procfs_close(void)
{
	proc_remove(root);
	root = NULL;
}
