/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processes of the torture share, the tortured among them: see torture.c. */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <sys/types.h>

#define TORTURE_TARGETS 4
#define TORTURE_THREADS 8
#define TORTURE_HANDS 7

/* The status of a target that has left by _exit() out of malloc, as it does now and then. */
#define TORTURE_EXIT 77

enum torture_call { TORTURE_MALLOC = 1, TORTURE_REALLOC, TORTURE_FREE, TORTURE_CALLS };

struct torture {
	_Atomic pid_t target[TORTURE_TARGETS];
	_Atomic int ending[TORTURE_TARGETS]; /* those who are about to have it exec, exit or die */
	_Atomic bool held[TORTURE_TARGETS];  /* gdb is there: it is to do none of these */
	_Atomic bool over;		     /* all is to come to its end */
	_Atomic bool hush;		     /* nobody opens a file, so that the module can go */

	/* What was done. */
	_Atomic unsigned long attaches, refused, detaches, clears, reads;
	_Atomic unsigned long stops, traced, steps, straces, strace_lines, gdbs, gdb_frames;
	_Atomic unsigned long jumps[TORTURE_CALLS], jumps_of[TORTURE_TARGETS], exec_calls;
	unsigned long unloads, busy, kills, exits, events, exact;

	/* So many of them there are, from first to last. */
	int targets;
};

/*
 * Does the target's program come to its end now?  Not if gdb holds it; and who wants to hold it
 * waits until who has been told so has done it.
 */
static inline bool torture_may_end(struct torture *t, int place)
{
	t->ending[place]++;
	if (!t->held[place])
		return true;
	t->ending[place]--;
	return false;
}

static inline unsigned int torture_next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static inline pid_t torture_some_target(struct torture *t, unsigned int *seed)
{
	return t->target[torture_next(seed) % t->targets];
}

/* Those who torture, each a process of its own; 0: it lacks what it needs. */
pid_t torture_start_hand(struct torture *t, unsigned int i, unsigned int seed);

/* A file of a process, as far as it fits; empty if that has gone. */
void torture_read_proc(pid_t pid, const char *file, char *text, size_t size);

/* Of these, who trace. */
void torture_trace(struct torture *t, unsigned int seed);
void torture_strace(struct torture *t, unsigned int seed);
void torture_gdb(struct torture *t, unsigned int seed);

/* The end: is all listed that the target keeps, and is every child gone?  Who is not is killed. */
struct mst_program;
bool torture_lists_kept(const struct mst_program *l);
bool torture_nobody_left(void);

#endif
