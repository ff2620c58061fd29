// SPDX-License-Identifier: GPL-2.0-only
/*
 * One process: attach it bound to our open control file, and show what is
 * outstanding. Whatever ends the tool ends the target with it, so there is
 * nothing to undo on any way out.
 *
 * A process that somebody else traces is only read, and left as it is.
 */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "object_name.h"
#include "rows.h"
#include "wait.h"

#define RETRY_MS 500

/* The command without object=, which takes a look at the process's maps. */
static char *attach_words(const struct mu_session *s)
{
	const struct mu_filter *f = &s->o->filter;
	char *words = mu_format("attach %d bound=1 min=%" PRIu64 " max=%" PRIu64 " older=%" PRIu64,
				s->process.pid, f->min, f->max, f->older);
	char *more;

	if (!s->o->depth)
		return words;
	more = mu_format("%s depth=%" PRIu64, words, s->o->depth);
	free(words);
	return more;
}

static char *attach_command(const struct mu_session *s)
{
	char *command = attach_words(s);
	char *whole, *name;
	FILE *maps;

	if (!s->o->object)
		return command;
	maps = mu_process_maps(&s->process);
	name = mu_object_name(maps, s->o->object);
	whole = mu_format("%s object=%s", command, name);
	if (maps)
		fclose(maps);
	free(name);
	free(command);
	return whole;
}

static bool find_target(struct mu_session *s, struct mu_control_row *row)
{
	FILE *control = mu_debugfs_open_control(s->debugfs);
	bool found;

	if (!control)
		return false;
	found = mu_control_find(control, s->process.pid, row);
	fclose(control);
	if (found)
		s->id = row->id;
	return found;
}

static void tell_unseen(const struct mu_session *s, const struct mu_control_row *row)
{
	for (size_t i = 0; i < row->nr_unseen; i++)
		mu_warn("pid %d: not seen: %s", s->process.pid, row->unseen[i]);
}

static bool find_own(struct mu_session *s)
{
	struct mu_control_row row;

	if (!find_target(s, &row)) {
		mu_warn("pid %d has ended", s->process.pid);
		return false;
	}
	tell_unseen(s, &row);
	mu_control_row_free(&row);
	return true;
}

/* False: the process has ended, or a signal ends the tool. */
static bool wait_a_moment(struct mu_session *s)
{
	const struct mu_waited one = { .pidfd = &s->process.pidfd, .nr = 1 };
	uint64_t deadline = mu_wait_clock() + RETRY_MS;
	enum mu_wake wake;
	size_t which;

	do {
		wake = mu_wait(s->signals, &one, deadline, &which);
	} while (wake == MU_CHILD);
	return wake == MU_TIME;
}

/* The kernel has not refused, it is slow: wait until the target appears. */
static bool wait_for_own(struct mu_session *s, const char *sentence)
{
	struct mu_control_row row;

	mu_warn("attaching to pid %d takes long: %s", s->process.pid, sentence);
	while (!find_target(s, &row))
		if (!wait_a_moment(s))
			return false;
	tell_unseen(s, &row);
	mu_control_row_free(&row);
	return true;
}

static bool has_filter(const struct mu_filter *f)
{
	return f->min || f->max != UINT64_MAX || f->older;
}

static void refuse(const struct mu_session *s, const char *sentence)
{
	bool is_kernel_thread = strstr(sentence, "kernel thread");

	mu_warn("cannot attach to pid %d: %s%s", s->process.pid, sentence,
		is_kernel_thread ? " (did pgrep find nothing, so that -p took INTERVAL?)" : "");
}

static bool find_foreign(struct mu_session *s, const char *sentence)
{
	struct mu_control_row row;

	if (!find_target(s, &row)) {
		refuse(s, sentence);
		return false;
	}
	s->foreign = true;
	mu_warn("somebody else traces pid %d%s%s: its report is read, and left as it is",
		s->process.pid, *row.keys ? " with " : "", row.keys);
	if (has_filter(&s->o->filter))
		mu_warn("-o, -z and -Z choose among what that has recorded");
	if (s->o->object || s->o->depth)
		mu_warn("-O and --depth have no effect on it");
	tell_unseen(s, &row);
	mu_control_row_free(&row);
	return true;
}

static bool attach_process(struct mu_session *s)
{
	char *command = attach_command(s);
	char *sentence;
	bool attached = false;

	s->error = mu_debugfs_command(s->debugfs, command, &sentence);
	if (!s->error)
		attached = find_own(s);
	else if (s->error == EINPROGRESS)
		attached = wait_for_own(s, sentence);
	else if (s->error == EBUSY)
		attached = find_foreign(s, sentence);
	else
		refuse(s, sentence);
	free(sentence);
	free(command);
	return attached;
}

static void close_names(struct mu_session *s)
{
	s->errors += s->sym ? mu_symbolizer_errors(s->sym) : 0;
	if (s->sym)
		mu_symbolizer_free(s->sym);
	s->sym = NULL;
	free(s->program);
	s->program = NULL;
}

bool mu_session_attach(struct mu_session *s)
{
	const struct mu_search_dirs places = {
		.proc = s->process.proc,
		.debug_path = s->o->debug_path,
	};

	s->program = mu_process_name(&s->process);
	s->sym = mu_symbolizer_new(&places, s->o->view.lines);
	mu_symbolizer_hold(s->sym);
	s->foreign = false;
	s->since = (struct mu_since){};
	s->attached = attach_process(s);
	if (s->attached)
		mu_children_report(&s->children, s->process.pid, s->o->pids.pid, s->o->pids.nr);
	return s->attached;
}

