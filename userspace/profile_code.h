/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PROFILE_CODE_H
#define MU_PROFILE_CODE_H

#include "profile.h"

size_t mu_profile_locate(struct mu_profile *profile, const struct mu_target *target,
			 const struct mu_frame *frame, struct mu_symbolizer *sym);
void mu_profile_code_free(struct mu_profile *profile);

#endif
