// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: from the bytes of a writer to a request for the worker.
 *
 * Takes bytes, not a file, so that other interfaces can use it, too. The writer is
 * current. All input is checked: words are exact, each key is given at most once, numbers are
 * decimal and in range. What changes probes is executed by the worker, the rest here.
 *
 * The table below and that of the keys (command_keys.c) are the grammar;
 * docs/ABI/debugfs-memleak_user describes it in words.
 *
 * Context: The writer, in process context; may sleep. Locks: see request.c.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "command.h"
#include "command_keys.h"
#include "mapped_path.h"
#include "mark.h"
#include "text.h"
#include "worker.h"

/* Parser state. */
struct parse {
	char *rest; /* the rest of the command */
	struct mlu_request *request;
};

static int parse_attach(struct parse *p, const char *word);
static int parse_targets(struct parse *p, const char *word);
static int attach_targets(struct mlu_request *request);
static int mark_targets(struct mlu_request *request);
static int freeze_targets(struct mlu_request *request);

static const struct command_word {
	const char *name;
	enum mlu_op op;
	int (*parse)(struct parse *p, const char *word); /* @word: the first argument, or NULL */
	int (*run)(struct mlu_request *request);
} words[] = {
	{ "attach", MLU_OP_ATTACH, parse_attach, attach_targets },
	{ "detach", MLU_OP_DETACH, parse_targets, mlu_worker_run },
	{ "clear", MLU_OP_CLEAR, parse_targets, mlu_worker_run },
	{ "mark", MLU_OP_MARK, parse_targets, mark_targets },
	{ "freeze", MLU_OP_FREEZE, parse_targets, freeze_targets },
	{ "thaw", MLU_OP_THAW, parse_targets, freeze_targets },
};

/* The next word, or NULL at the end of the command. */
static char *next_word(struct parse *p)
{
	char *word = skip_spaces(p->rest);

	if (!*word)
		return NULL;
	for (p->rest = word; *p->rest && !isspace(*p->rest);)
		p->rest++;
	if (*p->rest)
		*p->rest++ = '\0';
	return word;
}

static int refuse_command(struct mlu_request *request, const char *word)
{
	char list[MLU_REASON_MAX / 2] = "PID";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		mlu_command_append(list, sizeof(list), words[i].name);
	return mlu_refuse(request, -EINVAL, "unknown command \"%s\" (commands: %s)", word, list);
}

/* A PID: decimal, from 1 to INT_MAX. */
static int parse_pid(struct parse *p, const char *word, pid_t *nr)
{
	unsigned int value;

	if (!word)
		return mlu_refuse(p->request, -EINVAL, "missing PID");
	if (!mlu_command_is_number(word) || kstrtouint(word, 10, &value) || !value ||
	    value > INT_MAX)
		return mlu_refuse(p->request, -EINVAL, "invalid PID \"%s\"", word);
	*nr = value;
	return 0;
}

/* === attach === */

/* The file of attach all is opened here, in the writer's mount namespace. */
static int open_file(struct mlu_request *request)
{
	const char *path = request->path;
	struct file *file;

	if (!path)
		return mlu_refuse(request, -EINVAL, "attach all needs object=PATH");
	if (request->options.children)
		return mlu_refuse(request, -EINVAL,
				  "children= has no meaning with all: each process is traced");
	file = mlu_open_as_mapped(path);
	if (IS_ERR(file))
		return mlu_refuse(request, PTR_ERR(file), "cannot map %s (%s)", path,
				  mlu_errno_name(PTR_ERR(file)));
	request->file = file;
	return 0;
}

static int parse_attach(struct parse *p, const char *word)
{
	const struct mlu_options *options = &p->request->options;
	bool all = word && !strcmp(word, "all");
	unsigned long seen = 0;
	char *option;
	pid_t nr = 0;
	int err = all ? 0 : parse_pid(p, word, &nr);

	p->request->all = all;
	while (!err && (option = next_word(p)))
		err = mlu_key_parse(p->request, option, &seen);
	if (err)
		return err;
	if (options->min > options->max)
		return mlu_refuse(p->request, -EINVAL, "min=%llu is above max=%llu", options->min,
				  options->max);
	if (options->sample && options->every)
		return mlu_refuse(p->request, -EINVAL, "sample= and every= exclude each other");
	if (all)
		return open_file(p->request);
	p->request->pid = find_get_pid(nr);
	return p->request->pid ? 0 : mlu_refuse(p->request, -ESRCH, "there is no process %d", nr);
}

/* The rule of the kernel's own uprobe_events: no new probes in a kernel that keeps its secrets. */
static int attach_targets(struct mlu_request *request)
{
	int err = security_locked_down(LOCKDOWN_TRACEFS);

	if (!err)
		return mlu_worker_run(request);
	return mlu_refuse(request, err,
			  "the kernel is locked down for confidentiality: it adds no probes");
}

/* === Commands on targets === */

