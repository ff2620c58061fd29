/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PARTS_H
#define MU_PARTS_H

#include "sessions.h"

/**
 * struct mu_part - a target that has been read for a table of all processes, or for an export
 * @report: its report
 * @target: the only target of @report
 * @session: its session, NULL if it had ended before it was seen
 * @is_live: it is traced
 * @is_left_out: it is not shown, although it is live
 */
struct mu_part {
	struct mu_report *report;
	struct mu_target *target;
	struct mu_session *session;
	bool is_live;
	bool is_left_out;
};

/**
 * struct mu_parts - the targets of all processes, by id
 * @part: the targets
 * @nr: number of @part
 * @capacity: allocated elements of @part
 * @live: number of live ones
 * @left_out: number of those that are left out
 * @ended: what the ended ones had
 */
struct mu_parts {
	struct mu_part *part;
	size_t nr;
	size_t capacity;
	size_t live;
	size_t left_out;
	struct mu_amount ended;
};

void mu_parts_read(struct mu_parts *parts, struct mu_sessions *all, struct mu_symbolizer *sym);
void mu_parts_leave_out_unfrozen(struct mu_parts *parts);
bool mu_parts_is_shown(const struct mu_parts *parts, const struct mu_part *part);
void mu_parts_end_sessions(const struct mu_parts *parts, const struct mu_sessions *all,
			   struct mu_symbolizer *sym);
void mu_parts_free(struct mu_parts *parts);

#endif
