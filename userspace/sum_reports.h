/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SUM_REPORTS_H
#define MU_SUM_REPORTS_H

#include "options.h"

int mu_sum_reports(const struct mu_options *o);

#endif
