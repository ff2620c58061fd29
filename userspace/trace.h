/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TRACE_H
#define MU_TRACE_H

#include "options.h"

int mu_trace(const struct mu_options *o);

#endif
