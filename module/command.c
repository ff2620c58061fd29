// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: bytes from a writer to a request for the worker.
 *
 * Takes bytes and their writer (current) and no file, so that another door than debugfs can use it.
 * Entered in the writer's context, may sleep.  All that comes from a writer is checked: words are
 * exact, each key stands once, numbers are plain and in range.
 *
 * The grammar is the two tables below, and nowhere else; docs/ABI/debugfs-memleak_user says it in
 * words.
 */
#include <linux/ctype.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "command.h"
#include "text.h"
#include "worker.h"

/* A command being read. */
struct parse {
	char *rest; /* what is still to be read */
	struct mlu_request *request;
};

struct command_key {
	const char *name;
	size_t at; /* in struct mlu_options */
	u64 min;
	u64 max; /* 0: it is a name */
};

#define KEY(name, field, min, max)                                  \
	{                                                           \
		name, offsetof(struct mlu_options, field), min, max \
	}

static const struct command_key keys[] = {
	KEY("min", min, 0, U64_MAX),	       KEY("max", max, 0, U64_MAX),
	KEY("depth", depth, 1, MLU_MAX_DEPTH), KEY("older", older_ms, 0, U32_MAX),
	KEY("object", object, 0, 0),	       KEY("bound", bound, 0, 1),
};

static int parse_attach(struct parse *p);
static int parse_which(struct parse *p);

static const struct word {
	const char *name;
	enum mlu_op op;
	int (*parse)(struct parse *p);
} words[] = {
	{ "attach", MLU_OP_ATTACH, parse_attach },
	{ "detach", MLU_OP_DETACH, parse_which },
	{ "clear", MLU_OP_CLEAR, parse_which },
};

/* The next word, or NULL. */
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

static int nothing_more(struct parse *p)
{
	const char *word = next_word(p);

	return word ? mlu_refuse(p->request, -EINVAL, "nothing may follow, but there is \"%s\"",
				 word) :
		      0;
}

static bool is_number(const char *word)
{
	return isdigit(*word);
}

/* A PID: decimal, above 0, as far as a pid_t goes. */
static int parse_pid(struct parse *p, const char *word, pid_t *nr)
{
	unsigned int value;

	if (!word)
		return mlu_refuse(p->request, -EINVAL, "a PID is missing");
	if (!is_number(word) || kstrtouint(word, 10, &value) || !value || value > INT_MAX)
		return mlu_refuse(p->request, -EINVAL, "\"%s\" is no PID", word);
	*nr = value;
	return 0;
}

/* === attach === */

static int set_name(struct parse *p, const struct command_key *key, const char *value)
{
	char *field = (char *)&p->request->options + key->at;

	if (!*value || strlen(value) > MLU_NAME_MAX || strchr(value, '/'))
		return mlu_refuse(p->request, -EINVAL,
				  "%s= wants the last part of a path, of 1 to %d bytes", key->name,
				  MLU_NAME_MAX);
	strscpy(field, value, sizeof(p->request->options.object));
	return 0;
}

static int set_number(struct parse *p, const struct command_key *key, const char *value)
{
	u64 *field = (void *)&p->request->options + key->at;

	if (!is_number(value) || kstrtou64(value, 10, field) || *field < key->min ||
	    *field > key->max)
		return mlu_refuse(p->request, -EINVAL,
				  "%s= wants a number from %llu to %llu, not \"%s\"", key->name,
				  key->min, key->max, value);
	return 0;
}

static int parse_key(struct parse *p, char *word, unsigned long *seen)
{
	char *value = strchr(word, '=');
	unsigned int i;

	if (!value)
		return mlu_refuse(p->request, -EINVAL, "\"%s\" is no key=value", word);
	*value++ = '\0';
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, word))
			continue;
		if (__test_and_set_bit(i, seen))
			return mlu_refuse(p->request, -EINVAL, "%s= stands twice", word);
		return keys[i].max ? set_number(p, &keys[i], value) : set_name(p, &keys[i], value);
	}
	return mlu_refuse(p->request, -EINVAL,
			  "unknown key \"%s\": there are min, max, depth, older, object, bound",
			  word);
}

static int parse_options(struct parse *p)
{
	const struct mlu_options *options = &p->request->options;
	unsigned long seen = 0;
	char *word;
	int err;

	while ((word = next_word(p))) {
		err = parse_key(p, word, &seen);
		if (err)
			return err;
	}
	if (options->min > options->max)
		return mlu_refuse(p->request, -EINVAL, "min=%llu is above max=%llu", options->min,
				  options->max);
	return 0;
}

static int attach_to(struct parse *p, const char *word)
{
	pid_t nr;
	int err = parse_pid(p, word, &nr);

	if (!err)
		err = parse_options(p);
	if (err)
		return err;
	p->request->pid = find_get_pid(nr);
	return p->request->pid ? 0 : mlu_refuse(p->request, -ESRCH, "there is no process %d", nr);
}

