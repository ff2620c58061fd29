/* SPDX-License-Identifier: GPL-2.0-only */
/* One process that is traced: attached, and shown table by table. */
#ifndef MU_SUBJECT_H
#define MU_SUBJECT_H

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

struct mu_subject {
	const struct mu_options *o;
	struct mu_debugfs *ipc;
	const struct mu_command *command; /* NULL for -p */
	int signals;			  /* of mu_wait_begin() */
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
 * mu_subject_attach() - attach to the subject's process
 * @s: the subject; its process is open
 *
 * Return: whether it is attached; else it has said why, and @s->error is the errno.
 */
bool mu_subject_attach(struct mu_subject *s);

/**
 * mu_subject_renew() - attach anew, to the program that the process has executed
 * @s: the subject
 *
 * Return: as mu_subject_attach().
 */
bool mu_subject_renew(struct mu_subject *s);

/* One table. Sets @s->over when there is nothing more to read. */
void mu_subject_show(struct mu_subject *s);

/* Says that the process has exited, unless its last table did. */
void mu_subject_tell_exit(struct mu_subject *s);

/* Errors so far that do not keep anything from being shown. */
size_t mu_subject_errors(const struct mu_subject *s);

void mu_subject_close(struct mu_subject *s);

#endif
