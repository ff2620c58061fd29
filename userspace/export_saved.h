/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_SAVED_H
#define MU_EXPORT_SAVED_H

#include "options.h"

int mu_export_saved(const struct mu_options *o);

#endif
