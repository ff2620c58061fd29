// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test library: write commands to control and read the reason of a refusal, read the
 * module's files, and parse the lines of control and stats.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mst.h"

char mst_refusal[16384];
const char *mst_dir = MST_DIR;

/**
 * mst_open() - open a file of the module
 * @flags: as for open(2); O_CLOEXEC is added
 * @fmt: a printf format of the path below mst_dir; files of targets are below MST_DIR only
 *
 * Return: a file descriptor, or -1 with errno set.
 */
int mst_open(int flags, const char *fmt, ...)
{
	char file[256], path[512];
	bool is_of_target;
	va_list args;

	va_start(args, fmt);
	vsnprintf(file, sizeof(file), fmt, args);
	va_end(args);
	is_of_target = !strncmp(file, "targets/", strlen("targets/"));
	snprintf(path, sizeof(path), "%s/%s", is_of_target ? MST_DIR : mst_dir, file);
	return open(path, flags | O_CLOEXEC);
}

/**
 * mst_text_of() - read an open file from its current position to its end
 * @fd: the file
 *
 * Ends the test as failed if reading fails or if the text contains a NUL byte.
 *
 * Return: the text, terminated by a NUL byte; to be freed by the caller.
 */
char *mst_text_of(int fd)
{
	size_t len = 0, size = 65536;
	char *text = malloc(size);
	ssize_t n;

	while ((n = read(fd, text + len, size - len - 1)) > 0) {
		len += n;
		if (len == size - 1)
			text = realloc(text, size *= 2);
	}
	if (n < 0)
		mst_die("read: %m");
	text[len] = 0;
	if (strlen(text) != len)
		mst_die("NUL byte at offset %zu of %zu bytes", strlen(text), len);
	return text;
}

/**
 * mst_text() - read a whole file of the module
 * @fmt: a printf format of the path below mst_dir
 *
 * Ends the test as failed if the file cannot be opened or read.
 *
 * Return: the text, terminated by a NUL byte; to be freed by the caller.
 */
char *mst_text(const char *fmt, ...)
{
	char path[256], *text;
	va_list args;
	int fd;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	fd = mst_open(O_RDONLY, "%s", path);
	if (fd < 0)
		mst_die("open %s: %m", path);
	text = mst_text_of(fd);
	close(fd);
	return text;
}

/**
 * mst_refusal_through() - set mst_refusal to the line "refused ..." that an open file shows
 * @fd: control, opened for reading
 *
 * mst_refusal is empty if the file shows no such line.
 */
void mst_refusal_through(int fd)
{
	char *text, *at;

	if (lseek(fd, 0, SEEK_SET))
		mst_die("lseek of control: %m");
	text = mst_text_of(fd);
	at = strncmp(text, "refused ", 8) ? strstr(text, "\nrefused ") : text - 1;
	snprintf(mst_refusal, sizeof(mst_refusal), "%.*s", at ? (int)strcspn(at + 1, "\n") : 0,
		 at ? at + 1 : "");
	free(text);
}

/* Writes a command; sets mst_refusal to why it was refused, or to "". Returns 0 or an errno. */
static int write_through(int fd, const void *bytes, size_t len)
{
	ssize_t n = write(fd, bytes, len);
	int err = n < 0 ? errno : 0;

	mst_refusal[0] = 0;
	if (n >= 0 && (size_t)n != len)
		mst_die("short write to control: %zd bytes of %zu", n, len);
	if (err)
		mst_refusal_through(fd);
	return err;
}

/**
 * mst_write() - write bytes to control, which is opened for this write
 * @bytes: the command
 * @len: its length
 *
 * Sets mst_refusal. Ends the test as failed if control cannot be opened or takes only a part.
 *
 * Return: 0, or the errno that the command was refused with.
 */
int mst_write(const void *bytes, size_t len)
{
	int fd = mst_open(O_RDWR, "control"), err;

	if (fd < 0)
		mst_die("open control: %m");
	err = write_through(fd, bytes, len);
	close(fd);
	return err;
}

