// SPDX-License-Identifier: GPL-2.0-only
/*
 * "control": each write is one command. Reading shows the targets, their probes, and the last
 * command that was refused. docs/ABI/debugfs-memleak_user has the grammar and the errors.
 *
 * An open file is a session: a target that was attached with bound=1 is forgotten when the file is
 * closed. release() queues the work for that and does not wait for it.
 *
 * Context: Called from readers and writers in process context; may sleep.
 * Locks: control->lock guards a file's own refusal, last_lock the last one of all files; both are
 * leaves. mlu_targets_lock is taken with neither of them.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "command.h"
#include "files_internal.h"
#include "group.h"
#include "text.h"
#include "unseen.h"
#include "uses.h"
#include "worker.h"

/* An open file. */
struct control {
	struct mlu_session *session;
	struct mutex lock; /* guards the members below */
	bool written;
	struct mlu_refusal refusal; /* of this file's last command; err is 0 if that succeeded */
};

static DEFINE_MUTEX(last_lock);
static struct mlu_refusal last_refusal;

static void refusal_copy(struct mlu_refusal *to, const struct mlu_refusal *from)
{
	put_pid(to->writer);
	*to = *from;
	get_pid(to->writer);
}

static void control_show_refusal(struct seq_file *m, const struct mlu_refusal *refusal)
{
	if (!refusal->err)
		return;
	seq_printf(m, "refused %s: %s (%s), written by ", refusal->command, refusal->reason,
		   mlu_errno_name(refusal->err));
	mlu_seq_name(m, refusal->comm, strnlen(refusal->comm, sizeof(refusal->comm)));
	seq_printf(m, "[%d] %llu ms ago\n", pid_nr_ns(refusal->writer, task_active_pid_ns(current)),
		   div_u64(ktime_get_ns() - refusal->time_ns, NSEC_PER_MSEC));
}

/* How the instruction under the breakpoint is executed. */
static const char *const place_words[] = {
	[MLU_PLACE_EMULATED] = "emulated",
	[MLU_PLACE_EXECUTED] = "executed",
	[MLU_PLACE_FRAME] = "executed",
	[MLU_PLACE_STEPPED] = "stepped",
};

static void control_show_use(struct seq_file *m, const struct mlu_use *use)
{
	const char *name;
	size_t len;

	seq_printf(m, "%s ", use->probe->function.proto->name);
	name = mlu_mapping_name(use->mapping, &len);
	mlu_seq_code(m, name, len,
		     mlu_mapping_address(use->mapping, mlu_mapping_read_dso(use->mapping),
					 use->addr));
	seq_printf(m, " %s", place_words[use->probe->place]);
	if (use->nr_exits)
		seq_printf(m, " exits=%u", use->nr_exits);
	else if (use->refusal)
		seq_printf(m, " exits=%s", use->refusal);
}

/* Show the probes of functions, without those of exits. */
static void control_show_uses(struct seq_file *m, const struct mlu_target *target)
{
	const struct mlu_uses *uses;
	const char *before = ": ";
	unsigned int i;

	list_for_each_entry(uses, &target->uses, node) {
		for (i = 0; i < uses->nr; i++) {
			if (!mlu_probe_is_entry(uses->use[i].probe->kind))
				continue;
			seq_puts(m, before);
			control_show_use(m, &uses->use[i]);
			before = ", ";
		}
	}
	if (list_empty(&target->uses))
		seq_puts(m, ": none");
	seq_putc(m, '\n');
}

static void control_show_group(struct seq_file *m, const struct mlu_group *group)
{
	struct mlu_options options = group->options;

	seq_printf(m, "group %u", group->id);
	if (group->path) {
		seq_puts(m, " object=");
		mlu_seq_name(m, group->path, strlen(group->path));
		*options.object = '\0';
	}
	mlu_options_show(m, &options);
	seq_printf(m, ": %d targets, %d live, %d not traced", atomic_read(&group->nr_made),
		   atomic_read(&group->nr_live), atomic_read(&group->nr_untraced));
	if (atomic64_read(&group->nr_lost))
		seq_printf(m, ", %llu events lost", (u64)atomic64_read(&group->nr_lost));
	if (group->template)
		control_show_uses(m, group->template);
	else
		seq_putc(m, '\n');
}

static int control_show(struct seq_file *m, void *unused)
{
	struct control *control = m->private;
	const struct mlu_group *group;
	struct mlu_target *target;
	struct mlu_unseen unseen;

	seq_puts(m, "memleak_user control 1\n");
	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node) {
		mlu_seq_target(m, target);
		seq_printf(m, " %s", mlu_state_name(target->state));
		mlu_options_show(m, &target->options);
		seq_puts(m, target->frozen ? " frozen=1" : "");
		if (target->group)
			seq_printf(m, " group=%u", target->group->id);
		control_show_uses(m, target);
		mlu_unseen_collect(&unseen, target);
		mlu_unseen_show(m, &unseen, target);
	}
	list_for_each_entry(group, &mlu_groups, node)
		control_show_group(m, group);
	mutex_unlock(&mlu_targets_lock);

	mutex_lock(&control->lock);
	if (control->written)
		control_show_refusal(m, &control->refusal);
	mutex_unlock(&control->lock);
	if (control->written)
		return 0;
	mutex_lock(&last_lock);
	control_show_refusal(m, &last_refusal);
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
	control->session = mlu_session_new();
	if (!control->session) {
		err = -ENOMEM;
		goto err_control;
	}
	err = single_open(file, control_show, control);
	if (err)
		goto err_session;
	return 0;

err_session:
	mlu_session_put(control->session);
err_control:
	kfree(control);
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
 * A write takes all of its bytes or none. It sets the file's position to 0, so that a following
 * read shows the whole file, with the refusal of this command.
 */
static ssize_t control_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct control *control = ((struct seq_file *)file->private_data)->private;
	struct mlu_refusal refusal = {};
	/* mlu_command() refuses a command with one byte too many; more need not be copied. */
	size_t copied = min_t(size_t, len, MLU_COMMAND_MAX + 1);
	char *text = memdup_user_nul(buf, copied);
	int err = PTR_ERR_OR_ZERO(text);

	if (err) {
		mlu_command_unread(err, &refusal);
	} else {
		err = mlu_command(text, copied, control->session, &refusal);
		kfree(text);
	}
	mutex_lock(&control->lock);
	control->written = true;
	refusal_copy(&control->refusal, &refusal);
	mutex_unlock(&control->lock);
	if (err) {
		mutex_lock(&last_lock);
		refusal_copy(&last_refusal, &refusal);
		mutex_unlock(&last_lock);
	}
	put_pid(refusal.writer);
	*pos = 0;
	return err ? err : len;
}

const struct file_operations mlu_control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.read = seq_read,
	.write = control_write,
	.llseek = seq_lseek,
	.release = control_release,
};

/**
 * mlu_control_exit() - forget the last refusal
 *
 * Context: Exit, when no control file can be opened any more.
 */
void mlu_control_exit(void)
{
	put_pid(last_refusal.writer);
	last_refusal.writer = NULL;
}
