/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_H
#define MU_TOP_H

#include "options.h"

int mu_top(const struct mu_options *o);

#endif
