/* SPDX-License-Identifier: GPL-2.0-only */
/* memleak-user symbolize: names for a report that was saved, here or elsewhere. */
#ifndef MU_SYMBOLIZE_REPORT_H
#define MU_SYMBOLIZE_REPORT_H

#include "options.h"

/* Gives the exit status. */
int mu_symbolize_report(const struct mu_options *o);

#endif
