/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_LOAD_H
#define MU_LOAD_H

#include <stdbool.h>

#define MU_MODULE "memleak_user"
#define MU_LOCKDOWN_FILE "/sys/kernel/security/lockdown"

bool mu_is_locked_down(void);
bool mu_module_load(const char *file);

#endif