static int parse_attach(struct parse *p)
{
	return attach_to(p, next_word(p));
}

/* === detach and clear === */

static int parse_which(struct parse *p)
{
	const char *word = next_word(p);
	bool all = word && !strcmp(word, "all");
	pid_t nr = 0;
	int err = all ? 0 : parse_pid(p, word, &nr);

	if (!err)
		err = nothing_more(p);
	if (err)
		return err;
	err = mlu_request_add_targets(p->request, nr);
	if (!err && !all && !p->request->nr_targets)
		return mlu_refuse(p->request, -ENOENT, "%d is no target", nr);
	return err;
}

/* === All commands === */

static int parse(struct parse *p)
{
	const char *word = next_word(p);
	unsigned int i;

	if (!word)
		return mlu_refuse(p->request, -EINVAL, "the command is empty");
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].name, word))
			continue;
		p->request->op = words[i].op;
		return words[i].parse(p);
	}
	if (is_number(word))
		return attach_to(p, word);
	return mlu_refuse(p->request, -EINVAL,
			  "unknown command \"%s\": there are PID, attach, detach, clear", word);
}

static int check_bytes(struct mlu_request *request, const char *text, size_t len)
{
	if (len > MLU_COMMAND_MAX)
		return mlu_refuse(request, -E2BIG, "a command has at most %d bytes",
				  MLU_COMMAND_MAX);
	if (memchr(text, '\n', len))
		return mlu_refuse(request, -EINVAL, "one command a write, on one line");
	if (memchr(text, '\0', len))
		return mlu_refuse(request, -EINVAL, "there is a zero byte in it");
	return 0;
}

static int run(struct parse *p, const char *text, size_t len)
{
	char *copy;
	int err = check_bytes(p->request, text, len);

	if (err)
		return err;
	copy = kmemdup_nul(text, len, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	p->rest = copy;
	err = parse(p);
	kfree(copy);
	return err ? err : mlu_worker_run(p->request);
}

static const char *default_sentence(int err)
{
	switch (err) {
	case -EINPROGRESS:
		return "it is still being carried out, see what control shows of it";
	case -EINTR:
		return "the writer was killed, it is still being carried out";
	case -ENOMEM:
		return "out of memory";
	default:
		return "the kernel refuses";
	}
}

static void refuse(struct mlu_refusal *refusal, int err, const char *sentence, const char *text,
		   size_t len)
{
	refusal->err = err;
	refusal->time_ns = ktime_get_ns();
	refusal->writer = get_pid(task_tgid(current));
	get_task_comm(refusal->comm, current);
	mlu_escape(refusal->command, sizeof(refusal->command), text, len);
	mlu_escape(refusal->reason, sizeof(refusal->reason), sentence, strlen(sentence));
}

/*
 * mlu_command() - carry out one command
 * @text: its bytes, not terminated
 * @session: the writer's
 * @refusal: filled in if it fails; its writer has a reference then
 *
 * Context: the writer's; sleeps, killably, 5 s at most.  Return: 0 or a negative errno.
 */
int mlu_command(const char *text, size_t len, struct mlu_session *session,
		struct mlu_refusal *refusal)
{
	struct parse p;
	bool unknown;
	int err;

	while (len && isspace(*text)) {
		text++;
		len--;
	}
	while (len && isspace(text[len - 1]))
		len--;
	p.request = mlu_request_new(session);
	if (!p.request) {
		refuse(refusal, -ENOMEM, default_sentence(-ENOMEM), text, len);
		return -ENOMEM;
	}
	err = run(&p, text, len);
	/* While the worker still writes them, the request's own words are not to be read. */
	unknown = err == -EINPROGRESS || err == -EINTR || !*p.request->reason;
	if (err)
		refuse(refusal, err, unknown ? default_sentence(err) : p.request->reason, text,
		       len);
	mlu_request_put(p.request);
	return err;
}

/** mlu_command_unread() - refuse a command whose bytes could not be had */
void mlu_command_unread(int err, struct mlu_refusal *refusal)
{
	static const char unread[] = "[unread]";
	const char *sentence = err == -EFAULT ? "its bytes cannot be read" : default_sentence(err);

	refuse(refusal, err, sentence, unread, strlen(unread));
}

/** mlu_options_show() - " key=value" of each key that is not at its default */
void mlu_options_show(struct seq_file *m, const struct mlu_options *options)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const void *field = (const void *)options + keys[i].at;
		const void *by_default = (const void *)&mlu_default_options + keys[i].at;

		if (!keys[i].max && *(const char *)field) {
			seq_printf(m, " %s=", keys[i].name);
			mlu_seq_name(m, field, strlen(field));
		} else if (keys[i].max && *(const u64 *)field != *(const u64 *)by_default) {
			seq_printf(m, " %s=%llu", keys[i].name, *(const u64 *)field);
		}
	}
}
