// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak-user top: which process grows.
 *
 * Reads /proc in intervals, and shows the processes by the slope of their memory. Needs neither the
 * module nor root, except for what only root may read. Depends on top_snapshot.c, top_trend.c,
 * top_allocator.c, top_print.c, top_screen.c and wait.c.
 */
#include "top.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"
#include "quantity.h"
#include "top_allocator.h"
#include "top_print.h"
#include "top_screen.h"
#include "top_snapshot.h"
#include "top_trend.h"
#include "wait.h"

/* Rows without a terminal. */
#define DEFAULT_ROWS 10

/* State of a run. */
struct top {
	const struct mu_options *o;
	int root;
	int signals;
	struct mu_top_trends *trends;
	struct mu_top_allocators *allocators;
	size_t unreadable;
	uint64_t sampled; /* time of the last sample */
	char time[16];	  /* the same by the clock on the wall */
	uint64_t tables;
	bool refresh; /* in place, on a terminal */
};

static void read_time(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm local;

	text[0] = '\0';
	if (localtime_r(&now, &local))
		strftime(text, size, "%H:%M:%S", &local);
}

static bool take_sample(struct top *t)
{
	struct mu_top_snapshot s;

	t->sampled = mu_wait_clock();
	read_time(t->time, sizeof(t->time));
	if (!mu_top_snapshot_read(&s, t->root, t->sampled)) {
		mu_warn("/proc cannot be read: %s", strerror(errno));
		return false;
	}
	mu_top_trends_add(t->trends, &s);
	t->unreadable = s.unreadable;
	mu_top_snapshot_free(&s);
	return true;
}

/* Return: as many rows as -T says, but not more than fit on a terminal that is refreshed. */
static size_t rows_to_show(const struct top *t, const struct mu_top_screen *screen)
{
	size_t fit = screen->rows > MU_TOP_OTHER_LINES + 1 ? screen->rows - MU_TOP_OTHER_LINES - 1 :
							     1;

	if (!t->refresh)
		return t->o->view.top ? t->o->view.top : DEFAULT_ROWS;
	return t->o->view.top && t->o->view.top < fit ? t->o->view.top : fit;
}

static char *format_table(struct top *t)
{
	struct mu_top_screen screen = mu_top_screen_size();
	struct mu_top_table table = {
		.time = t->time,
		.machine = mu_top_trends_machine(t->trends),
		.shown = rows_to_show(t, &screen),
		.by_cgroup = t->o->by_cgroup,
		.unreadable = t->unreadable,
		.width = isatty(STDOUT_FILENO) ? screen.columns : SIZE_MAX,
	};
	struct mu_top_row *rows = mu_top_trends_rank(t->trends, t->o->by_cgroup, &table.nr);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (table.shown > table.nr)
		table.shown = table.nr;
	if (!t->o->by_cgroup)
		mu_top_allocators_fill(t->allocators, rows, table.shown, t->sampled);
	table.rows = rows;
	if (out) {
		mu_top_print(out, &table);
		fclose(out);
	}
	free(rows);
	return text;
}

static void show_table(struct top *t)
{
	char *text = format_table(t);

	if (!text)
		mu_warn("out of memory");
	else if (t->refresh)
		mu_top_screen_show(text);
	else
		fputs(text, stdout);
	fflush(stdout);
	free(text);
}

/* Return: false if /proc cannot be read. */
static bool sample_and_show(struct top *t)
{
	if (!take_sample(t))
		return false;
	show_table(t);
	t->tables++;
	return true;
}

/* Return: when the next sample is due: in equal intervals, unless reading took longer. */
static uint64_t next_deadline(const struct top *t, uint64_t deadline)
{
	uint64_t now = mu_wait_clock();

	deadline += t->o->interval_ms;
	return deadline > now ? deadline : now;
}

/* If the first interval is ended by a signal, what it has shown so far is printed. */
static bool end_early(struct top *t)
{
	if (t->tables || mu_wait_clock() == t->sampled)
		return true;
	return sample_and_show(t);
}

static bool is_done(const struct top *t)
{
	return (t->o->count && t->tables == t->o->count) || ferror(stdout);
}

static bool show_tables(struct top *t)
{
	uint64_t deadline = t->sampled + t->o->interval_ms;
	const struct mu_waited nothing = {};
	size_t which;

	while (!is_done(t)) {
		switch (mu_wait(t->signals, &nothing, deadline, &which)) {
		case MU_SIGNAL:
			return end_early(t);
		case MU_RESIZED:
			if (t->tables)
				show_table(t);
			break;
		case MU_TIME:
			if (!sample_and_show(t))
				return false;
			deadline = next_deadline(t, deadline);
			break;
		default:
			break;
		}
	}
	return true;
}

static void print_start(struct top *t)
{
	if (t->refresh)
		mu_top_screen_start();
	printf("Reading /proc, the first table follows in %g s, Ctrl+C to quit.\n",
	       t->o->interval_ms / (double)MU_SECOND_MS);
	fflush(stdout);
}

static int run_top(struct top *t)
{
	if (!take_sample(t))
		return MU_NOTHING;
	t->signals = mu_wait_init();
	if (t->signals < 0)
		return MU_NOTHING;
	if (t->refresh)
		mu_wait_add_resize(t->signals);
	print_start(t);
	if (show_tables(t))
		return MU_SHOWN;
	return t->tables ? MU_PARTLY : MU_NOTHING;
}

/**
 * mu_top() - show which processes grow
 * @o: the options
 *
 * Return: the exit status.
 */
int mu_top(const struct mu_options *o)
{
	struct top t = {
		.o = o,
		.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.signals = -1,
		.refresh = mu_top_screen_is_there() && o->count != 1,
	};
	int status;

	t.trends = mu_top_trends_new();
	t.allocators = mu_top_allocators_new(t.root);
	status = run_top(&t);
	mu_top_allocators_free(t.allocators);
	mu_top_trends_free(t.trends);
	if (t.signals >= 0)
		close(t.signals);
	if (t.root >= 0)
		close(t.root);
	return status;
}
