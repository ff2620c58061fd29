/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_REPORT_LINE_H
#define MU_REPORT_LINE_H

#include "report.h"

bool mu_parse_target(const char *line, struct mu_target *target);
bool mu_parse_stack(const char *line, struct mu_stack *stack);
bool mu_parse_frame(const char *line, struct mu_frame *frame);
bool mu_parse_mapping(const char *line, struct mu_mapping *mapping);
bool mu_parse_events(const char *line, struct mu_target *target);
char *mu_parse_unseen(const char *line);

bool mu_begins_with_word(const char *line, const char *word);
bool mu_begins_with_any_word(const char *line);

void mu_frame_free(struct mu_frame *frame);

#endif
