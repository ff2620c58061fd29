// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's allocation sites as sites.sh tells them, for fault_inject.c: those that no test
 * can make fail, and why, and what the others have come to.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault_inject.h"

struct failing_sites *failing_sites;

/* "" stands for any. */
struct excuse {
	const char *phase, *function, *callee, *reason;
};

#define HAS_VMALLOC "who may sleep has it from vmalloc, too"
#define HAS_CHUNK "it is a piece of what the kernel holds ready for all CPUs"

static const struct excuse excuses[] = {
	{ "handlers", "mlu_mem_zalloc", "__kvmalloc_node_noprof", "a handler does not sleep" },
	{ "learning", "mlu_mem_zalloc", "__kmalloc_noprof", HAS_VMALLOC },
	{ "commands", "mlu_mem_zalloc", "__kmalloc_noprof", HAS_VMALLOC },
	{ "attach", "mlu_mem_zalloc", "__kmalloc_noprof", HAS_VMALLOC },
	{ "", "", "pcpu_alloc_noprof", HAS_CHUNK },
	{ "handlers", "mlu_stacks_intern", "rht_bucket_nested_insert",
	  "only a table for a thousand stacks that was not to be had in one piece is nested" },
	{ "learning", "mlu_stacks_intern", "",
	  "the same calls fail for handlers; a work meets a growing table by chance only" },
	{ "learning", "image_read", "kernel_read",
	  "the file has just been written: it is in memory" },
	{ "learning", "mlu_allocator_find", "__kmalloc_noprof",
	  "what is mapped later here is no allocator; the same call fails at the attach" },
	{ "learning", "mlu_rules_of_memory", "", "the vdso is read at the attach" },
	{ "attach", "", "access_process_vm",
	  "the page is there: the breakpoint has just been written to it" },
};

static bool matches(const char *pattern, const char *word)
{
	return !*pattern || !strcmp(pattern, word);
}

/* Why it is out of reach; NULL if it is not. */
const char *failing_reason(const struct failing_site *site)
{
	size_t i;

	for (i = 0; i < sizeof(excuses) / sizeof(excuses[0]); i++)
		if (matches(excuses[i].phase, site->phase) &&
		    matches(excuses[i].function, site->function) &&
		    matches(excuses[i].callee, site->callee))
			return excuses[i].reason;
	return NULL;
}

/*
 * Is nothing refused for it?  debugfs may be switched off, so that an error of it is none of ours:
 * what it has no file for is traced nevertheless.  A reserve that is not full is filled later.
 */
bool failing_tolerated(const struct failing_site *site)
{
	return !strncmp(site->callee, "debugfs_create_", strlen("debugfs_create_")) ||
	       !strcmp(site->function, "pool_refill");
}

static void add(struct failing_sites *sites, const char *line)
{
	struct failing_site *site = &sites->site[sites->count];

	if (sites->count == FAILING_SITES)
		mst_die("more than %d sites", FAILING_SITES);
	if (sscanf(line, "site %15s %23s %lx %47s %47s", site->phase, site->section, &site->offset,
		   site->callee, site->function) == 5) {
		sites->count++;
		return;
	}
	mst_say("%.*s: neither known to allocate nor not to, see sites.sh",
		(int)strcspn(line, "\n"), line);
	sites->unknown++;
}

void failing_read_sites(void)
{
	const char *module = getenv("MLU_MODULE");
	char command[1100], line[256];
	FILE *pipe;

	failing_sites = mmap(NULL, sizeof(*failing_sites), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (failing_sites == MAP_FAILED)
		mst_die("mmap: %m");
	snprintf(command, sizeof(command), "'%s' '%s'", mst_here("fault_inject/sites.sh"),
		 module ? module : mst_here("../module/memleak_user.ko"));
	pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe))
		add(failing_sites, line);
	if (!pipe || pclose(pipe) || !failing_sites->count)
		mst_die("the module's sites are not to be had: %s", command);
}

static unsigned long base_of(const char *section)
{
	char path[128], text[32] = "";
	unsigned long base;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/memleak_user/sections/%s", section);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		mst_die("%s: %m", path);
	close(fd);
	base = strtoul(text, NULL, 16);
	if (!base)
		mst_die("%s: the address is not told", path);
	return base;
}

/* The module has been loaded: where are its sites? */
void failing_locate(void)
{
	const char *section = "";
	unsigned long base = 0;
	size_t i;

	for (i = 0; i < failing_sites->count; i++) {
		struct failing_site *site = &failing_sites->site[i];

		if (strcmp(section, site->section)) {
			section = site->section;
			base = base_of(section);
		}
		site->address = base + site->offset;
	}
}

struct failing_window failing_at(const struct failing_site *site)
{
	return (struct failing_window){ site->address, site->address + 1 };
}

struct failing_site *failing_site(const char *phase, const char *callee, const char *function)
{
	size_t i;

	for (i = 0; i < failing_sites->count; i++) {
		struct failing_site *site = &failing_sites->site[i];

		if (!strcmp(site->phase, phase) && !strcmp(site->callee, callee) &&
		    !strcmp(site->function, function))
			return site;
	}
	mst_die("no site of %s in %s", callee, function);
}

struct failing_window failing_of(const char *phase, const char *callee, const char *function)
{
	return failing_at(failing_site(phase, callee, function));
}

/* A function of the kernel itself, by the list of its symbols, which is sorted. */
struct failing_window failing_kernel(const char *function)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	struct failing_window window = { 0 };
	unsigned long address;
	char line[256], name[128];

	while (file && !window.end && fgets(line, sizeof(line), file)) {
		if (window.start) {
			address = strtoul(line, NULL, 16);
			window.end = address > window.start ? address : 0;
		} else if (strstr(line, function) &&
			   sscanf(line, "%lx %*c %127[^.\n]", &address, name) == 2 &&
			   !strcmp(name, function)) {
			window.start = address;
		}
	}
	if (!window.end)
		mst_die("the kernel has no function %s", function);
	fclose(file);
	return window;
}

static bool tell(const struct failing_site *site, const char *reason)
{
	mst_say("%s: %s in %s: %s", site->phase, site->callee, site->function, reason);
	return !strcmp(reason, "NOT REACHED");
}

/* One line of all, one for each that is out of reach; false if one should have failed. */
bool failing_summary(void)
{
	const struct failing_sites *sites = failing_sites;
	size_t i, failed = 0, excused = 0, missed = 0;

	for (i = 0; i < sites->count; i++) {
		failed += sites->site[i].failed;
		excused += !sites->site[i].failed && failing_reason(&sites->site[i]);
	}
	mst_say("sites %zu, failed %zu, out of reach %zu", sites->count, failed, excused);
	for (i = 0; i < sites->count; i++) {
		const struct failing_site *site = &sites->site[i];
		const char *reason = failing_reason(site);

		if (!site->failed)
			missed += tell(site, reason ? reason : "NOT REACHED");
		else if (reason)
			missed += tell(site, "is said to be out of reach, but has failed");
	}
	return !missed && !sites->unknown;
}
