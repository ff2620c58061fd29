/* SPDX-License-Identifier: GPL-2.0-only */
/* One process that is traced: attached, and shown table by table. */
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

struct mu_session {
	const struct mu_options *o;
	struct mu_debugfs *debugfs;
	const struct mu_command *command; /* NULL for -p */
	int signals;			  /* of mu_wait_init() */
	struct mu_process process;
	struct mu_symbolizer *sym;
	struct mu_pid_list children; /* that have been named */
	struct mu_since since;
	char *program; /* its name at the attach */
	uint64_t id;   /* the target's */
	int error;     /* of the last attach */
	bool attached;
	bool foreign; /* the target is somebody else's */
	bool shown;
	bool over; /* nothing more comes of it */
	size_t errors;
};

/**
 * mu_session_attach() - attach to the session's process
 * @s: the session; its process is open
 *
 * Return: whether it is attached; else it has said why, and @s->error is the errno.
 */
bool mu_session_attach(struct mu_session *s);

/**
 * mu_session_reattach() - attach anew, to the program that the process has executed
 * @s: the session
 *
 * Return: as mu_session_attach().
 */
bool mu_session_reattach(struct mu_session *s);

/* One table. Sets @s->over when there is nothing more to read. */
void mu_session_show(struct mu_session *s);

/* Says that the process has exited, unless its last table did. */
void mu_session_report_exit(struct mu_session *s);

/* Errors so far that do not keep anything from being shown. */
size_t mu_session_errors(const struct mu_session *s);

void mu_session_close(struct mu_session *s);

#endif
