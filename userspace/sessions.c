// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of sessions: those of the options, and those of processes that the module attaches to in
 * groups, which come and go.
 *
 * Control is read before each table and each second. A target of our groups that is not known gets
 * a session; one that has ended before that is only counted. Depends on session.c,
 * target_groups.c and attach_command.c.
 */
#include "sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach_command.h"
#include "mem.h"
#include "msg.h"

static struct mu_session *new_session(struct mu_sessions *all)
{
	struct mu_session *s = mu_zalloc(sizeof(*s));

	*s = (struct mu_session){
		.o = all->o,
		.files = all->files,
		.command = all->command,
		.signals = all->signals,
		.groups = &all->groups,
	};
	return s;
}

static void append_session(struct mu_sessions *all, struct mu_session *s)
{
	all->session = mu_grow(all->session, all->nr, &all->capacity, sizeof(s));
	all->session[all->nr++] = s;
}

static bool has_process(const struct mu_sessions *all, pid_t pid)
{
	for (size_t i = 0; i < all->nr; i++)
		if (all->session[i]->process.pid == pid && !all->session[i]->has_exited)
			return true;
	return false;
}

/**
 * mu_sessions_add() - open a process of the options
 * @all: the sessions
 * @pid: its PID, or the TID of one of its threads
 *
 * Several threads of a process, or the same PID twice, are one session.
 *
 * Return: its session, not attached yet, or NULL if it has one, or, with a message, if there is no
 * such process.
 */
struct mu_session *mu_sessions_add(struct mu_sessions *all, pid_t pid)
{
	struct mu_session *s = new_session(all);

	if (!mu_process_open(&s->process, pid)) {
		all->failed++;
	} else if (has_process(all, s->process.pid)) {
		mu_process_close(&s->process);
	} else {
		append_session(all, s);
		return s;
	}
	free(s);
	return NULL;
}

/**
 * mu_sessions_attach_all() - attach to every process that maps a file, now or later
 * @all: the sessions
 *
 * Return: false, with a message, if that is refused.
 */
bool mu_sessions_attach_all(struct mu_sessions *all)
{
	char *command = mu_attach_all_command(all->o);
	char *reason;
	int error = mu_files_command(all->files, command, &reason);

	if (error)
		mu_warn("cannot attach to the processes that map %s: %s", all->o->object, reason);
	free(command);
	free(reason);
	return !error || error == EINPROGRESS;
}

/* === Processes that were forked before the attach === */

static void attach_descendant(struct mu_sessions *all, pid_t pid)
{
	struct mu_session *s = new_session(all);

	s->command = NULL;
	if (mu_process_open(&s->process, pid) && mu_session_attach(s)) {
		append_session(all, s);
		return;
	}
	mu_session_close(s);
	free(s);
}

static void attach_children_of(struct mu_sessions *all, pid_t parent)
{
	struct mu_pid_list children = {};

	if (!mu_children_list(&children, parent))
		mu_children_scan(&children, parent);
	for (size_t i = 0; i < children.nr; i++) {
		if (children.pid[i] == getpid())
			continue;
		if (!has_process(all, children.pid[i]))
			attach_descendant(all, children.pid[i]);
		attach_children_of(all, children.pid[i]);
	}
	free(children.pid);
}

/**
 * mu_sessions_attach_descendants() - attach to what the processes have forked already
 * @all: the sessions
 *
 * The module attaches to what they fork from now on. One that cannot be attached to is reported.
 */
void mu_sessions_attach_descendants(struct mu_sessions *all)
{
	size_t roots = all->nr;

	for (size_t i = 0; i < roots; i++)
		if (all->session[i]->attached)
			attach_children_of(all, all->session[i]->process.pid);
}

/* === Processes that the module has attached to === */

static struct mu_control *read_control(struct mu_sessions *all)
{
	FILE *file = mu_files_open_control(all->files);
	struct mu_control *control = file ? mu_control_read(file) : NULL;

	if (file)
		fclose(file);
	return control;
}

