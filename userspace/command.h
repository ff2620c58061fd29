/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command of our own: stopped before the first instruction of its program, and of each program
 * that it executes later in its place.
 */
#ifndef MLU_COMMAND_H
#define MLU_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "entry.h"

struct mlu_command {
	pid_t pid;
	struct mlu_entry entry; /* where a new program is being run to */
	bool is_stopped;	/* at an entry point, until mlu_command_resume() */
	bool has_ended;
	int status; /* of waitpid(), once it has ended */
};

enum mlu_step {
	MLU_STEP_NONE,	/* nothing has happened, or nothing that matters */
	MLU_STEP_EXEC,	/* it has executed a program and runs to its entry point */
	MLU_STEP_ENTRY, /* it stands at the entry point of a new program */
	MLU_STEP_ENDED,
};

/**
 * mlu_command_start() - start a command line and run it to its entry point
 * @command: the command; valid if 0 is returned
 * @line: its words, as for a shell
 *
 * Return: 0, or the exit status of the tool, having said why.
 */
int mlu_command_start(struct mlu_command *command, const char *line);

/* Lets it run on from an entry point. */
void mlu_command_resume(struct mlu_command *command);

/**
 * mlu_command_next() - handle what SIGCHLD has announced
 * @command: the command
 *
 * Signals of the command are passed on to it and its stops by job control are left alone.
 * To be called until it returns MLU_STEP_NONE or MLU_STEP_ENTRY. It never blocks.
 */
enum mlu_step mlu_command_next(struct mlu_command *command);

/* Whether it is still followed: an exec by another thread than its first ends that. */
bool mlu_command_is_followed(const struct mlu_command *command);

/* Lets it run on its own: it lives on when the tool ends. */
void mlu_command_release(struct mlu_command *command);

/* Ends it where it stands. */
void mlu_command_kill(struct mlu_command *command);

/* If it has ended, says how when that was not plain success. */
void mlu_command_tell_end(const struct mlu_command *command);

#endif
