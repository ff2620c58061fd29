/* SPDX-License-Identifier: GPL-2.0-only */
/* memleak-user -p and -c: attach, show, let go. */
#ifndef MU_TRACE_H
#define MU_TRACE_H

#include "options.h"

/* Gives the exit status. */
int mu_trace(const struct mu_options *o);

#endif
