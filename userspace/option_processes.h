/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OPTION_PROCESSES_H
#define MU_OPTION_PROCESSES_H

#include "options.h"

int mu_option_name(struct mu_options *o, const char *name);
int mu_options_check_processes(struct mu_options *o);
int mu_options_expand_names(struct mu_options *o);

#endif
