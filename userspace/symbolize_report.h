/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SYMBOLIZE_REPORT_H
#define MU_SYMBOLIZE_REPORT_H

#include "options.h"

int mu_symbolize_report(const struct mu_options *o);

#endif
