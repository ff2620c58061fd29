/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SESSION_H
#define MU_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "children.h"
#include "command.h"
#include "debugfs.h"
#include "options.h"
#include "process.h"
#include "symbolize.h"
#include "total.h"

/**
 * struct mu_session - the tracing of one process
 * @o: the options
 * @debugfs: the module's files
 * @command: the command of -c, NULL for a process of -p
 * @signals: descriptor of mu_wait_init()
 * @process: the process; opened by the caller
 * @sym: symbolizer of the process
 * @children: children of the process that have been reported
 * @since: counters at the last table
 * @history: the tables that were printed
 * @resident: the memory of the process, compared with what is outstanding
 * @program: name of the process at the attach
 * @id: id of the target
 * @error: errno of the last attach
 * @attached: the target exists
 * @foreign: the target was attached by another program
 * @shown: a table has been printed
 * @over: there is nothing more to read
 * @errors: number of errors that did not prevent a table
 */
struct mu_session {
	const struct mu_options *o;
	struct mu_debugfs *debugfs;
	const struct mu_command *command;
	int signals;
	struct mu_process process;
	struct mu_symbolizer *sym;
	struct mu_pid_list children;
	struct mu_since since;
	struct mu_history history;
	struct mu_resident resident;
	char *program;
	uint64_t id;
	int error;
	bool attached;
	bool foreign;
	bool shown;
	bool over;
	size_t errors;
};

bool mu_session_attach(struct mu_session *s);
bool mu_session_reattach(struct mu_session *s);
void mu_session_freeze(struct mu_session *s);
void mu_session_show(struct mu_session *s);
void mu_session_leaks(struct mu_session *s, bool (*pause)(void *context, uint64_t ms),
		      void *context);
void mu_session_report_exit(struct mu_session *s);
size_t mu_session_errors(const struct mu_session *s);
void mu_session_close(struct mu_session *s);

#endif
