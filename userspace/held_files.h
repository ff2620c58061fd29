/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_HELD_FILES_H
#define MU_HELD_FILES_H

#include "report.h"

struct mu_held_files;

struct mu_held_files *mu_held_files_new(int proc);
void mu_held_files_share(struct mu_held_files *held, struct mu_held_files *with);
void mu_held_files_free(struct mu_held_files *held);
void mu_held_files_scan(struct mu_held_files *held);
void mu_held_files_bind(struct mu_held_files *held, const struct mu_target *target);
int mu_held_files_open(const struct mu_held_files *held, const struct mu_mapping *mapping,
		       char **why);
char *mu_held_files_identify(const struct mu_held_files *held, const struct mu_mapping *mapping);

#endif
