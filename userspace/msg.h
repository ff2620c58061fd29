/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tool says on stderr, always as "memleak-user: one line".
 * Nothing here exits, but for want of memory.
 */
#ifndef MLU_MSG_H
#define MLU_MSG_H

#include "compiler.h"

/* The documented exit statuses. */
enum mlu_status {
	MLU_SHOWN = 0,	      /* all was shown */
	MLU_PARTLY = 1,	      /* shown, with errors on the way */
	MLU_NOTHING = 2,      /* nothing could be shown */
	MLU_USAGE = 64,	      /* the command line is wrong */
	MLU_CANNOT_RUN = 126, /* -c: found, but not executable */
	MLU_NOT_FOUND = 127,  /* -c: no such command */
};

__printf(1, 2) void mlu_warn(const char *fmt, ...);

/* Says what is wrong with the command line and how to get help; gives MLU_USAGE. */
__printf(1, 2) int mlu_usage_error(const char *fmt, ...);

#endif
