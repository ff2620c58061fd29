/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading the module. */
#ifndef MLU_LOAD_H
#define MLU_LOAD_H

#include <stdbool.h>

#define MLU_MODULE "memleak_user"

#define MLU_LOCKDOWN_FILE "/sys/kernel/security/lockdown"

/* Whether the kernel is locked down, as it mostly is under Secure Boot. */
bool mlu_locked_down(void);

/* Loads file, or what MEMLEAK_USER_KO names, or the installed module. False: it has said why. */
bool mlu_load(const char *file);

#endif
