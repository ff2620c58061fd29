/* SPDX-License-Identifier: GPL-2.0-only */
/* The parsers of a report's lines. What they fill in owns its strings. */
#ifndef MLU_PARSE_H
#define MLU_PARSE_H

#include "report.h"

bool mlu_parse_target(const char *line, struct mlu_target *target);
bool mlu_parse_stack(const char *line, struct mlu_stack *stack);
bool mlu_parse_frame(const char *line, struct mlu_frame *frame);
bool mlu_parse_mapping(const char *line, struct mlu_mapping *mapping);
void mlu_frame_free(struct mlu_frame *frame);

#endif
