// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's allocation sites, which sites.sh lists, for fault_inject.c: their addresses, which
 * of them have failed, and which cannot be made to fail, and why.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault_inject.h"

struct fault_sites *fault_sites;

/* A site that cannot be made to fail; "" matches any phase, function or callee. */
struct excuse {
	const char *phase, *function, *callee, *reason;
};

#define HAS_VMALLOC "callers that may sleep fall back to vmalloc"
#define HAS_CHUNK "it takes a part of a chunk that the kernel has allocated for all CPUs already"

#define IS_NESTED_RARELY "a table is nested only if a large one cannot be allocated contiguously"
#define IS_PRESENT "the page is present, as the breakpoint has just been written to it"

#define HAS_NO_NAMES "the groups of this test have no names; the call fails during attach"
#define IS_SCANNED "a handler has met the mapping before; the call fails in the phase libraries"
#define IS_INHERITED \
	"the breakpoints are inherited; the call fails in the phases attach and libraries"
#define IS_SECOND "called only after another failure"
#define IS_MEMBER "called for members of groups only; the call fails in the phase groups"
#define IS_REFUSED "max_targets is reached in the phase refused only"

static const struct excuse excuses[] = {
	{ "handlers", "mlu_mem_zalloc", "__kvmalloc_node_noprof",
	  "called by callers that may sleep only" },
	{ "exits", "mlu_mem_zalloc", "__kvmalloc_node_noprof",
	  "called by callers that may sleep only" },
	{ "learning", "mlu_mem_zalloc", "__kmalloc_noprof", HAS_VMALLOC },
	{ "commands", "mlu_mem_zalloc", "__kmalloc_noprof", HAS_VMALLOC },
	{ "attach", "mlu_mem_zalloc", "__kmalloc_noprof", HAS_VMALLOC },
	{ "", "", "pcpu_alloc_noprof", HAS_CHUNK },
	{ "handlers", "mlu_stacks_intern", "rht_bucket_nested_insert", IS_NESTED_RARELY },
	{ "exits", "mlu_stacks_intern", "rht_bucket_nested_insert", IS_NESTED_RARELY },
	{ "handlers", "mlu_event_enter_by_exit", "",
	  "on_entry calls it only after exits have been added; the call fails in the phase exits" },
	{ "learning", "mlu_stacks_intern", "",
	  "the calls fail in handlers; in a work, the table grows by chance only" },
	{ "learning", "image_read", "kernel_read",
	  "the file has just been written, so that it is in the page cache" },
	{ "learning", "mlu_allocator_find", "kmemdup_noprof",
	  "no allocator is mapped after the attach here; the call fails during attach" },
	{ "learning", "mlu_rules_of_memory", "", "the vdso is read during attach" },
	{ "attach", "", "access_process_vm", IS_PRESENT },
	{ "libraries", "", "access_process_vm", IS_PRESENT },
	{ "libraries", "mlu_mem_zalloc", "__kmalloc_noprof", HAS_VMALLOC },
	{ "libraries", "mlu_probe_unuse", "uprobe_unregister_nosync",
	  "the call fails in the phase commands" },
	{ "late", "", "access_process_vm", IS_PRESENT },
	{ "groups", "", "access_process_vm", IS_PRESENT },
	{ "groups", "mlu_probe_unuse", "",
	  "called only after another failure; the call fails in the phase commands" },
	{ "attach", "mlu_open_as_mapped", "",
	  "only attach all opens a file; the calls fail in the phase groups" },
	{ "commands", "mlu_open_as_mapped", "",
	  "only attach all opens a file; the calls fail in the phase groups" },
	{ "none", "parse_object", "kstrdup", "a path of attach all is copied in the phase groups" },
	{ "groups", "mlu_names_get", "", HAS_NO_NAMES },
	{ "groups", "mlu_target_new_spare", "mlu_names_get", HAS_NO_NAMES },
	{ "groups", "mlu_maps_learn", "", IS_SCANNED },
	{ "groups", "probe_update_mm", "", IS_INHERITED },
	{ "groups", "add_site", "", "all functions of these programs are traced" },
	{ "groups", "probe_library", "mlu_uses_new", IS_SCANNED },
	{ "groups", "mlu_follow_complete", "mlu_descendants_add", IS_SECOND },
	{ "libraries", "mlu_follow_complete", "", IS_SECOND },
	{ "libraries", "mlu_maps_recheck", "", IS_MEMBER },
	{ "libraries", "mlu_descendants_add", "", IS_MEMBER },
	{ "libraries", "mlu_target_watch", "", IS_MEMBER },
	{ "handlers", "mlu_descendants_add", "", IS_REFUSED },
	{ "exits", "mlu_descendants_add", "", IS_REFUSED },
	{ "handlers", "refuse_process", "", IS_REFUSED },
	{ "exits", "refuse_process", "", IS_REFUSED },
	{ "refused", "mlu_mem_zalloc", "__kvmalloc_node_noprof",
	  "called by callers that may sleep only" },
	{ "late", "mlu_probe_unuse", "",
	  "called only after another failure; the call fails in the phase commands" },
};

static bool matches_word(const char *pattern, const char *word)
{
	return !*pattern || !strcmp(pattern, word);
}

/**
 * fault_site_excuse() - find out why a site cannot be made to fail
 * @site: the site
 *
 * Return: the reason, or NULL if it can.
 */
const char *fault_site_excuse(const struct fault_site *site)
{
	size_t i;

	for (i = 0; i < sizeof(excuses) / sizeof(excuses[0]); i++)
		if (matches_word(excuses[i].phase, site->phase) &&
		    matches_word(excuses[i].function, site->function) &&
		    matches_word(excuses[i].callee, site->callee))
			return excuses[i].reason;
	return NULL;
}

