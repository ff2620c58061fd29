/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_LOAD_H
#define MU_LOAD_H

#include <stdbool.h>

#define MU_MODULE "memleak_user"
#define MU_LOCKDOWN_FILE "/sys/kernel/security/lockdown"
#define MU_VERSION_FILE "/sys/module/" MU_MODULE "/version"

bool mu_is_locked_down(void);
bool mu_module_load(const char *file);
void mu_module_compare_version(void);

#endif
