/* SPDX-License-Identifier: GPL-2.0-only */
/* The parsers of a report's lines. What they fill in owns its strings. */
#ifndef MU_REPORT_LINE_H
#define MU_REPORT_LINE_H

#include "report.h"

bool mu_parse_target(const char *line, struct mu_target *target);
bool mu_parse_stack(const char *line, struct mu_stack *stack);
bool mu_parse_frame(const char *line, struct mu_frame *frame);
bool mu_parse_mapping(const char *line, struct mu_mapping *mapping);

/**
 * mu_parse_events() - read the line "events allocated=N freed=N[ NAME=N...]"
 * @line: the line
 * @target: gets its counters; they are left as they are if the line is malformed
 *
 * Return: whether the line is as the ABI says. A second one of a target is not.
 */
bool mu_parse_events(const char *line, struct mu_target *target);

/* The sentence of "unseen WHAT OBJECT: SENTENCE", to be freed; NULL: the line is malformed. */
char *mu_parse_unseen(const char *line);

/* Whether the first word of the line is this one, or any word of lower case letters. */
bool mu_begins_with_word(const char *line, const char *word);
bool mu_begins_with_any_word(const char *line);

void mu_frame_free(struct mu_frame *frame);

#endif
