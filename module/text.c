// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing what a target or a writer has named.
 *
 * Each byte outside of 0x21 to 0x7e, and the backslash, is written as a backslash and three octal
 * digits, as /proc/PID/maps does with the newline; a path at the end of a line may keep its spaces.
 * Entered from readers and writers; needs no lock.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>

#include "text.h"

static bool is_plain(char c, bool spaces)
{
	return (c > ' ' && c < 0x7f && c != '\\') || (spaces && c == ' ');
}

static void write_escaped(struct seq_file *m, const char *text, size_t len, bool spaces)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (is_plain(text[i], spaces))
			seq_putc(m, text[i]);
		else
			seq_printf(m, "\\%03o", (u8)text[i]);
	}
}

void mlu_seq_name(struct seq_file *m, const char *name, size_t len)
{
	write_escaped(m, name, len, false);
}

void mlu_seq_path(struct seq_file *m, const char *path, size_t len)
{
	write_escaped(m, path, len, true);
}

/*
 * mlu_escape() - the same into a buffer, with spaces kept
 * @room: of @buf, at least 1; what does not fit is left out
 *
 * Return: the length written, without the final 0.
 */
size_t mlu_escape(char *buf, size_t room, const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len && n + 4 < room; i++) {
		if (is_plain(text[i], true))
			buf[n++] = text[i];
		else
			n += scnprintf(buf + n, room - n, "\\%03o", (u8)text[i]);
	}
	buf[n] = '\0';
	return n;
}

/**
 * mlu_tid_in() - a thread's number as a reader sees it
 * @tid: its number in the initial namespace, where it may have ended
 * @ns: the reader's
 *
 * Return: 0 if it is not to be seen there.
 */
pid_t mlu_tid_in(u32 tid, struct pid_namespace *ns)
{
	pid_t nr;

	if (ns == &init_pid_ns)
		return tid;
	rcu_read_lock();
	nr = pid_nr_ns(find_pid_ns(tid, &init_pid_ns), ns);
	rcu_read_unlock();
	return nr;
}

/** mlu_errno_name() - the name of an error that commands give, or reading a file */
const char *mlu_errno_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ -EPERM, "EPERM" },
		{ -EACCES, "EACCES" },
		{ -EINVAL, "EINVAL" },
		{ -E2BIG, "E2BIG" },
		{ -ESRCH, "ESRCH" },
		{ -ESTALE, "ESTALE" },
		{ -ENOENT, "ENOENT" },
		{ -EBUSY, "EBUSY" },
		{ -ENOSPC, "ENOSPC" },
		{ -ENOMEM, "ENOMEM" },
		{ -EFAULT, "EFAULT" },
		{ -EOPNOTSUPP, "EOPNOTSUPP" },
		{ -EINTR, "EINTR" },
		{ -EIO, "EIO" },
		{ -EADDRINUSE, "EADDRINUSE" },
		{ -ETIMEDOUT, "ETIMEDOUT" },
		{ -EINPROGRESS, "EINPROGRESS" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].err == err)
			return names[i].name;
	return "another error";
}
