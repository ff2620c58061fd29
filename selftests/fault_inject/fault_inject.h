/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the test fault_inject (see fault_inject.c): the module's allocation sites (sites.c),
 * the kernel's fault injection (inject.c), the traced program and common checks (run.c), and what
 * is tried while a site fails (events.c, late.c, libraries.c, files.c, commands.c, attach.c,
 * groups.c).
 *
 * The harness runs each test in a process of its own; the state of the sites is in shared memory.
 */
#ifndef FAULT_INJECT_H
#define FAULT_INJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "../lib/mst.h"

#define FAULT_SITES 640

/**
 * struct fault_site - a call of a function that may allocate, in one phase of the test
 * @phase: the phase, see sites.sh
 * @section: the section of the module that contains the call
 * @callee: the function that is called
 * @function: the function that contains the call
 * @offset: offset of the call's return address in the section
 * @address: the return address itself, in the module as it was loaded last
 * @failed: the call has failed, so that the site is covered
 */
struct fault_site {
	char phase[16], section[24], callee[48], function[48];
	unsigned long offset, address;
	bool failed;
};

/**
 * struct fault_sites - all sites
 * @count: their number
 * @unknown: number of symbols that sites.sh cannot classify
 * @site: the sites
 */
struct fault_sites {
	size_t count, unknown;
	struct fault_site site[FAULT_SITES];
};

extern struct fault_sites *fault_sites;

void fault_sites_read(void);
void fault_sites_locate(void);
const char *fault_site_excuse(const struct fault_site *site);
bool fault_site_is_tolerated(const struct fault_site *site);
bool fault_sites_summarize(void);

/**
 * struct inject_window - a range of code
 * @start: the first address
 * @end: the first address after it
 *
 * An allocation is in the window if one of the return addresses of its stack is.
 */
struct inject_window {
	unsigned long start, end;
};

struct inject_window fault_site_window(const struct fault_site *site);
struct fault_site *fault_site_find(const char *phase, const char *callee, const char *function);
struct inject_window fault_window_of(const char *phase, const char *callee, const char *function);
struct inject_window fault_window_of_kernel(const char *function);

#define INJECT_ALWAYS 1000000

const char *inject_why_not(void);
void inject_init(void);
void inject_exit(void);
bool inject_is_kmemleak_on(void);
void inject_enable(struct inject_window require, struct inject_window reject, int interval,
		   int times);
void inject_separate_pages(struct inject_window pages, int bytes);
int inject_count_pages(void);
int inject_disable(void);
void inject_nth(int n);
bool inject_nth_has_failed(void);

/**
 * struct fault_test - the state of one test
 * @l: the traced program (pulse)
 * @other: another one, if its pid is not 0
 * @options: options of the attach to @l, each with a space before it
 * @code: path of the file that the programs write their code to
 * @id: the target of @l
 * @made: number of allocations of one step "go"
 */
struct fault_test {
	struct mst_program l, other;
	const char *options;
	char code[128];
	int id;
	long long made;
};

typedef bool (*fault_attempt)(struct fault_test *f, struct fault_site *site);

void fault_setup(struct fault_test *f);
bool fault_teardown(struct fault_test *f);
void fault_attach(struct fault_test *f);
void fault_attach_with(struct fault_test *f, const char *options);
void fault_clear(struct fault_test *f);
void fault_spawn_other(struct fault_test *f, const char *program);
void fault_spawn_shaped(struct fault_test *f, const char *library);
void fault_kill_other(struct fault_test *f);
void fault_arm(const struct fault_site *site);
bool fault_is_fatal(const struct fault_site *site);
bool fault_try_each(struct fault_test *f, const char *phase, fault_attempt attempt);
bool fault_try_inside(struct fault_test *f, const char *phase, fault_attempt attempt);
bool fault_is_counted(struct fault_test *f, long long made);
bool fault_is_exact(struct fault_test *f, const char *step);
bool fault_is_refused_or_done(int err);
int fault_command_at(struct fault_site *site, const char *command, int *err);
bool fault_is_as_before(void);

/* Operations that are tried while a site fails; true if the module did what it must */
bool fault_try_events(struct fault_test *f, struct fault_site *site);
bool fault_try_first_events(struct fault_test *f, struct fault_site *site);
bool fault_try_growth(struct fault_test *f, struct fault_site *site);
bool fault_try_nested_events(struct fault_test *f, struct fault_site *site);
#define FAULT_DRAIN_STEPS 4 /* steps */
long long fault_drain_pools(struct fault_test *f, struct inject_window spared);
bool fault_try_learning(struct fault_test *f, struct fault_site *site);
bool fault_try_mappings(struct fault_test *f, struct fault_site *site);
bool fault_try_refill(struct fault_test *f, struct fault_site *site);
void fault_note_files(void);
bool fault_try_files(struct fault_test *f, struct fault_site *site);
bool fault_try_files_one_by_one(void);
bool fault_try_mark(struct fault_test *f, struct fault_site *site);
bool fault_try_clear(struct fault_test *f, struct fault_site *site);
bool fault_try_detach(struct fault_test *f, struct fault_site *site);
bool fault_try_empty_command(struct fault_test *f, struct fault_site *site);
bool fault_try_commands_one_by_one(struct fault_test *f);
bool fault_try_attach(struct fault_test *f, struct fault_site *site);
bool fault_try_second_attach(struct fault_test *f, struct fault_site *site);
bool fault_try_untraced(struct fault_test *f, struct fault_site *site);
bool fault_try_groups(struct fault_test *f, struct fault_site *site);
bool fault_try_refused_members(struct fault_test *f, struct fault_site *site);
bool fault_try_late_exits(struct fault_test *f, struct fault_site *site);
bool fault_try_library(struct fault_test *f, struct fault_site *site);
bool fault_try_untraced_library(struct fault_test *f, struct fault_site *site);
bool fault_try_closed_library(struct fault_test *f, struct fault_site *site);
bool fault_try_attach_without_names(struct fault_test *f);
bool fault_try_attach_halfway(struct fault_test *f);
bool fault_try_attach_stranger(struct fault_test *f);
bool fault_try_load(struct fault_test *f, struct fault_site *site);
bool fault_try_load_without_files(void);

#endif