static struct mu_session *find_target(const struct mu_sessions *all, uint64_t id)
{
	for (size_t i = 0; i < all->nr; i++)
		if (all->session[i]->attached && all->session[i]->id == id)
			return all->session[i];
	return NULL;
}

static void add_unseen(struct mu_sessions *all, uint64_t id)
{
	if (!mu_target_groups_end(&all->groups, id))
		return;
	all->unseen = mu_grow(all->unseen, all->nr_unseen, &all->unseen_capacity,
			      sizeof(*all->unseen));
	all->unseen[all->nr_unseen++] = id;
}

/* Return: false if the process has exited meanwhile. */
static bool adopt_process(struct mu_sessions *all, const struct mu_control_row *row)
{
	struct mu_session *s = new_session(all);

	s->command = NULL;
	if (!mu_process_open_quietly(&s->process, row->pid)) {
		free(s);
		return false;
	}
	mu_session_adopt(s, row);
	append_session(all, s);
	return true;
}

static void update_target(struct mu_sessions *all, const struct mu_control_row *row)
{
	struct mu_session *s = find_target(all, row->id);

	if (row->pid == (uint64_t)getpid())
		return; /* of --all: the tool itself */
	if (s)
		s->has_exited |= !row->live && s->is_adopted;
	else if (!row->live || !adopt_process(all, row))
		add_unseen(all, row->id);
}

static void find_group_of_all(struct mu_sessions *all, const struct mu_control *control)
{
	const struct mu_control_group *group;
	char *key;

	if (!all->o->all || all->groups.nr)
		return;
	key = mu_attach_all_key(all->o);
	group = mu_control_group_with(control, key);
	if (group)
		mu_target_groups_add(&all->groups, group->id);
	free(key);
}

/**
 * mu_sessions_update() - find out which processes have come and gone
 * @all: the sessions
 */
void mu_sessions_update(struct mu_sessions *all)
{
	struct mu_control *control;

	if (!all->o->children && !all->o->all)
		return;
	control = read_control(all);
	if (!control)
		return;
	for (size_t i = 0; i < all->nr; i++)
		if (!all->session[i]->foreign)
			mu_target_groups_add(&all->groups, all->session[i]->group);
	find_group_of_all(all, control);
	mu_target_groups_count(&all->groups, control);
	mu_target_groups_forget(&all->groups, control);
	for (size_t i = 0; i < control->nr; i++)
		if (mu_target_groups_has(&all->groups, control->rows[i].group))
			update_target(all, &control->rows[i]);
	mu_control_free(control);
}

/**
 * mu_sessions_is_any_left() - check whether there is anything to wait for
 * @all: the sessions
 *
 * Return: false if all processes have exited, and no other one can be attached to.
 */
bool mu_sessions_is_any_left(const struct mu_sessions *all)
{
	for (size_t i = 0; i < all->nr; i++)
		if (mu_session_is_awaited(all->session[i]))
			return true;
	return all->o->all;
}

/* === The end of sessions === */

static void close_session(struct mu_sessions *all, struct mu_session *s)
{
	all->errors += mu_session_errors(s);
	all->shown |= s->shown;
	mu_session_close(s);
	free(s);
}

/**
 * mu_sessions_drop() - close the sessions of processes that came and have gone
 * @all: the sessions
 *
 * To be called after a table. A server may have new workers for ever.
 */
void mu_sessions_drop(struct mu_sessions *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->nr; i++) {
		struct mu_session *s = all->session[i];

		if (s->is_adopted && s->over) {
			mu_target_groups_end(&all->groups, s->id);
			close_session(all, s);
		} else {
			all->session[kept++] = s;
		}
	}
	all->nr = kept;
	all->nr_unseen = 0;
}

/**
 * mu_sessions_close() - close all sessions
 * @all: the sessions
 */
void mu_sessions_close(struct mu_sessions *all)
{
	for (size_t i = 0; i < all->nr; i++)
		close_session(all, all->session[i]);
	all->nr = 0;
	mu_target_groups_free(&all->groups);
	free(all->session);
	free(all->unseen);
}
