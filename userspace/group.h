/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_GROUP_H
#define MU_GROUP_H

#include "report.h"
#include "symbolize.h"

/**
 * enum mu_group - which stacks are one row of a table
 * @MU_GROUP_STACK: each one is a row
 * @MU_GROUP_FUNCTION: those whose frames are in the same functions of the same objects
 * @MU_GROUP_OBJECT: those whose frames lead through the same sequence of objects
 */
enum mu_group { MU_GROUP_STACK, MU_GROUP_FUNCTION, MU_GROUP_OBJECT };

void mu_group_stacks(struct mu_target *target, enum mu_group by, struct mu_symbolizer *sym);
bool mu_group_starts_object(const struct mu_stack *stack, size_t frame);

#endif
