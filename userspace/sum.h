/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SUM_H
#define MU_SUM_H

#include "report.h"

struct mu_sum;

struct mu_sum *mu_sum_new(void);
void mu_sum_free(struct mu_sum *sum);
void mu_sum_targets(struct mu_sum *sum, const struct mu_target *const *targets, size_t nr,
		    struct mu_target *result);

#endif
