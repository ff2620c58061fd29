/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SESSION_H
#define MU_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "children.h"
#include "command.h"
#include "module_files.h"
#include "options.h"
#include "process.h"
#include "symbolize.h"
#include "target_groups.h"
#include "total.h"

/**
 * struct mu_session - the tracing of one process
 * @o: the options
 * @files: the module's files
 * @command: the command of -c, NULL for a process of -p
 * @signals: descriptor of mu_wait_init()
 * @process: the process; opened by the caller
 * @groups: the groups of the tool, NULL if it may have none
 * @sym: symbolizer of the process, NULL if it is in a sum
 * @children: children of the process that have been reported
 * @since: counters at the last table
 * @history: the tables that were printed
 * @resident: the memory of the process, compared with what is outstanding
 * @program: name of the process at the attach
 * @id: id of the target
 * @group: id of the group of the target, or 0
 * @error: errno of the last attach
 * @attached: the target exists
 * @foreign: the target was attached by another program
 * @is_adopted: the module has attached to the process in a group
 * @has_exited: the process has exited
 * @is_in_sum: the files of the process are among those of the sum
 * @shown: a table has been printed
 * @over: there is nothing more to read
 * @errors: number of errors that did not prevent a table
 */
struct mu_session {
	const struct mu_options *o;
	struct mu_files *files;
	const struct mu_command *command;
	int signals;
	struct mu_process process;
	const struct mu_target_groups *groups;
	struct mu_symbolizer *sym;
	struct mu_pid_list children;
	struct mu_since since;
	struct mu_history history;
	struct mu_resident resident;
	char *program;
	uint64_t id;
	uint64_t group;
	int error;
	bool attached;
	bool foreign;
	bool is_adopted;
	bool has_exited;
	bool is_in_sum;
	bool shown;
	bool over;
	size_t errors;
};

bool mu_session_attach(struct mu_session *s);
bool mu_session_reattach(struct mu_session *s);
void mu_session_adopt(struct mu_session *s, const struct mu_control_row *row);
bool mu_session_is_awaited(const struct mu_session *s);
void mu_session_report_children(struct mu_session *s);
bool mu_session_freeze(struct mu_session *s);
struct mu_report *mu_session_read(struct mu_session *s);
struct mu_allocations *mu_session_apply_filter(struct mu_session *s, struct mu_target *target);
bool mu_session_is_between_programs(const struct mu_session *s, const struct mu_target *target);
void mu_session_show(struct mu_session *s);
void mu_session_leaks(struct mu_session *s, bool (*pause)(void *context, uint64_t ms),
		      void *context);
void mu_session_report_exit(struct mu_session *s);
size_t mu_session_errors(const struct mu_session *s);
void mu_session_close(struct mu_session *s);

#endif
