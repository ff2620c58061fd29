/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_LIVE_H
#define MU_EXPORT_LIVE_H

#include "output.h"
#include "sessions.h"

bool mu_export_live(struct mu_sessions *all, struct mu_symbolizer *sym, bool is_frozen,
		    struct mu_output *output);

#endif
