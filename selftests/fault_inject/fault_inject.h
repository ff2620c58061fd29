/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's allocation sites, having the allocations of one of them fail, and what is tried
 * then: see fault_inject.c.
 *
 * Each test is a process of its own: what is known of the sites is shared memory.
 */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>
#include <stddef.h>

#include "../lib/mst.h"

#define FAILING_SITES 256

/* A call to what may allocate, in one phase of the test. */
struct failing_site {
	char phase[16], section[24], callee[48], function[48];
	unsigned long offset;  /* of the instruction behind the call */
	unsigned long address; /* of the same, where the module lay when it was last loaded */
	bool failed;
};

struct failing_sites {
	size_t count, unknown;
	struct failing_site site[FAILING_SITES];
};

extern struct failing_sites *failing_sites;

void failing_read_sites(void);
void failing_locate(void);
const char *failing_reason(const struct failing_site *site);
bool failing_tolerated(const struct failing_site *site);
bool failing_summary(void);

/* Addresses from start up to end: a stack that has one of them in it is meant. */
struct failing_window {
	unsigned long start, end;
};

struct failing_window failing_at(const struct failing_site *site);
struct failing_site *failing_site(const char *phase, const char *callee, const char *function);
struct failing_window failing_of(const char *phase, const char *callee, const char *function);
struct failing_window failing_kernel(const char *function);

#define FAILING_ALWAYS 1000000

/* Allocations of tasks that were marked: the test, all its children, and the kernel's workers. */
const char *failing_why_not(void);
void failing_begin(void);
void failing_end(void);
bool failing_is_watched(void);
void failing_on(struct failing_window require, struct failing_window reject, int interval,
		int times);
void failing_apart(struct failing_window pages, int bytes);
int failing_pages(void);
int failing_off(void);
void failing_nth(int n);
bool failing_nth_came(void);

/* One test: a program that is traced, and what it makes in each step. */
struct failing {
	struct mst_program l, other;
	char code[128]; /* the programs' file */
	int id;
	long long made; /* by one step "go" */
};

typedef bool (*failing_attempt)(struct failing *f, struct failing_site *site);

void failing_setup(struct failing *f);
bool failing_teardown(struct failing *f);
void failing_attach(struct failing *f);
void failing_clear(struct failing *f);
void failing_spawn_other(struct failing *f, const char *program);
void failing_kill_other(struct failing *f);
void failing_arm(const struct failing_site *site);
bool failing_is_fatal(const struct failing_site *site);
bool failing_each(struct failing *f, const char *phase, failing_attempt attempt);
bool failing_inside(struct failing *f, const char *phase, failing_attempt attempt);
bool failing_counted(struct failing *f, long long made);
bool failing_exact(struct failing *f, const char *step);
bool failing_refused_or_done(int err);
int failing_command_at(struct failing_site *site, const char *command, int *err);
bool failing_is_as_before(void);

/* What is tried at a site; each is true if all went as it must. */
bool failing_events(struct failing *f, struct failing_site *site);
bool failing_first_events(struct failing *f, struct failing_site *site);
#define FAILING_DRAINING 4 /* steps */
long long failing_drain(struct failing *f, struct failing_window spared);
bool failing_learn(struct failing *f, struct failing_site *site);
void failing_note_files(void);
bool failing_files(struct failing *f, struct failing_site *site);
bool failing_files_one_by_one(void);
bool failing_command_clear(struct failing *f, struct failing_site *site);
bool failing_command_detach(struct failing *f, struct failing_site *site);
bool failing_command_empty(struct failing *f, struct failing_site *site);
bool failing_commands_one_by_one(struct failing *f);
bool failing_command_attach(struct failing *f, struct failing_site *site);
bool failing_attach_second(struct failing *f, struct failing_site *site);
bool failing_attach_without_names(struct failing *f);
bool failing_attach_halfway(struct failing *f);
bool failing_attach_stranger(struct failing *f);
bool failing_load(struct failing *f, struct failing_site *site);

#endif
