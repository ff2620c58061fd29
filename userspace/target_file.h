/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TARGET_FILE_H
#define MU_TARGET_FILE_H

#include <stdint.h>
#include <stdio.h>

FILE *mu_target_file(FILE *all, const char *name, uint64_t id);

#endif
