/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_NAMES_H
#define MU_NAMES_H

#include <stdbool.h>

#include "pids.h"

bool mu_names_find(const char *name, struct mu_pids *pids);

#endif