static int parse_targets(struct parse *p, const char *word)
{
	bool all = word && !strcmp(word, "all");
	pid_t nr = 0;
	int err = all ? 0 : parse_pid(p, word, &nr);

	if (err)
		return err;
	p->request->all = all;
	word = next_word(p);
	if (word)
		return mlu_refuse(p->request, -EINVAL, "unexpected argument \"%s\"", word);
	err = mlu_request_add_targets(p->request, nr);
	if (err == -EBUSY)
		return mlu_refuse(p->request, err,
				  "it is traced by attach all, which is ended by: detach all");
	if (!err && !all && !p->request->nr_targets)
		return mlu_refuse(p->request, -ENOENT, "no target has the PID %d", nr);
	return err;
}

static int mark_targets(struct mlu_request *request)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < request->nr_targets; i++)
		err = mlu_mark_target(request->targets[i]->id);
	return err;
}

/* Freeze or thaw. Ended targets are left as they are. */
static int freeze_targets(struct mlu_request *request)
{
	unsigned int i, nr = 0;

	mutex_lock(&mlu_targets_lock);
	for (i = 0; i < request->nr_targets; i++) {
		if (!mlu_target_is_live(request->targets[i]))
			continue;
		mlu_target_set_frozen(request->targets[i], request->op == MLU_OP_FREEZE);
		nr++;
	}
	mutex_unlock(&mlu_targets_lock);
	if (request->nr_targets && !nr)
		return mlu_refuse(request, -ENOENT, "no such target is being traced");
	return 0;
}

/* === All commands === */

/*
 * Fill in a request from the bytes of a command without surrounding white space, and set *@found to
 * the command.
 */
static int parse_command(struct mlu_request *request, const char *text, size_t len,
			 const struct command_word **found)
{
	const struct command_word *command = words;
	struct parse p = { .request = request };
	const char *word;
	char *copy;
	int err;

	if (len > MLU_COMMAND_MAX)
		return mlu_refuse(request, -E2BIG, "command too long (maximum %d bytes)",
				  MLU_COMMAND_MAX);
	if (memchr(text, '\n', len))
		return mlu_refuse(request, -EINVAL,
				  "embedded newline: write one command at a time, on one line");
	if (memchr(text, '\0', len))
		return mlu_refuse(request, -EINVAL, "embedded NUL byte");
	if (!len)
		return mlu_refuse(request, -EINVAL, "empty command");
	copy = kmemdup_nul(text, len, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	p.rest = copy;
	word = next_word(&p);
	while (command < words + ARRAY_SIZE(words) && strcmp(command->name, word))
		command++;
	if (command < words + ARRAY_SIZE(words)) {
		*found = command;
		request->op = command->op;
		err = command->parse(&p, next_word(&p));
	} else if (mlu_command_is_number(word)) {
		*found = words;
		err = parse_attach(&p, word);
	} else {
		err = refuse_command(request, word);
	}
	kfree(copy);
	return err;
}

static const char *default_reason(int err)
{
	switch (err) {
	case -EINPROGRESS:
		return "still in progress; read control for the result";
	case -EINTR:
		return "the writer was killed; the command is still in progress";
	case -ENOMEM:
		return "out of memory";
	default:
		return "refused by the kernel";
	}
}

static void fill_refusal(struct mlu_refusal *refusal, int err, const char *reason, const char *text,
			 size_t len)
{
	refusal->err = err;
	refusal->time_ns = ktime_get_ns();
	refusal->writer = get_pid(task_tgid(current));
	get_task_comm(refusal->comm, current);
	mlu_escape(refusal->command, sizeof(refusal->command), text, len);
	mlu_escape(refusal->reason, sizeof(refusal->reason), reason, strlen(reason));
}

/**
 * mlu_command() - parse and run one command
 * @text: the bytes of the command, not terminated
 * @len: number of bytes
 * @session: the writer's session
 * @refusal: filled in if the command fails; its @writer is a reference for the caller
 *
 * Context: The writer, in process context. Sleeps, killably, for at most five seconds.
 * Return: 0 or a negative errno.
 */
int mlu_command(const char *text, size_t len, struct mlu_session *session,
		struct mlu_refusal *refusal)
{
	const struct command_word *command;
	struct mlu_request *request;
	const char *reason;
	int err;

	while (len && isspace(*text)) {
		text++;
		len--;
	}
	while (len && isspace(text[len - 1]))
		len--;
	request = mlu_request_new(session);
	if (!request) {
		fill_refusal(refusal, -ENOMEM, default_reason(-ENOMEM), text, len);
		return -ENOMEM;
	}
	err = parse_command(request, text, len, &command);
	if (!err)
		err = command->run(request);
	reason = request->reason;
	/* The worker may still be writing the request's reason. */
	if (err == -EINPROGRESS || err == -EINTR || !*reason)
		reason = default_reason(err);
	if (err)
		fill_refusal(refusal, err, reason, text, len);
	mlu_request_put(request);
	return err;
}

/**
 * mlu_command_unread() - refuse a command whose bytes could not be read
 * @err: why, a negative errno
 * @refusal: filled in; its @writer is a reference for the caller
 *
 * Context: The writer, in process context.
 */
void mlu_command_unread(int err, struct mlu_refusal *refusal)
{
	static const char unread[] = "[unread]";
	const char *reason = err == -EFAULT ? "cannot read the bytes of the command" :
					      default_reason(err);

	fill_refusal(refusal, err, reason, unread, strlen(unread));
}
