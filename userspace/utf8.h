/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_UTF8_H
#define MU_UTF8_H

#include <stdbool.h>
#include <stddef.h>

size_t mu_utf8_length(const char *text);
char *mu_utf8_escape(const char *bytes);
char *mu_utf8_reescape(const char *escaped);

#endif
