/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_COMMAND_SPAWN_H
#define MU_COMMAND_SPAWN_H

#include <sys/types.h>

int mu_command_spawn(char **argv, pid_t *pid);

#endif
