/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_ATTACH_COMMAND_H
#define MU_ATTACH_COMMAND_H

#include "options.h"
#include "process.h"

char *mu_attach_command(const struct mu_options *o, const struct mu_process *process);
char *mu_attach_all_key(const struct mu_options *o);
char *mu_attach_all_command(const struct mu_options *o);

#endif
