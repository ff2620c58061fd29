/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SESSIONS_H
#define MU_SESSIONS_H

#include "session.h"

/**
 * struct mu_sessions - the processes that are traced
 * @o: the options
 * @files: the module's files
 * @command: the command of -c, or NULL
 * @signals: descriptor of mu_wait_init()
 * @session: the sessions
 * @nr: number of @session
 * @capacity: allocated elements of @session
 * @groups: the groups of targets that the tool has attached
 * @unseen: ids of targets that had ended before the tool saw them, since the last table
 * @nr_unseen: number of @unseen
 * @unseen_capacity: allocated elements of @unseen
 * @failed: number of processes of the options that could not be attached to
 * @errors: number of errors of sessions that have been closed
 * @shown: one of these has shown a table
 */
struct mu_sessions {
	const struct mu_options *o;
	struct mu_files *files;
	const struct mu_command *command;
	int signals;
	struct mu_session **session;
	size_t nr;
	size_t capacity;
	struct mu_target_groups groups;
	uint64_t *unseen;
	size_t nr_unseen;
	size_t unseen_capacity;
	size_t failed;
	size_t errors;
	bool shown;
};

struct mu_session *mu_sessions_add(struct mu_sessions *all, pid_t pid);
bool mu_sessions_attach_all(struct mu_sessions *all);
void mu_sessions_attach_descendants(struct mu_sessions *all);
void mu_sessions_update(struct mu_sessions *all);
bool mu_sessions_is_any_left(const struct mu_sessions *all);
void mu_sessions_drop(struct mu_sessions *all);
void mu_sessions_close(struct mu_sessions *all);

#endif
