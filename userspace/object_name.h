/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OBJECT_NAME_H
#define MU_OBJECT_NAME_H

#include <stdio.h>

char *mu_object_name(FILE *maps, const char *wanted);

#endif
