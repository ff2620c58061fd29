// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module and its files, for the tests: loading, commands and their
 * refusals, reading, the lines of control and stats.
 */
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"
#include "mst.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

char mst_refusal[16384];

void mst_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
}

void mst_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
	_exit(KSFT_FAIL);
}

/* Removes the last component of @path; @path stays as it is if it has one component. */
static void cut_component(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash && slash != path)
		*slash = 0;
}

/*
 * The directory that the tests were built in: that of the running program, or the one above it for
 * a program of a subdirectory.
 */
static const char *tests_dir(void)
{
	static char dir[512];
	char programs[600];
	ssize_t n;

	if (dir[0])
		return dir;
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	if (n <= 0)
		mst_die("readlink /proc/self/exe: %m");
	dir[n] = 0;
	cut_component(dir);
	snprintf(programs, sizeof(programs), "%s/programs", dir);
	if (access(programs, F_OK))
		cut_component(dir);
	return dir;
}

/* The path of @name in that directory; valid until the fourth call from now. */
const char *mst_here(const char *name)
{
	static char path[4][1024];
	static int turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", tests_dir(), name);
	return p;
}

/* A directory for what a test writes, its own and on a real file system. */
const char *mst_scratch(void)
{
	static char dir[64];

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/tmp/mlu-XXXXXX");
		if (!mkdtemp(dir))
			mst_die("mkdtemp: %m");
	}
	return dir;
}

static int is_libc(struct dl_phdr_info *info, size_t size, void *path)
{
	return strstr(info->dlpi_name, "/libc.so.6") && realpath(info->dlpi_name, path);
}

/* The name of libc's file: before glibc 2.33 libc.so.6 is a link. */
const char *mst_libc(void)
{
	static char path[PATH_MAX];

	if (!path[0] && !dl_iterate_phdr(is_libc, path))
		mst_die("no libc is mapped");
	return strrchr(path, '/') + 1;
}

/* Where code that this process has mapped lies in its file; @file has room for 256 bytes. */
unsigned long mst_place_in_file(const void *code, char *file)
{
	unsigned long start, end, offset, addr = (unsigned long)code, found = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (!found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %255s", &start, &end, &offset, file) ==
			    4 &&
		    addr >= start && addr < end)
			found = addr - start + offset;
	fclose(maps);
	return found;
}

/* Since Linux 5.11; to turn off what is off changes nothing. */
bool mst_has_user_dispatch(void)
{
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0) == 0;
}

static bool is_loaded(void)
{
	return access("/sys/module/memleak_user", F_OK) == 0;
}

int mst_load(const char *params)
{
	const char *path = getenv("MLU_MODULE");
	int fd = open(path ? path : mst_here("../module/memleak_user.ko"), O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, params, 0))
		err = errno;
	close(fd);
	return err;
}

int mst_unload(void)
{
	return syscall(SYS_delete_module, "memleak_user", O_NONBLOCK) ? errno : 0;
}

/* With other parameters; a module that is in use is a test's mistake. */
void mst_reload(const char *params)
{
	int err = is_loaded() ? mst_unload() : 0;

	if (err)
		mst_die("rmmod: %s", strerror(err));
	err = mst_load(params);
	if (err)
		mst_die("insmod memleak_user %s: %s", params, strerror(err));
}

void mst_begin(void)
{
	int err;

	if (geteuid())
		ksft_exit_skip("the tests need root\n");
	/* The runner's preloaded helper is no part of any test. */
	unsetenv("LD_PRELOAD");
	/* A program that has ended is told as such, not by a signal. */
	signal(SIGPIPE, SIG_IGN);
	if (access("/sys/kernel/debug", F_OK) == 0 && access("/sys/kernel/debug/sched", F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (is_loaded())
		return;
	err = mst_load("");
	if (err == ENOENT)
		ksft_exit_skip("the module is not built\n");
	if (err)
		ksft_exit_skip("the module cannot be loaded: %s\n", strerror(err));
}

/* Nothing is traced and nothing is left of what was. */
void mst_fresh(void)
{
	if (mst_command("detach all") || mst_command("clear all"))
		mst_die("cannot begin afresh: %s", mst_refusal);
}

bool mst_debug_kernel(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) == 0 ||
	       access("/sys/kernel/debug/kcsan", F_OK) == 0;
}

/* An event costs ten times as much there.  MLU_COUNT=PERCENT changes both. */
long mst_scaled(long count, long on_a_debug_kernel)
{
	const char *percent = getenv("MLU_COUNT");

	if (mst_debug_kernel())
		count = on_a_debug_kernel;
	return percent ? count * atol(percent) / 100 + 1 : count;
}

int mst_open(int flags, const char *fmt, ...)
{
	char path[512] = MST_DIR "/";
	size_t len = strlen(path);
	va_list args;

	va_start(args, fmt);
	vsnprintf(path + len, sizeof(path) - len, fmt, args);
	va_end(args);
	return open(path, flags | O_CLOEXEC);
}

/* All that is left to read, ended by a NUL. */
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
		mst_die("a NUL byte in the text");
	return text;
}

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

/* The whole line "refused ...", as this open file shows it; empty if there is none. */
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

static int write_through(int fd, const void *bytes, size_t len)
{
	ssize_t n = write(fd, bytes, len);
	int err = n < 0 ? errno : 0;

	mst_refusal[0] = 0;
	if (n >= 0 && (size_t)n != len)
		mst_die("control took %zd bytes of %zu", n, len);
	if (err)
		mst_refusal_through(fd);
	return err;
}

int mst_write(const void *bytes, size_t len)
{
	int fd = mst_open(O_RDWR, "control"), err;

	if (fd < 0)
		mst_die("open control: %m");
	err = write_through(fd, bytes, len);
	close(fd);
	return err;
}

int mst_command(const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return mst_write(command, strlen(command));
}

int mst_command_through(int fd, const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return write_through(fd, command, strlen(command));
}

/* A counter of one target, or of all for id 0. */
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
		mst_die("stats has no %s", name);
	value = strtoll(line + len, NULL, 10);
	free(text);
	return value;
}

/* What is freed is freed a moment later, behind a grace period. */
bool mst_wait_stat(const char *name, long long value)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (mst_stat(0, name) == value)
			return true;
		usleep(10000);
	}
	mst_say("%s is %lld, should be %lld", name, mst_stat(0, name), value);
	return false;
}

/* The youngest target of that PID, 0 if there is none. */
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

/* The line of a target in control, without its newline. */
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

/* The word of its state, "" where the target is not known. */
const char *mst_state(int id)
{
	static char state[64];
	char line[16384];

	state[0] = 0;
	if (mst_line(id, line, sizeof(line)) &&
	    sscanf(line, "target %*d pid %*d %*s %63[a-z]", state) != 1)
		mst_die("not the line of a target: %s", line);
	return state;
}

/* What is told by a notifier may come a moment later. */
bool mst_wait_state(int id, const char *state)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (!strcmp(mst_state(id), state))
			return true;
		usleep(10000);
	}
	mst_say("target %d is '%s', not '%s'", id, mst_state(id), state);
	return false;
}

size_t mst_count(const char *text, const char *what)
{
	size_t count = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		count++;
	return count;
}
