// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing names that a target or a writer has chosen, and names of errors.
 *
 * Each byte outside of 0x21 to 0x7e, and the backslash, is written as a backslash and three octal
 * digits, as /proc/PID/maps does with the newline. A path at the end of a line may keep its spaces.
 *
 * Context: Any. No locks.
 */
#include <linux/kernel.h>

#include "text.h"

static bool is_plain(char c, bool spaces)
{
	return (c > ' ' && c < 0x7f && c != '\\') || (spaces && c == ' ');
}

static void seq_escaped(struct seq_file *m, const char *text, size_t len, bool spaces)
{
	size_t i, plain = 0;

	for (i = 0; i < len; i++) {
		if (is_plain(text[i], spaces))
			continue;
		seq_write(m, text + plain, i - plain);
		seq_printf(m, "\\%03o", (u8)text[i]);
		plain = i + 1;
	}
	seq_write(m, text + plain, len - plain);
}

/**
 * mlu_seq_hex() - write a number as "0x%0*llx" does, in a fraction of the time
 * @m: the file
 * @number: the number
 * @width: the least number of digits, 1 to 16
 */
void mlu_seq_hex(struct seq_file *m, u64 number, unsigned int width)
{
	static const char digits[] = "0123456789abcdef";
	char text[18];
	unsigned int i = sizeof(text);

	while (number || i > sizeof(text) - width) {
		text[--i] = digits[number & 15];
		number >>= 4;
	}
	text[--i] = 'x';
	text[--i] = '0';
	seq_write(m, text + i, sizeof(text) - i);
}

/**
 * mlu_seq_name() - write an escaped name, which is one word
 * @m: the file
 * @name: the name, not terminated
 * @len: its length
 */
void mlu_seq_name(struct seq_file *m, const char *name, size_t len)
{
	seq_escaped(m, name, len, false);
}

/**
 * mlu_seq_code() - write "OBJECT+0xADDRESS"
 * @m: the file
 * @name: the object's name, not terminated
 * @len: its length
 * @address: the address in the object
 */
void mlu_seq_code(struct seq_file *m, const char *name, size_t len, u64 address)
{
	mlu_seq_name(m, name, len);
	seq_putc(m, '+');
	mlu_seq_hex(m, address, 1);
}

/**
 * mlu_seq_path() - write an escaped path, with its spaces
 * @m: the file
 * @path: the path, not terminated
 * @len: its length
 */
void mlu_seq_path(struct seq_file *m, const char *path, size_t len)
{
	seq_escaped(m, path, len, true);
}

/**
 * mlu_escape() - escape a text into a buffer, with its spaces
 * @buf: the buffer
 * @size: its size, at least 1; what does not fit is left out
 * @text: the text, not terminated
 * @len: its length
 *
 * Return: the length written, without the terminating zero.
 */
size_t mlu_escape(char *buf, size_t size, const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len && n + 4 < size; i++) {
		if (is_plain(text[i], true))
			buf[n++] = text[i];
		else
			n += scnprintf(buf + n, size - n, "\\%03o", (u8)text[i]);
	}
	buf[n] = '\0';
	return n;
}

/**
 * mlu_errno_name() - name an error that a command or the reading of a file returns
 * @err: a negative errno
 *
 * "%pe" prints names only on kernels with CONFIG_SYMBOLIC_ERRNAME.
 *
 * Return: the name, as in docs/ABI/debugfs-memleak_user.
 */
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
