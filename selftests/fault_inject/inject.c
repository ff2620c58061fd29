// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's fault injection, for fault_inject.c: which allocations fail, in whom, and how many have.
 *
 * failslab and fail_page_alloc get the same settings.  A task must be marked, which keeps the walks
 * through stacks few; who is marked hands it on to his children.  Nothing is printed by a failure:
 * what a machine looks for in the log are the module's faults.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault_inject.h"

#define DEBUGFS "/sys/kernel/debug/"
#define CONSOLE_ERRORS 4

enum { SLAB, PAGES, FAULTS };

static const char *const faults[FAULTS] = { "failslab", "fail_page_alloc" };

enum { REQUIRE_START, REQUIRE_END, REJECT_START, REJECT_END, INTERVAL, SPACE, TIMES, SETTINGS };

static const char *const settings[SETTINGS] = {
	"require-start", "require-end", "reject-start", "reject-end", "interval", "space", "times",
};

static int console_level;
static int fds[FAULTS][SETTINGS], nth_fd = -1;
static int armed;

const char *failing_why_not(void)
{
	if (access(DEBUGFS "failslab/require-start", W_OK))
		return "the kernel has no failslab with a filter for stacks";
	if (access(DEBUGFS "fail_page_alloc/require-start", W_OK))
		return "the kernel has no fail_page_alloc with a filter for stacks";
	return NULL;
}

static int open_setting(const char *fault, const char *setting)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", fault, setting);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		mst_die("%s: %m", path);
	return fd;
}

static void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		mst_die("fault injection does not take %s: %m", text);
}

static void put_number(int fd, unsigned long value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%lx", value);
	put(fd, text);
}

static void set(const char *fault, const char *setting, const char *value)
{
	int fd = open_setting(fault, setting);

	put(fd, value);
	close(fd);
}

static bool is_kernel_worker(const char *pid)
{
	char path[300], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = 0;
	fclose(file);
	return !strncmp(comm, "kworker/", 8);
}

static void mark(const char *pid, const char *value)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/make-it-fail", pid);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return; /* it has ended */
	put(fd, value);
	close(fd);
}

/* Workers that are yet to come are children of kthreadd. */
static void mark_all(const char *value)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		mst_die("/proc: %m");
	mark("self", value);
	mark("2", value);
	while ((entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    is_kernel_worker(entry->d_name))
			mark(entry->d_name, value);
	closedir(proc);
}

/*
 * The kernel tells of what it did not get at length, and a console is slow: only the log is to have
 * it.  Returns the level before.
 */
static int set_console_level(int level)
{
	FILE *file = fopen("/proc/sys/kernel/printk", "r+");
	int before = level;

	if (!file || fscanf(file, "%d", &before) != 1)
		mst_die("/proc/sys/kernel/printk: %m");
	rewind(file);
	fprintf(file, "%d", level);
	fclose(file);
	return before;
}

void failing_begin(void)
{
	int i, s;

	console_level = set_console_level(CONSOLE_ERRORS);
	for (i = 0; i < FAULTS; i++) {
		set(faults[i], "probability", "0");
		set(faults[i], "verbose", "0");
		set(faults[i], "task-filter", "Y");
		set(faults[i], "stacktrace-depth", "32");
		set(faults[i], "ignore-gfp-wait", "N");
		for (s = 0; s < SETTINGS; s++)
			fds[i][s] = open_setting(faults[i], settings[s]);
		put(fds[i][TIMES], "0");
		set(faults[i], "probability", "100");
	}
	set("fail_page_alloc", "min-order", "0");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	mark_all("1");
}

/* As the kernel came up, but for what it would print. */
void failing_end(void)
{
	int i;

	for (i = 0; i < FAULTS; i++) {
		set(faults[i], "probability", "0");
		set(faults[i], "task-filter", "N");
		set(faults[i], "require-start", "0");
		set(faults[i], "require-end", "0xffffffffffffffff");
		set(faults[i], "ignore-gfp-wait", "Y");
	}
	set("fail_page_alloc", "min-order", "1");
	set("fail_page_alloc", "ignore-gfp-highmem", "Y");
	mark_all("0");
	set_console_level(console_level);
}

/*
 * What finds leaks switches itself off when it gets no memory, and would then find none.  The word
 * changes nothing: it is how the kernel comes up.
 */
bool failing_is_watched(void)
{
	int fd = open(DEBUGFS "kmemleak", O_WRONLY);
	bool watched;

	if (fd < 0)
		return true;
	watched = write(fd, "stack=on", 8) == 8;
	close(fd);
	return watched;
}

/*
 * From now on every @interval-th allocation whose stack has an address in @require and none in
 * @reject fails, until @times of each sort have; times comes last, and at 0 nothing is looked at.
 */
void failing_on(struct failing_window require, struct failing_window reject, int interval,
		int times)
{
	int i;

	armed = times;
	for (i = 0; i < FAULTS; i++) {
		put_number(fds[i][REQUIRE_START], require.start);
		put_number(fds[i][REQUIRE_END], require.end);
		put_number(fds[i][REJECT_START], reject.start);
		put_number(fds[i][REJECT_END], reject.end);
		put_number(fds[i][INTERVAL], interval);
		put_number(fds[i][SPACE], 0);
	}
	for (i = 0; i < FAULTS; i++)
		put_number(fds[i][TIMES], times);
}

/*
 * Other than failing_on() said, pages fail at @pages, and what is no page not before @bytes of it.
 * Nothing else may happen meanwhile.
 */
void failing_apart(struct failing_window pages, int bytes)
{
	put_number(fds[PAGES][REQUIRE_START], pages.start);
	put_number(fds[PAGES][REQUIRE_END], pages.end);
	put_number(fds[SLAB][SPACE], bytes);
}

/* An open file tells its number once only. */
static int times_left(const char *fault)
{
	int fd = open_setting(fault, "times");
	char text[24] = "";

	if (read(fd, text, sizeof(text) - 1) <= 0)
		mst_die("fault injection does not tell: %m");
	close(fd);
	return atoi(text);
}

/* How many pages have failed so far. */
int failing_pages(void)
{
	return armed - times_left(faults[PAGES]);
}

/* How many allocations have failed since. */
int failing_off(void)
{
	int i, failed = 0;

	for (i = 0; i < FAULTS; i++) {
		failed += armed - times_left(faults[i]);
		put(fds[i][TIMES], "0");
	}
	armed = 0;
	return failed;
}

/* The calling thread's @n-th allocation from here on fails, wherever it is made; 0: none. */
void failing_nth(int n)
{
	char text[12];

	if (nth_fd < 0)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		mst_die("fail-nth: %m");
	snprintf(text, sizeof(text), "%d", n);
	put(nth_fd, text);
}

/* Has it failed? If not, there were fewer. */
bool failing_nth_came(void)
{
	char text[12] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		mst_die("fail-nth: %m");
	failing_nth(0);
	return atoi(text) == 0;
}