static void tell_renewal(const struct mu_session *s, const char *old)
{
	char *name = mu_process_name(&s->process);

	printf("pid %d runs %s now (exec)", s->process.pid, name);
	if (old)
		printf(": what %s held is dropped", old);
	puts(".");
	fflush(stdout);
	free(name);
}

/* What was recorded of the old program stays with its target, which ends with the tool. */
bool mu_session_reattach(struct mu_session *s)
{
	char *old = s->attached ? mu_format("%s", s->program) : NULL;
	pid_t pid = s->process.pid;

	close_names(s);
	mu_process_close(&s->process);
	s->attached = false;
	if (!mu_process_open(&s->process, pid)) {
		free(old);
		return false;
	}
	tell_renewal(s, old);
	free(old);
	return mu_session_attach(s);
}

/* === Showing === */

static struct mu_allocations *read_allocations(struct mu_session *s)
{
	const struct mu_filter all = { .max = UINT64_MAX };
	FILE *file = mu_debugfs_open_target(s->debugfs, s->id, "allocations");
	struct mu_allocations *allocations;

	if (!file)
		return NULL;
	allocations = mu_allocations_read(file, s->foreign ? &s->o->filter : &all);
	fclose(file);
	s->errors += allocations->errors;
	return allocations;
}

/* What the module may use of memory, for a loss that comes of it; 0 otherwise. */
static uint64_t memory_limit(struct mu_session *s, const struct mu_target *target)
{
	FILE *stats = target->lost ? mu_debugfs_open_stats(s->debugfs) : NULL;
	uint64_t limit = stats ? mu_stats_value(stats, "bytes_limit") : 0;

	if (stats)
		fclose(stats);
	return limit;
}

static void show_total(struct mu_session *s, const struct mu_target *target)
{
	const struct mu_total total = {
		.view = &s->o->view,
		.filter = s->foreign ? NULL : &s->o->filter,
		.limit = memory_limit(s, target),
	};

	mu_print_total(&total, target, &s->since);
}

/* With several processes each table says whose it is. */
static void show_owner(const struct mu_session *s, const struct mu_target *target)
{
	if (s->o->pids.nr > 1)
		printf("pid %d (%s):\n", s->process.pid, target->comm);
}

/* Our own target filters for us; somebody else's stacks are charged anew by our filter. */
static void show_target(struct mu_session *s, struct mu_target *target)
{
	bool regroup = s->foreign && has_filter(&s->o->filter);
	struct mu_allocations *allocations = NULL;

	if (regroup || s->o->show_allocations)
		allocations = read_allocations(s);
	if (regroup && allocations)
		mu_allocations_regroup(allocations, target);
	mu_print_prepare(&s->o->view, target, s->sym);
	show_owner(s, target);
	mu_print_head(&s->o->view);
	if (s->o->show_allocations && allocations)
		mu_print_allocations(allocations);
	mu_print_stacks(&s->o->view, target, s->sym);
	show_total(s, target);
	mu_allocations_free(allocations);
	s->shown = true;
}

static void tell_state(struct mu_session *s, const char *state)
{
	s->over = true;
	if (!strcmp(state, "exited"))
		printf("pid %d has exited.\n", s->process.pid);
	else if (!strcmp(state, "exec"))
		printf("pid %d runs another program now (exec), its old memory is gone.\n",
		       s->process.pid);
	else if (strcmp(state, "tracing"))
		printf("pid %d is no longer traced: somebody has detached it.\n", s->process.pid);
	else
		s->over = false;
}

/* Somebody else's target goes when he wants it; ours cannot. */
static void tell_gone(struct mu_session *s, int error)
{
	if (s->foreign && error == ENOENT) {
		printf("pid %d is no longer traced: whoever traced it has ended that.\n",
		       s->process.pid);
		return;
	}
	mu_warn("the report of pid %d is gone: %s", s->process.pid, strerror(error));
	s->errors++;
}

/* NULL: there is none any more, said so. */
static struct mu_report *read_report(struct mu_session *s)
{
	FILE *file = mu_debugfs_open_target(s->debugfs, s->id, "report");
	struct mu_report *report;

	if (!file) {
		tell_gone(s, errno);
		return NULL;
	}
	report = mu_report_read(file, "report");
	fclose(file);
	s->errors += report ? report->errors : 1;
	if (!report || report->nr_targets == 1)
		return report;
	mu_warn("the report of pid %d is not of one target", s->process.pid);
	s->errors++;
	mu_report_free(report);
	return NULL;
}

/* The command has executed another program: its entry point comes next, with a new target. */
static bool is_between_programs(const struct mu_session *s, const struct mu_target *target)
{
	return s->command && !strcmp(target->state, "exec") && mu_command_is_followed(s->command);
}

void mu_session_show(struct mu_session *s)
{
	struct mu_report *report;

	if (!s->attached || s->over)
		return;
	mu_symbolizer_hold(s->sym);
	report = read_report(s);
	if (!report) {
		s->over = true;
		return;
	}
	if (!is_between_programs(s, &report->targets[0])) {
		mu_children_report(&s->children, s->process.pid, s->o->pids.pid, s->o->pids.nr);
		show_target(s, &report->targets[0]);
		tell_state(s, report->targets[0].state);
	}
	mu_report_free(report);
	fflush(stdout);
}

/*
 * The kernel side may see the end of a process a bit later than we do: its last
 * table can still say "tracing".
 */
void mu_session_report_exit(struct mu_session *s)
{
	if (!s->over && s->shown)
		printf("pid %d has exited.\n", s->process.pid);
	fflush(stdout);
	s->over = true;
}

size_t mu_session_errors(const struct mu_session *s)
{
	return s->errors + (s->sym ? mu_symbolizer_errors(s->sym) : 0);
}

void mu_session_close(struct mu_session *s)
{
	close_names(s);
	mu_process_close(&s->process);
	free(s->children.pid);
}
