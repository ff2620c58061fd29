// SPDX-License-Identifier: GPL-2.0-only
/*
 * Searching the process of a session for leaks: two stops, and the tables.
 *
 * Depends on leaks.c for the search, on module_files.c and report.c for the module's files, and on
 * leaks_show.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "leaks.h"
#include "leaks_show.h"
#include "msg.h"
#include "session.h"

#define BETWEEN_STOPS_MS 1000

static FILE *open_file(const struct mu_session *s, const char *name)
{
	FILE *file = mu_files_open_target(s->files, s->id, name);

	if (!file)
		mu_warn("cannot read the %s of pid %d: %s", name, s->process.pid, strerror(errno));
	return file;
}

static FILE *open_blocks(void *context)
{
	return open_file(context, "blocks");
}

static struct mu_report *read_report(struct mu_session *s)
{
	FILE *file = open_file(s, "report");
	struct mu_report *report = file ? mu_report_read(file, "report") : NULL;

	if (file)
		fclose(file);
	s->errors += report ? report->errors : 1;
	if (!report || report->nr_targets == 1)
		return report;
	mu_warn("the report of pid %d does not have exactly one target", s->process.pid);
	s->errors++;
	mu_report_free(report);
	return NULL;
}

static void show_results(struct mu_session *s, const struct mu_leaks *l)
{
	struct mu_report *report = read_report(s);

	if (!report)
		return;
	mu_symbolizer_bind(s->sym, &report->targets[0]);
	printf("pid %d (%s):\n", s->process.pid, s->program);
	mu_leaks_show(l, &s->o->view, &report->targets[0], s->sym);
	if (s->o->why && !mu_leaks_show_why(l, &s->process, s->o->why))
		s->errors++;
	if (report->targets[0].lost)
		printf("\tnot judged: %" PRIu64 " allocations that were lost\n",
		       report->targets[0].lost);
	mu_leaks_show_sums(l);
	mu_report_free(report);
	s->shown = true;
}

/* Filters of our own are those of the attach; to a foreign target they apply here. */
static struct mu_leaks prepare_search(struct mu_session *s)
{
	return (struct mu_leaks){
		.source = { .open = open_blocks, .context = s },
		.pid = s->process.pid,
		.proc = s->process.proc,
		.older_ms = s->o->filter.older,
		.max_stop_ms = s->o->max_stop_ms,
		.is_exact = s->o->exact,
	};
}

/**
 * mu_session_leaks() - search the process of a session for leaks, and print them
 * @s: the session; attached
 * @pause: wait for a number of milliseconds; returns false if the tool has to end
 * @context: passed to @pause
 */
void mu_session_leaks(struct mu_session *s, bool (*pause)(void *context, uint64_t ms),
		      void *context)
{
	struct mu_leaks l = prepare_search(s);
	bool done;

	mu_symbolizer_hold(s->sym);
	done = mu_leaks_begin(&l) && mu_leaks_stop(&l, 0) && pause(context, BETWEEN_STOPS_MS) &&
	       !s->over && mu_leaks_stop(&l, 1);
	if (done)
		show_results(s, &l);
	else
		s->errors++;
	mu_leaks_end(&l);
	fflush(stdout);
}
