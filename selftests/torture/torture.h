/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that is shared by the processes of the test torture (see torture.c): the test, its
 * hands, and the targets (../programs/tortured.h).
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <sys/types.h>

#define TORTURE_TARGETS 4
#define TORTURE_THREADS 8
#define TORTURE_HANDS 7

/*
 * The exit status of a target that has called _exit() in a signal handler that interrupted
 * malloc.
 */
#define TORTURE_EXIT 77

enum torture_call { TORTURE_MALLOC = 1, TORTURE_REALLOC, TORTURE_FREE, TORTURE_CALLS };

/**
 * struct torture - the shared memory
 * @target: the targets' PIDs
 * @ending: for each target, how many processes are about to make it exec, exit or die
 * @held: for each target, gdb is attached: it must do none of these
 * @over: the hands must end
 * @no_open: the hands must not open the module's files, so that it can be unloaded
 * @attaches: number of accepted attach commands; this and the rest is printed at the end
 * @refused: refused attach commands
 * @detaches: accepted detach commands
 * @clears: accepted clear commands
 * @reads: reads of a file
 * @stops: targets stopped by SIGSTOP
 * @traced: threads traced by our own debugger
 * @steps: steps and system calls that they were traced for
 * @straces: runs of strace that have traced a system call
 * @strace_lines: lines of their output
 * @gdbs: runs of gdb that have stopped a target
 * @gdb_frames: frames of their backtraces
 * @jumps: jumps out of each function
 * @jumps_of: jumps of each target
 * @exec_calls: calls of exec by targets
 * @unloads: times the module was unloaded
 * @busy: times it could not be, because it was in use
 * @kills: targets that were killed
 * @exits: targets that have exited from within malloc
 * @events: sum of the events in stats, each time they were read
 * @exact: checks of the undisturbed target
 * @targets: number of targets
 */
struct torture {
	_Atomic pid_t target[TORTURE_TARGETS];
	_Atomic int ending[TORTURE_TARGETS];
	_Atomic bool held[TORTURE_TARGETS];
	_Atomic bool over;
	_Atomic bool no_open;

	_Atomic unsigned long attaches, refused, detaches, clears, reads;
	_Atomic unsigned long stops, traced, steps, straces, strace_lines, gdbs, gdb_frames;
	_Atomic unsigned long jumps[TORTURE_CALLS], jumps_of[TORTURE_TARGETS], exec_calls;
	unsigned long unloads, busy, kills, exits, events, exact;

	int targets;
};

/*
 * Returns true if the target may exec, exit or be killed now: not while gdb holds it. The caller
 * then must do so; gdb waits for it by @ending, which is decremented by the next program.
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

pid_t torture_start_hand(struct torture *t, unsigned int i, unsigned int seed);
void torture_read_proc(pid_t pid, const char *file, char *text, size_t size);

/* Hands that trace targets */
void torture_trace(struct torture *t, unsigned int seed);
void torture_strace(struct torture *t, unsigned int seed);
void torture_gdb(struct torture *t, unsigned int seed);

/* Checks at the end */
struct mst_program;
bool torture_lists_kept(const struct mst_program *l);
bool torture_no_child_left(void);

#endif
