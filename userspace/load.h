/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading the module. */
#ifndef MU_LOAD_H
#define MU_LOAD_H

#include <stdbool.h>

#define MU_MODULE "memleak_user"

#define MU_LOCKDOWN_FILE "/sys/kernel/security/lockdown"

/* Whether the kernel is locked down, as it mostly is under Secure Boot. */
bool mu_is_locked_down(void);

/* Loads file, or what MEMLEAK_USER_KO names, or the installed module. False: it has said why. */
bool mu_module_load(const char *file);

#endif