/**
 * mst_command() - write a command to control, which is opened for this write
 * @fmt: a printf format of the command
 *
 * Sets mst_refusal.
 *
 * Return: 0, or the errno that the command was refused with.
 */
int mst_command(const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return mst_write(command, strlen(command));
}

/**
 * mst_command_through() - write a command to an open control file
 * @fd: control, opened for reading and writing
 * @fmt: a printf format of the command
 *
 * Sets mst_refusal.
 *
 * Return: 0, or the errno that the command was refused with.
 */
int mst_command_through(int fd, const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return write_through(fd, command, strlen(command));
}

/**
 * mst_stat() - read a counter from stats
 * @id: the target; 0: the stats of all targets
 * @name: the counter
 *
 * Ends the test as failed if stats does not contain the counter.
 *
 * Return: its value.
 */
long long mst_stat(int id, const char *name)
{
	char *text = id ? mst_text("targets/%d/stats", id) : mst_text("stats");
	size_t len = strlen(name);
	char *line = text;
	long long value;

	while (line && (strncmp(line, name, len) || line[len] != ' ')) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		mst_die("stats does not contain %s", name);
	value = strtoll(line + len, NULL, 10);
	free(text);
	return value;
}

/**
 * mst_wait_stat() - wait until a counter of all targets has a value
 * @name: the counter
 * @value: the expected value
 *
 * The module frees memory after a grace period, so that its counters settle with a delay. Prints
 * the counter and the expected value on failure.
 *
 * Return: true if the counter has reached the value.
 */
bool mst_wait_stat(const char *name, long long value)
{
	if (MST_WAIT_UNTIL(mst_stat(0, name) == value))
		return true;
	mst_say("%s: expected %lld, is %lld", name, value, mst_stat(0, name));
	return false;
}

/**
 * mst_id() - find the newest target of a process in control
 * @pid: the process
 *
 * Return: the id of the target, or 0 if the process is not a target.
 */
int mst_id(pid_t pid)
{
	char *text = mst_text("control"), *line = text;
	int id, p, found = 0;

	for (; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (sscanf(line, "target %d pid %d ", &id, &p) == 2 && p == pid && id > found)
			found = id;
	free(text);
	return found;
}

/**
 * mst_line() - read the line of a target in control
 * @id: the target
 * @line: set to the line, without its newline; unchanged if there is no such line
 * @size: size of @line
 *
 * Return: true if control shows the target.
 */
bool mst_line(int id, char *line, size_t size)
{
	char *text = mst_text("control"), head[32], *at;

	snprintf(head, sizeof(head), "\ntarget %d ", id);
	at = strstr(text, head);
	if (at)
		snprintf(line, size, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
	free(text);
	return !!at;
}

/**
 * mst_state() - read the state of a target
 * @id: the target
 *
 * Return: the state as control shows it, "" if control does not show the target; in a static buffer
 * that the next call overwrites.
 */
const char *mst_state(int id)
{
	static char state[64];
	char line[16384];

	state[0] = 0;
	if (mst_line(id, line, sizeof(line)) &&
	    sscanf(line, "target %*d pid %*d %*s %63[a-z]", state) != 1)
		mst_die("cannot parse the target's line in control: %s", line);
	return state;
}

/**
 * mst_wait_state() - wait until a target has a state
 * @id: the target
 * @state: the expected state, as control shows it
 *
 * The module sees an exit or exec by a notifier, possibly later than the test does. Prints the
 * expected state and the last one on failure.
 *
 * Return: true if the target has reached the state.
 */
bool mst_wait_state(int id, const char *state)
{
	if (MST_WAIT_UNTIL(!strcmp(mst_state(id), state)))
		return true;
	mst_say("target %d: expected state '%s', is '%s'", id, state, mst_state(id));
	return false;
}

/**
 * mst_count() - count the occurrences of a string
 * @text: the text to search
 * @what: the string; occurrences may overlap
 *
 * Return: their number.
 */
size_t mst_count(const char *text, const char *what)
{
	size_t count = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		count++;
	return count;
}
