/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SAVED_REPORT_H
#define MU_SAVED_REPORT_H

#include "options.h"
#include "report.h"
#include "symbolize.h"

struct mu_report *mu_saved_report_read(const char *file);
struct mu_symbolizer *mu_saved_report_symbolizer(const struct mu_options *o);
bool mu_saved_report_check_options(const struct mu_options *o);

#endif
