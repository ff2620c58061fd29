/* SPDX-License-Identifier: GPL-2.0-only */
/* memleak-user -p and -c: attach, show, let go. */
#ifndef MLU_TRACE_H
#define MLU_TRACE_H

#include "options.h"

/* Gives the exit status. */
int mlu_trace(const struct mlu_options *o);

#endif
