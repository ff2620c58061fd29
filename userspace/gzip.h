/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_GZIP_H
#define MU_GZIP_H

#include <stddef.h>
#include <stdio.h>

FILE *mu_gzip_open(FILE *out);
int mu_gzip_write(FILE *out, const void *bytes, size_t nr);

#endif
