/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DEBUGFS_H
#define MU_DEBUGFS_H

#include <stdint.h>
#include <stdio.h>

struct mu_debugfs;

struct mu_debugfs *mu_debugfs_open(const char *module_file);
void mu_debugfs_close(struct mu_debugfs *debugfs);
int mu_debugfs_command(struct mu_debugfs *debugfs, const char *command, char **reason);
FILE *mu_debugfs_open_control(struct mu_debugfs *debugfs);
FILE *mu_debugfs_open_target(struct mu_debugfs *debugfs, uint64_t id, const char *name);
uint64_t mu_debugfs_memory_limit(struct mu_debugfs *debugfs);

#endif
