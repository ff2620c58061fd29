/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_STACK_SUM_H
#define MU_STACK_SUM_H

#include "report.h"

void mu_stack_add(struct mu_stack *sum, const struct mu_stack *stack);
const struct mu_share *mu_stack_largest_share(const struct mu_stack *stack);

#endif
