/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_MODULE_FILES_H
#define MU_MODULE_FILES_H

#include <stdint.h>
#include <stdio.h>

struct mu_files;

struct mu_files *mu_files_open(const char *module_file);
void mu_files_close(struct mu_files *files);
int mu_files_command(struct mu_files *files, const char *command, char **reason);
FILE *mu_files_open_control(struct mu_files *files);
FILE *mu_files_open_target(struct mu_files *files, uint64_t id, const char *name);
uint64_t mu_files_memory_limit(struct mu_files *files);

#endif
