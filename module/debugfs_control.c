// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs "control": one command a write; reading shows the targets, their probes, and the last
 * refusal.  docs/ABI/debugfs-memleak_user has its grammar and errors.
 *
 * An open file is a session: a target that was attached with bound=1 goes when it is closed.  Its
 * release queues work and waits for nothing.
 *
 * Locks: a file's own lock guards its refusal; last_lock guards the last one of all; under either
 * nothing is taken.  mlu_targets_lock is taken alone.
 */
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "command.h"
#include "debugfs_internal.h"
#include "probes.h"
#include "text.h"
#include "unseen.h"
#include "worker.h"

struct control {
	struct mlu_session *session;
	struct mutex lock; /* guards what is below */
	bool written;
	struct mlu_refusal refusal; /* of this file's last command; err 0: it was none */
};

static DEFINE_MUTEX(last_lock);
static struct mlu_refusal last;

/* @to becomes a copy of @from. */
static void copy_refusal(struct mlu_refusal *to, const struct mlu_refusal *from)
{
	put_pid(to->writer);
	*to = *from;
	get_pid(to->writer);
}

static void keep_refusal(struct control *control, const struct mlu_refusal *refusal)
{
	mutex_lock(&control->lock);
	control->written = true;
	copy_refusal(&control->refusal, refusal);
	mutex_unlock(&control->lock);
	if (!refusal->err)
		return;
	mutex_lock(&last_lock);
	copy_refusal(&last, refusal);
	mutex_unlock(&last_lock);
}

static void show_refusal(struct seq_file *m, const struct mlu_refusal *refusal)
{
	if (!refusal->err)
		return;
	seq_printf(m, "refused %s: %s (%s), written by ", refusal->command, refusal->reason,
		   mlu_errno_name(refusal->err));
	mlu_seq_name(m, refusal->comm, strnlen(refusal->comm, sizeof(refusal->comm)));
	seq_printf(m, "[%d] %llu ms ago\n", pid_nr_ns(refusal->writer, task_active_pid_ns(current)),
		   div_u64(ktime_get_ns() - refusal->time_ns, NSEC_PER_MSEC));
}

static void show_use(struct seq_file *m, const struct mlu_use *use)
{
	seq_printf(m, "%s ", use->probe->function.proto->name);
	mlu_seq_code(m, use->mapping, mlu_mapping_read_dso(use->mapping), use->addr);
	seq_puts(m, use->probe->emulated ? " emulated" : " stepped");
}

static void show_target(struct seq_file *m, struct mlu_target *target)
{
	struct mlu_unseen unseen;
	unsigned int i;

	mlu_seq_target(m, target);
	seq_printf(m, " %s", mlu_state_name(target->state));
	mlu_options_show(m, &target->options);
	seq_puts(m, target->nr_uses ? ": " : ": none");
	for (i = 0; i < target->nr_uses; i++) {
		seq_puts(m, i ? ", " : "");
		show_use(m, &target->uses[i]);
	}
	seq_putc(m, '\n');
	mlu_unseen_collect(&unseen, target);
	mlu_unseen_show(m, &unseen, target);
}

static int show(struct seq_file *m, void *unused)
{
	struct control *control = m->private;
	struct mlu_target *target;

	seq_puts(m, "memleak_user control 1\n");
	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node)
		show_target(m, target);
	mutex_unlock(&mlu_targets_lock);

	mutex_lock(&control->lock);
	if (control->written)
		show_refusal(m, &control->refusal);
	mutex_unlock(&control->lock);
	if (control->written)
		return 0;
	mutex_lock(&last_lock);
	show_refusal(m, &last);
	mutex_unlock(&last_lock);
	return 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	struct control *control;
	int err = mlu_may_open(file);

	if (err)
		return err;
	control = kzalloc(sizeof(*control), GFP_KERNEL);
	if (!control)
		return -ENOMEM;
	mutex_init(&control->lock);
	err = -ENOMEM;
	control->session = mlu_session_new();
	if (control->session)
		err = single_open(file, show, control);
	if (err) {
		if (control->session)
			mlu_session_put(control->session);
		kfree(control);
	}
	return err;
}

static int control_release(struct inode *inode, struct file *file)
{
	struct control *control = ((struct seq_file *)file->private_data)->private;

	mlu_worker_close_session(control->session);
	put_pid(control->refusal.writer);
	kfree(control);
	return single_release(inode, file);
}

/*
 * The write takes all of its bytes or none.  It sets the file's position to the start, so that a
 * read after it shows everything: what was asked, and what came of it.
 */
static ssize_t control_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct control *control = ((struct seq_file *)file->private_data)->private;
	struct mlu_refusal refusal = {};
	/* One byte more than a command may have is enough to refuse it. */
	char *text = memdup_user_nul(buf, min_t(size_t, len, MLU_COMMAND_MAX + 1));
	int err = PTR_ERR_OR_ZERO(text);

	if (err) {
		mlu_command_unread(err, &refusal);
	} else {
		err = mlu_command(text, min_t(size_t, len, MLU_COMMAND_MAX + 1), control->session,
				  &refusal);
		kfree(text);
	}
	keep_refusal(control, &refusal);
	put_pid(refusal.writer);
	*pos = 0;
	return err ? err : len;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.read = seq_read,
	.write = control_write,
	.llseek = seq_lseek,
	.release = control_release,
};

static struct dentry *control_file;

void mlu_control_init(struct dentry *dir)
{
	control_file = debugfs_create_file("control", 0600, dir, NULL, &control_fops);
}

void mlu_control_exit(void)
{
	debugfs_remove(control_file);
	put_pid(last.writer);
	last.writer = NULL;
}
