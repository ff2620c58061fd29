// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracing a live process: attach it bound to our open control file, show what
 * is outstanding each interval, and close. Whatever ends the tool ends the
 * target with it, so there is nothing to undo on any way out.
 *
 * A process that somebody else traces is only read, and left as it is.
 */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "ipc.h"
#include "mem.h"
#include "msg.h"
#include "object.h"
#include "process.h"
#include "words.h"

#define RETRY_MS 500

struct trace {
	const struct mlu_options *o;
	struct mlu_ipc *ipc;
	struct mlu_symbolizer *sym;
	struct mlu_process process;
	uint64_t id;  /* the target's */
	bool foreign; /* it is somebody else's */
	bool shown;
	bool over; /* the target has ended: this was its last table */
	size_t errors;
};

/* === Attaching === */

static char *attach_command(const struct trace *t)
{
	const struct mlu_filter *f = &t->o->filter;
	char *command = mlu_format("attach %d bound=1 min=%" PRIu64 " max=%" PRIu64
				   " older=%" PRIu64,
				   t->process.pid, f->min, f->max, f->older);
	char *whole, *name;
	FILE *maps;

	if (!t->o->object)
		return command;
	maps = mlu_process_maps(&t->process);
	name = mlu_object_name(maps, t->o->object);
	whole = mlu_format("%s object=%s", command, name);
	if (maps)
		fclose(maps);
	free(name);
	free(command);
	return whole;
}

static bool find_target(struct trace *t, char **keys)
{
	FILE *control = mlu_ipc_control(t->ipc);
	struct mlu_control_row row;
	bool found;

	if (!control)
		return false;
	found = mlu_control_find(control, t->process.pid, &row);
	fclose(control);
	if (!found)
		return false;
	t->id = row.id;
	*keys = row.keys;
	return true;
}

static bool find_own(struct trace *t)
{
	char *keys;

	if (!find_target(t, &keys)) {
		mlu_warn("pid %d has ended", t->process.pid);
		return false;
	}
	free(keys);
	return true;
}

/* The kernel is slow, not unwilling: wait until the target is there, or somebody has had enough. */
static bool wait_for_own(struct trace *t, const char *sentence)
{
	char *keys;

	mlu_warn("attaching to pid %d takes long: %s", t->process.pid, sentence);
	while (!find_target(t, &keys))
		if (mlu_process_wait(&t->process, mlu_process_clock() + RETRY_MS) != MLU_TIME)
			return false;
	free(keys);
	return true;
}

static bool has_filter(const struct mlu_filter *f)
{
	return f->min || f->max != UINT64_MAX || f->older;
}

static bool find_foreign(struct trace *t, const char *sentence)
{
	char *keys;

	if (!find_target(t, &keys)) {
		mlu_warn("cannot attach to pid %d: %s", t->process.pid, sentence);
		return false;
	}
	t->foreign = true;
	mlu_warn("somebody else traces pid %d%s%s: its report is read, and left as it is",
		 t->process.pid, *keys ? " with " : "", keys);
	if (has_filter(&t->o->filter))
		mlu_warn("-o, -z and -Z choose among what that has recorded");
	if (t->o->object)
		mlu_warn("-O has no effect on it");
	free(keys);
	return true;
}

static bool attach_process(struct trace *t)
{
	char *command = attach_command(t);
	char *sentence;
	int error = mlu_ipc_command(t->ipc, command, &sentence);
	bool attached = false;

	if (!error)
		attached = find_own(t);
	else if (error == EINPROGRESS)
		attached = wait_for_own(t, sentence);
	else if (error == EBUSY)
		attached = find_foreign(t, sentence);
	else
		mlu_warn("cannot attach to pid %d: %s", t->process.pid, sentence);
	free(sentence);
	free(command);
	return attached;
}

/* === Showing === */

static struct mlu_allocations *read_allocations(struct trace *t)
{
	const struct mlu_filter all = { .max = UINT64_MAX };
	FILE *file = mlu_ipc_target(t->ipc, t->id, "allocations");
	struct mlu_allocations *allocations;

	if (!file)
		return NULL;
	allocations = mlu_allocations_read(file, t->foreign ? &t->o->filter : &all);
	fclose(file);
	t->errors += allocations->errors;
	return allocations;
}

static void show_lost(struct trace *t, const struct mlu_target *target)
{
	FILE *stats = target->lost ? mlu_ipc_target(t->ipc, t->id, "stats") : NULL;

	mlu_print_lost(target->lost, stats);
	if (stats)
		fclose(stats);
}

/* Our own target filters for us; somebody else's stacks are charged anew by our filter. */
static void show_target(struct trace *t, struct mlu_target *target)
{
	bool regroup = t->foreign && has_filter(&t->o->filter);
	struct mlu_allocations *allocations = NULL;

	if (regroup || t->o->show_allocations)
		allocations = read_allocations(t);
	if (regroup && allocations)
		mlu_allocations_regroup(allocations, target);
	mlu_print_prepare(&t->o->view, target, t->sym);
	mlu_print_head(&t->o->view);
	if (t->o->show_allocations && allocations)
		mlu_print_allocations(allocations);
	mlu_print_stacks(&t->o->view, target, t->sym);
	show_lost(t, target);
	mlu_allocations_free(allocations);
	t->shown = true;
}

