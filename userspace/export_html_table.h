/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_HTML_TABLE_H
#define MU_EXPORT_HTML_TABLE_H

#include <stdio.h>

#include "profile.h"

void mu_html_table(FILE *out, const struct mu_profile *profile);

#endif
