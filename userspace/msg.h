/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tool says on stderr, always as "memleak-user: one line".
 * Nothing here exits, but for want of memory.
 */
#ifndef MU_MSG_H
#define MU_MSG_H

#include "compiler.h"

/* The documented exit statuses. */
enum mu_status {
	MU_SHOWN = 0,	     /* all was shown */
	MU_PARTLY = 1,	     /* shown, with errors on the way */
	MU_NOTHING = 2,	     /* nothing could be shown */
	MU_USAGE = 64,	     /* the command line is wrong */
	MU_CANNOT_RUN = 126, /* -c: found, but not executable */
	MU_NOT_FOUND = 127,  /* -c: no such command */
};

__printf(1, 2) void mu_warn(const char *fmt, ...);

/* Says what is wrong with the command line and how to get help; gives MU_USAGE. */
__printf(1, 2) int mu_usage_error(const char *fmt, ...);

#endif
