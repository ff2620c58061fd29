// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's fault injection (Documentation/fault-injection): selects the allocations that fail,
 * and counts the failed ones.
 *
 * failslab and fail_page_alloc get the same settings. Only tasks with make-it-fail set are
 * affected: the test, its children, which inherit it, and the kernel's workers. The stacks of
 * other tasks need not be walked then. Failures print nothing, because the test machine searches
 * the kernel's log for messages of a broken module.
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

/**
 * inject_why_not() - check whether the kernel has what these tests need
 *
 * Return: NULL, or what is missing.
 */
const char *inject_why_not(void)
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

static void write_setting(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		mst_die("cannot write %s to a setting of fault injection: %m", text);
}

static void write_number(int fd, unsigned long value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%lx", value);
	write_setting(fd, text);
}

static void apply_setting(const char *fault, const char *setting, const char *value)
{
	int fd = open_setting(fault, setting);

	write_setting(fd, value);
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

static void mark_task(const char *pid, const char *value)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/make-it-fail", pid);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return; /* it has ended */
	write_setting(fd, value);
	close(fd);
}

/* Marks kthreadd (PID 2), too, whose children new workers are. */
static void mark_tasks(const char *value)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		mst_die("/proc: %m");
	mark_task("self", value);
	mark_task("2", value);
	while ((entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    is_kernel_worker(entry->d_name))
			mark_task(entry->d_name, value);
	closedir(proc);
}

/*
 * The kernel prints long messages about failed allocations, for which a serial console is too slow.
 * Returns the previous level.
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

/**
 * inject_init() - prepare fault injection: nothing fails until inject_enable() or inject_nth()
 */
void inject_init(void)
{
	int i, s;

	console_level = set_console_level(CONSOLE_ERRORS);
	for (i = 0; i < FAULTS; i++) {
		apply_setting(faults[i], "probability", "0");
		apply_setting(faults[i], "verbose", "0");
		apply_setting(faults[i], "task-filter", "Y");
		apply_setting(faults[i], "stacktrace-depth", "32");
		apply_setting(faults[i], "ignore-gfp-wait", "N");
		for (s = 0; s < SETTINGS; s++)
			fds[i][s] = open_setting(faults[i], settings[s]);
		write_setting(fds[i][TIMES], "0");
		apply_setting(faults[i], "probability", "100");
	}
	apply_setting("fail_page_alloc", "min-order", "0");
	apply_setting("fail_page_alloc", "ignore-gfp-highmem", "N");
	mark_tasks("1");
}

/**
 * inject_exit() - restore the defaults of the kernel, apart from "verbose"
 */
void inject_exit(void)
{
	int i;

	for (i = 0; i < FAULTS; i++) {
		apply_setting(faults[i], "probability", "0");
		apply_setting(faults[i], "task-filter", "N");
		apply_setting(faults[i], "require-start", "0");
		apply_setting(faults[i], "require-end", "0xffffffffffffffff");
		apply_setting(faults[i], "ignore-gfp-wait", "Y");
	}
	apply_setting("fail_page_alloc", "min-order", "1");
	apply_setting("fail_page_alloc", "ignore-gfp-highmem", "Y");
	mark_tasks("0");
	set_console_level(console_level);
}

/**
 * inject_is_kmemleak_on() - check that kmemleak, which looks for leaks after the test, still works
 *
 * kmemleak disables itself when one of its own allocations fails, and refuses all writes then. The
 * setting that is written here is the default.
 *
 * Return: true if it works or does not exist.
 */
bool inject_is_kmemleak_on(void)
{
	int fd = open(DEBUGFS "kmemleak", O_WRONLY);
	bool watched;

	if (fd < 0)
		return true;
	watched = write(fd, "stack=on", 8) == 8;
	close(fd);
	return watched;
}

/**
 * inject_enable() - let allocations fail from now on
 * @require: only those in this window
 * @reject: and none in this window; an empty one rejects nothing
 * @interval: of these, each @interval-th fails
 * @times: number of slab allocations, and of page allocations, that fail; 0: none
 *
 * "times" is written last: while it is 0, the kernel does not look at the other settings.
 */
void inject_enable(struct inject_window require, struct inject_window reject, int interval,
		   int times)
{
	int i;

	armed = times;
	for (i = 0; i < FAULTS; i++) {
		write_number(fds[i][REQUIRE_START], require.start);
		write_number(fds[i][REQUIRE_END], require.end);
		write_number(fds[i][REJECT_START], reject.start);
		write_number(fds[i][REJECT_END], reject.end);
		write_number(fds[i][INTERVAL], interval);
		write_number(fds[i][SPACE], 0);
	}
	for (i = 0; i < FAULTS; i++)
		write_number(fds[i][TIMES], times);
}

/**
 * inject_separate_pages() - after inject_enable(): let page allocations fail elsewhere
 * @pages: page allocations fail in this window
 * @bytes: slab allocations do not fail before so many bytes have been allocated
 *
 * Nothing that must not fail may be done between the two calls.
 */
void inject_separate_pages(struct inject_window pages, int bytes)
{
	write_number(fds[PAGES][REQUIRE_START], pages.start);
	write_number(fds[PAGES][REQUIRE_END], pages.end);
	write_number(fds[SLAB][SPACE], bytes);
}

/* The file is opened for each read, because it can be read only once. */
static int read_times_left(const char *fault)
{
	int fd = open_setting(fault, "times");
	char text[24] = "";

	if (read(fd, text, sizeof(text) - 1) <= 0)
		mst_die("cannot read \"times\" of fault injection: %m");
	close(fd);
	return atoi(text);
}

/**
 * inject_count_pages() - count the page allocations that have failed since inject_enable()
 *
 * Return: their number.
 */
int inject_count_pages(void)
{
	return armed - read_times_left(faults[PAGES]);
}

/**
 * inject_disable() - let no more allocations fail
 *
 * Return: the number of allocations that have failed since inject_enable().
 */
int inject_disable(void)
{
	int i, failed = 0;

	for (i = 0; i < FAULTS; i++) {
		failed += armed - read_times_left(faults[i]);
		write_setting(fds[i][TIMES], "0");
	}
	armed = 0;
	return failed;
}

/**
 * inject_nth() - let one allocation of this thread fail, wherever it is made
 * @n: the @n-th from now on; 0: none
 */
void inject_nth(int n)
{
	char text[12];

	if (nth_fd < 0)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		mst_die("fail-nth: %m");
	snprintf(text, sizeof(text), "%d", n);
	write_setting(nth_fd, text);
}

/**
 * inject_nth_has_failed() - check whether the allocation of inject_nth() has failed, and end that
 *
 * Return: true if it has; false if there have been fewer allocations.
 */
bool inject_nth_has_failed(void)
{
	char text[12] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		mst_die("fail-nth: %m");
	inject_nth(0);
	return atoi(text) == 0;
}