/**
 * fault_site_is_tolerated() - check whether the module continues if the call fails
 * @site: the site
 *
 * debugfs may be disabled, so that its errors are ignored: a target without files is traced all the
 * same. The files in /proc and those in debugfs stand in for each other. A reserve, or a stock of
 * spares, that could not be filled is filled later. The kernel reports no failure to remove a
 * breakpoint.
 *
 * Return: true if no operation is refused because of it.
 */
bool fault_site_is_tolerated(const struct fault_site *site)
{
	return !strncmp(site->callee, "debugfs_create_", strlen("debugfs_create_")) ||
	       !strcmp(site->callee, "mlu_debugfs_open") ||
	       !strncmp(site->callee, "proc_", strlen("proc_")) ||
	       !strcmp(site->callee, "mlu_procfs_open") || !strcmp(site->function, "pool_refill") ||
	       !strcmp(site->function, "mlu_ranges_prepare") ||
	       !strcmp(site->callee, "uprobe_unregister_nosync");
}

static void add_site(struct fault_sites *sites, const char *line)
{
	struct fault_site *site = &sites->site[sites->count];

	if (sites->count == FAULT_SITES)
		mst_die("more than %d sites", FAULT_SITES);
	if (sscanf(line, "site %15s %23s %lx %47s %47s", site->phase, site->section, &site->offset,
		   site->callee, site->function) == 5) {
		sites->count++;
		return;
	}
	mst_say("%.*s: add it to one of the lists of sites.sh, whether it allocates or not",
		(int)strcspn(line, "\n"), line);
	sites->unknown++;
}

/**
 * fault_sites_read() - read the sites of the module's file into memory shared with all tests
 */
void fault_sites_read(void)
{
	const char *module = getenv("MLU_MODULE");
	char command[1100], line[256];
	FILE *pipe;

	fault_sites = mmap(NULL, sizeof(*fault_sites), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fault_sites == MAP_FAILED)
		mst_die("mmap: %m");
	snprintf(command, sizeof(command), "'%s' '%s'", mst_here("fault_inject/sites.sh"),
		 module ? module : mst_here("../module/memleak_user.ko"));
	pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe))
		add_site(fault_sites, line);
	if (!pipe || pclose(pipe) || !fault_sites->count)
		mst_die("cannot read the module's allocation sites: %s", command);
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
		mst_die("%s: the address is hidden", path);
	return base;
}

/**
 * fault_sites_locate() - set the addresses of all sites, after the module was loaded
 */
void fault_sites_locate(void)
{
	const char *section = "";
	unsigned long base = 0;
	size_t i;

	for (i = 0; i < fault_sites->count; i++) {
		struct fault_site *site = &fault_sites->site[i];

		if (strcmp(section, site->section)) {
			section = site->section;
			base = base_of(section);
		}
		site->address = base + site->offset;
	}
}

/**
 * fault_site_window() - make the window of one site
 * @site: the site
 *
 * Return: the window, which has the return address of the call only.
 */
struct inject_window fault_site_window(const struct fault_site *site)
{
	return (struct inject_window){ site->address, site->address + 1 };
}

struct fault_site *fault_site_find(const char *phase, const char *callee, const char *function)
{
	size_t i;

	for (i = 0; i < fault_sites->count; i++) {
		struct fault_site *site = &fault_sites->site[i];

		if (!strcmp(site->phase, phase) && !strcmp(site->callee, callee) &&
		    !strcmp(site->function, function))
			return site;
	}
	mst_die("no site of %s in %s", callee, function);
}

/**
 * fault_window_of() - make the window of the first site that matches
 * @phase: its phase
 * @callee: its callee
 * @function: the function that contains it
 *
 * Return: the window.
 */
struct inject_window fault_window_of(const char *phase, const char *callee, const char *function)
{
	return fault_site_window(fault_site_find(phase, callee, function));
}

/**
 * fault_window_of_kernel() - make the window of a function of the kernel itself
 * @function: the function, looked up in /proc/kallsyms, which is sorted by address
 *
 * Return: the window of all its code.
 */
struct inject_window fault_window_of_kernel(const char *function)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	struct inject_window window = { 0 };
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

/* Prints a site that has not failed, or should not have. Returns true if that is an error. */
static bool print_site(const struct fault_site *site, const char *reason)
{
	mst_say("%s: %s in %s: %s", site->phase, site->callee, site->function, reason);
	return !strcmp(reason, "NOT REACHED");
}

/**
 * fault_sites_summarize() - print the number of sites, and each site that has not failed
 *
 * Return: true if all sites have failed that can, and no others.
 */
bool fault_sites_summarize(void)
{
	const struct fault_sites *sites = fault_sites;
	size_t i, failed = 0, excused = 0, missed = 0;

	for (i = 0; i < sites->count; i++) {
		failed += sites->site[i].failed;
		excused += !sites->site[i].failed && fault_site_excuse(&sites->site[i]);
	}
	mst_say("sites %zu, failed %zu, out of reach %zu", sites->count, failed, excused);
	for (i = 0; i < sites->count; i++) {
		const struct fault_site *site = &sites->site[i];
		const char *reason = fault_site_excuse(site);

		if (!site->failed)
			missed += print_site(site, reason ? reason : "NOT REACHED");
		else if (reason)
			missed += print_site(site, "is said to be out of reach, but has failed");
	}
	return !missed && !sites->unknown;
}
