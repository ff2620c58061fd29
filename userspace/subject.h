/* SPDX-License-Identifier: GPL-2.0-only */
/* One process that is traced: attached, and shown table by table. */
#ifndef MLU_SUBJECT_H
#define MLU_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "children.h"
#include "command.h"
#include "ipc.h"
#include "options.h"
#include "process.h"
#include "symbolize.h"
#include "total.h"

struct mlu_subject {
	const struct mlu_options *o;
	struct mlu_ipc *ipc;
	const struct mlu_command *command; /* NULL for -p */
	int signals;			   /* of mlu_wait_begin() */
	struct mlu_process process;
	struct mlu_symbolizer *sym;
	struct mlu_pid_list children; /* that have been named */
	struct mlu_since since;
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
 * mlu_subject_attach() - attach to the subject's process
 * @s: the subject; its process is open
 *
 * Return: whether it is attached; else it has said why, and @s->error is the errno.
 */
bool mlu_subject_attach(struct mlu_subject *s);

/**
 * mlu_subject_renew() - attach anew, to the program that the process has executed
 * @s: the subject
 *
 * Return: as mlu_subject_attach().
 */
bool mlu_subject_renew(struct mlu_subject *s);

/* One table. Sets @s->over when there is nothing more to read. */
void mlu_subject_show(struct mlu_subject *s);

/* Says that the process has exited, unless its last table did. */
void mlu_subject_tell_exit(struct mlu_subject *s);

/* Errors so far that do not keep anything from being shown. */
size_t mlu_subject_errors(const struct mlu_subject *s);

void mlu_subject_close(struct mlu_subject *s);

#endif
