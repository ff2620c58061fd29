/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_MSG_H
#define MU_MSG_H

#include "compiler.h"

/**
 * enum mu_status - the documented exit statuses
 * @MU_SHOWN: everything was shown
 * @MU_PARTLY: shown, with errors
 * @MU_NOTHING: nothing could be shown
 * @MU_USAGE: the command line is wrong
 * @MU_CANNOT_RUN: the command of -c cannot be executed
 * @MU_NOT_FOUND: the command of -c was not found
 */
enum mu_status {
	MU_SHOWN = 0,
	MU_PARTLY = 1,
	MU_NOTHING = 2,
	MU_USAGE = 64,
	MU_CANNOT_RUN = 126,
	MU_NOT_FOUND = 127,
};

__printf(1, 2) void mu_warn(const char *fmt, ...);
__printf(1, 2) int mu_usage_error(const char *fmt, ...);

#endif
