/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command of our own: stopped before the first instruction of its program, and of each program
 * that it executes later in its place.
 */
#ifndef MU_COMMAND_H
#define MU_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "entry.h"

struct mu_command {
	pid_t pid;
	struct mu_entry entry; /* where a new program is being run to */
	bool is_stopped;       /* at an entry point, until mu_command_resume() */
	bool has_ended;
	int status; /* of waitpid(), once it has ended */
};

enum mu_step {
	MU_STEP_NONE,  /* nothing has happened, or nothing that matters */
	MU_STEP_EXEC,  /* it has executed a program and runs to its entry point */
	MU_STEP_ENTRY, /* it stands at the entry point of a new program */
	MU_STEP_ENDED,
};

/**
 * mu_command_start() - start a command line and run it to its entry point
 * @command: the command; valid if 0 is returned
 * @line: its words, as for a shell
 *
 * Return: 0, or the exit status of the tool, having said why.
 */
int mu_command_start(struct mu_command *command, const char *line);

/* Lets it run on from an entry point. */
void mu_command_resume(struct mu_command *command);

/**
 * mu_command_next() - handle what SIGCHLD has announced
 * @command: the command
 *
 * Signals of the command are passed on to it and its stops by job control are left alone.
 * To be called until it returns MU_STEP_NONE or MU_STEP_ENTRY. It never blocks.
 */
enum mu_step mu_command_next(struct mu_command *command);

/* Whether it is still followed: an exec by another thread than its first ends that. */
bool mu_command_is_followed(const struct mu_command *command);

/* Lets it run on its own: it lives on when the tool ends. */
void mu_command_release(struct mu_command *command);

/* Ends it where it stands. */
void mu_command_kill(struct mu_command *command);

/* If it has ended, says how when that was not plain success. */
void mu_command_report_end(const struct mu_command *command);

#endif
