/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DIFF_H
#define MU_DIFF_H

#include "options.h"

int mu_diff(const struct mu_options *o);

#endif
