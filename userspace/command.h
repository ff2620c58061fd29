/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_COMMAND_H
#define MU_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "entry.h"

/**
 * struct mu_command - the command of option -c
 * @pid: its PID
 * @entry: the breakpoint at the entry point of a program that it has executed
 * @is_stopped: it is stopped at an entry point until mu_command_resume()
 * @has_ended: it has ended
 * @status: status of waitpid(), if @has_ended
 */
struct mu_command {
	pid_t pid;
	struct mu_entry entry;
	bool is_stopped;
	bool has_ended;
	int status;
};

/**
 * enum mu_step - an event of the command
 * @MU_STEP_NONE: none that matters
 * @MU_STEP_EXEC: it has executed a program and runs to its entry point
 * @MU_STEP_ENTRY: it is stopped at the entry point of a program
 * @MU_STEP_ENDED: it has ended
 */
enum mu_step {
	MU_STEP_NONE,
	MU_STEP_EXEC,
	MU_STEP_ENTRY,
	MU_STEP_ENDED,
};

int mu_command_start(struct mu_command *command, const char *line);
void mu_command_resume(struct mu_command *command);
enum mu_step mu_command_next(struct mu_command *command);
bool mu_command_is_followed(const struct mu_command *command);
void mu_command_release(struct mu_command *command);
void mu_command_kill(struct mu_command *command);
void mu_command_report_end(const struct mu_command *command);

#endif