/* A short-lived program may have kept nothing that was old enough: say that, before one wonders. */
static void tell_young(const struct trace *t, const struct mlu_target *target)
{
	if (!target->nr_stacks && t->o->filter.older)
		printf("Nothing was older than %" PRIu64 " ms at its end: -o 0 shows it all.\n",
		       t->o->filter.older);
}

static void tell_state(struct trace *t, const char *state)
{
	t->over = true;
	if (!strcmp(state, "exited"))
		printf("pid %d has exited.\n", t->process.pid);
	else if (!strcmp(state, "exec"))
		printf("pid %d runs another program now (exec), its old memory is gone.\n",
		       t->process.pid);
	else if (strcmp(state, "tracing"))
		printf("pid %d is no longer traced: somebody has detached it.\n", t->process.pid);
	else
		t->over = false;
}

/* Somebody else's target goes when he wants it; ours cannot. */
static void tell_gone(struct trace *t, int error)
{
	if (t->foreign && error == ENOENT) {
		printf("pid %d is no longer traced: whoever traced it has ended that.\n",
		       t->process.pid);
		return;
	}
	mlu_warn("the report of pid %d is gone: %s", t->process.pid, strerror(error));
	t->errors++;
}

/* NULL: there is none any more, said so. */
static struct mlu_report *read_report(struct trace *t)
{
	FILE *file = mlu_ipc_target(t->ipc, t->id, "report");
	struct mlu_report *report;

	if (!file) {
		tell_gone(t, errno);
		return NULL;
	}
	report = mlu_report_read(file, "report");
	fclose(file);
	t->errors += report ? report->errors : 1;
	if (!report || report->nr_targets == 1)
		return report;
	mlu_warn("the report of pid %d is not of one target", t->process.pid);
	t->errors++;
	mlu_report_free(report);
	return NULL;
}

/* One table. False: there is nothing more to read. */
static bool show(struct trace *t)
{
	struct mlu_report *report;

	mlu_symbolizer_hold(t->sym);
	report = read_report(t);
	if (!report)
		return false;
	show_target(t, &report->targets[0]);
	tell_state(t, report->targets[0].state);
	if (t->over)
		tell_young(t, &report->targets[0]);
	mlu_report_free(report);
	fflush(stdout);
	return !t->over;
}

/* === The whole === */

/*
 * The kernel side may see the end of a process a bit later than we do: its last
 * table can still say "tracing".
 */
static void watch(struct trace *t)
{
	uint64_t interval_ms = t->o->interval * 1000;
	enum mlu_wake wake = MLU_TIME;
	uint64_t tables = 0;

	while (wake == MLU_TIME && !(t->o->count && tables == t->o->count)) {
		wake = mlu_process_wait(&t->process, mlu_process_clock() + interval_ms);
		if (!show(t))
			break;
		tables++;
	}
	if (wake == MLU_EXITED && tables && !t->over)
		printf("pid %d has exited.\n", t->process.pid);
	if (t->o->command)
		mlu_command_reap(t->process.pid);
}

static int status_of(const struct trace *t)
{
	if (!t->shown)
		return MLU_NOTHING;
	return t->errors || mlu_symbolizer_errors(t->sym) ? MLU_PARTLY : MLU_SHOWN;
}

/* The process, stopped at its entry point if it is a command, is attached and watched. */
static int trace_process(struct trace *t)
{
	const struct mlu_places places = {
		.proc = t->process.proc,
		.debug_path = t->o->debug_path,
	};
	bool attached;
	int status;

	t->sym = mlu_symbolizer_new(&places, t->o->view.lines);
	mlu_symbolizer_hold(t->sym);
	printf("Attaching to pid %d, Ctrl+C to quit.\n", t->process.pid);
	fflush(stdout);
	attached = mlu_process_catch_signals(&t->process) && attach_process(t);
	if (t->o->command && attached)
		mlu_command_release(t->process.pid);
	else if (t->o->command)
		mlu_command_kill(t->process.pid);
	if (attached)
		watch(t);
	status = status_of(t);
	mlu_symbolizer_free(t->sym);
	return status;
}

static int start_command(const char *line, pid_t *pid)
{
	char *text = mlu_escaped(line);

	printf("Executing '%s' and tracing the resulting process.\n", text);
	fflush(stdout);
	free(text);
	return mlu_command_start(line, pid);
}

static int trace_subject(struct trace *t)
{
	pid_t pid = t->o->pid;
	int status = t->o->command ? start_command(t->o->command, &pid) : 0;

	if (status)
		return status;
	if (!mlu_process_open(&t->process, pid)) {
		if (t->o->command)
			mlu_command_kill(pid);
		return MLU_NOTHING;
	}
	status = trace_process(t);
	mlu_process_close(&t->process);
	return status;
}

int mlu_trace(const struct mlu_options *o)
{
	struct trace t = { .o = o };
	int status;

	t.ipc = mlu_ipc_open(o->module);
	if (!t.ipc)
		return MLU_NOTHING;
	status = trace_subject(&t);
	mlu_ipc_close(t.ipc);
	return status;
}
