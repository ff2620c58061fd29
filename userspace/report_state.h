/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_REPORT_STATE_H
#define MU_REPORT_STATE_H

#include "report.h"

bool mu_is_target_state(const char *line);
bool mu_parse_target_state(const char *line, struct mu_target *target);
bool mu_is_stack_state(const char *line);
bool mu_parse_stack_state(const char *line, struct mu_stack *stack);

#endif
