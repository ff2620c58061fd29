/* SPDX-License-Identifier: GPL-2.0-only */
/* Insert probes into a target. */
#ifndef MLU_INSERT_H
#define MLU_INSERT_H

#include "request.h"
#include "sites.h"
#include "uses.h"

int mlu_insert_probe(struct mlu_request *request, struct mlu_target *target,
		     const struct mlu_site *site, struct mlu_uses *uses);
int mlu_insert_pass(struct mlu_request *request, struct mlu_target *target,
		    const struct mlu_sites *sites, bool frees, struct mlu_uses *uses);
int mlu_insert_check(struct mlu_request *request, const struct mlu_target *target,
		     const struct mlu_uses *uses);

#endif /* MLU_INSERT_H */
