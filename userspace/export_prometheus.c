// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format prometheus: the text format of Prometheus, for node_exporter's textfile collector.
 *
 * Each stack is a series of its own, and stacks and PIDs come and go, so that only the largest
 * stacks of the profile are written. The others of a process are one series together: the sum of
 * all series is that of the stacks. There are no timestamps, which the collector refuses.
 *
 * Text of a profile needs two escapes only, as it is valid UTF-8 without control characters.
 * Depends on profile.c and utf8.c.
 */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "mem.h"
#include "utf8.h"

#define MAX_STACKS 20
#define PREFIX "memleak_user_"
#define OTHER "other"
#define MS_PER_SECOND 1000

/*
 * struct selected - which stacks are series of their own
 * @profile: the profile
 * @is_series: for each stack of @profile
 */
struct selected {
	const struct mu_profile *profile;
	bool *is_series;
};

/* A counter that is never missing, so that its first increase is seen as one. */
static const char *const loss_reasons[] = {
	"memory", "limit", "busy", "inflight", "fault", "split"
};

/* === Labels === */

static void write_value(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
}

/* A PID has several targets if the process has executed another program. */
static bool is_pid_shared(const struct mu_profile *p, const struct mu_target *t)
{
	size_t nr = 0;

	for (size_t i = 0; i < p->nr_targets; i++)
		nr += p->targets[i].target->pid == t->pid;
	return nr > 1;
}

/* Leaves the braces open for further labels. */
static void begin_series(FILE *out, const char *name, const struct mu_profile *p,
			 const struct mu_profile_target *target)
{
	const struct mu_target *t = target->target;

	fprintf(out, PREFIX "%s{pid=\"%" PRIu64 "\",comm=\"", name, t->pid);
	write_value(out, target->comm);
	putc('"', out);
	if (is_pid_shared(p, t))
		fprintf(out, ",target=\"%" PRIu64 "\"", t->id);
}

static void end_series(FILE *out, uint64_t value)
{
	fprintf(out, "} %" PRIu64 "\n", value);
}

static void begin_metric(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* === Stacks === */

static void select_largest(struct selected *s, const struct mu_profile *profile)
{
	const struct mu_profile_stack **largest = mu_profile_sort_stacks(profile);

	s->profile = profile;
	s->is_series = mu_zalloc((profile->nr_stacks + 1) * sizeof(*s->is_series));
	for (size_t i = 0; i < profile->nr_stacks && i < MAX_STACKS; i++)
		s->is_series[largest[i] - profile->stacks] = true;
	free(largest);
}

/* The innermost function, if there is one. */
static void write_function(FILE *out, const struct mu_profile *p, const struct mu_profile_stack *s)
{
	write_value(out, s->stack->nr_frames ? p->locations[s->locations[0]].functions[0].name :
					       "[no frames]");
}

static uint64_t number_of(const struct mu_stack *stack, bool is_bytes)
{
	return is_bytes ? stack->bytes : stack->count;
}

static void write_stacks_of(FILE *out, const char *name, const struct selected *s,
			    const struct mu_profile_target *t, bool is_bytes)
{
	bool has_other = false;
	uint64_t other = 0;

	for (size_t i = t->first_stack; i < t->first_stack + t->nr_stacks; i++) {
		const struct mu_profile_stack *stack = &s->profile->stacks[i];

		if (!s->is_series[i]) {
			has_other = true;
			other += number_of(stack->stack, is_bytes);
			continue;
		}
		begin_series(out, name, s->profile, t);
		fprintf(out, ",stack=\"%" PRIu64 "\",function=\"", stack->stack->id);
		write_function(out, s->profile, stack);
		putc('"', out);
		end_series(out, number_of(stack->stack, is_bytes));
	}
	if (!has_other)
		return;
	begin_series(out, name, s->profile, t);
	fputs(",stack=\"" OTHER "\",function=\"" OTHER "\"", out);
	end_series(out, other);
}

static void write_stacks(FILE *out, const struct mu_profile *p)
{
	struct selected s;

	select_largest(&s, p);
	begin_metric(out, "outstanding_bytes", "gauge",
		     "Bytes that were allocated and not freed, of the largest stacks.");
	for (size_t i = 0; i < p->nr_targets; i++)
		write_stacks_of(out, "outstanding_bytes", &s, &p->targets[i], true);
	begin_metric(out, "outstanding_blocks", "gauge",
		     "Allocations that were not freed, of the largest stacks.");
	for (size_t i = 0; i < p->nr_targets; i++)
		write_stacks_of(out, "outstanding_blocks", &s, &p->targets[i], false);
	free(s.is_series);
}

/* === Targets === */

static bool is_any_target(const struct mu_target *t)
{
	(void)t;
	return true;
}

static bool is_sampled(const struct mu_target *t)
{
	return t->sampling;
}

static bool has_events(const struct mu_target *t)
{
	return t->has_events;
}

static uint64_t bytes_of(const struct mu_target *t)
{
	return t->bytes;
}

static uint64_t blocks_of(const struct mu_target *t)
{
	return t->count;
}

static uint64_t error_bytes_of(const struct mu_target *t)
{
	return t->estimate.error.bytes;
}

static uint64_t error_blocks_of(const struct mu_target *t)
{
	return t->estimate.error.count;
}

static uint64_t seconds_of(const struct mu_target *t)
{
	return t->ms / MS_PER_SECOND;
}

static uint64_t allocated_of(const struct mu_target *t)
{
	return t->allocated;
}

static uint64_t freed_of(const struct mu_target *t)
{
	return t->freed;
}

/*
 * struct metric - a metric with one series for each target
 * @name: its name, without the prefix
 * @type: its type
 * @help: its meaning
 * @has: whether a target has it
 * @value: its value
 */
static const struct metric {
	const char *name;
	const char *type;
	const char *help;
	bool (*has)(const struct mu_target *t);
	uint64_t (*value)(const struct mu_target *t);
} metrics[] = {
	{ "target_outstanding_bytes", "gauge", "Bytes that were allocated and not freed.",
	  is_any_target, bytes_of },
	{ "target_outstanding_blocks", "gauge", "Allocations that were not freed.", is_any_target,
	  blocks_of },
	{ "target_error_bytes", "gauge", "Standard error of the bytes of a sampled process.",
	  is_sampled, error_bytes_of },
	{ "target_error_blocks", "gauge", "Standard error of the allocations of a sampled process.",
	  is_sampled, error_blocks_of },
	{ "target_traced_seconds", "gauge", "For how long the process has been traced.",
	  is_any_target, seconds_of },
	{ "allocated_total", "counter", "Allocations since the attach.", has_events, allocated_of },
	{ "freed_total", "counter", "Those of the allocations that were freed.", has_events,
	  freed_of },
};

static void write_metric(FILE *out, const struct metric *m, const struct mu_profile *p)
{
	begin_metric(out, m->name, m->type, m->help);
	for (size_t i = 0; i < p->nr_targets; i++) {
		if (!m->has(p->targets[i].target))
			continue;
		begin_series(out, m->name, p, &p->targets[i]);
		end_series(out, m->value(p->targets[i].target));
	}
}

/* === Losses === */

static void write_loss(FILE *out, const struct mu_profile *p, const struct mu_profile_target *t,
		       const char *reason, uint64_t value)
{
	char *text = mu_utf8_escape(reason);

	begin_series(out, "lost_total", p, t);
	fputs(",reason=\"", out);
	write_value(out, text);
	putc('"', out);
	end_series(out, value);
	free(text);
}

static bool is_known_reason(const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(loss_reasons); i++)
		if (!strcmp(loss_reasons[i], reason))
			return true;
	return false;
}

static uint64_t loss_by(const struct mu_target *t, const char *reason)
{
	for (size_t i = 0; i < t->nr_counts; i++) {
		const char *name = mu_count_loss(&t->counts[i]);

		if (name && !strcmp(name, reason))
			return t->counts[i].value;
	}
	return 0;
}

static void write_losses_of(FILE *out, const struct mu_profile *p,
			    const struct mu_profile_target *target)
{
	const struct mu_target *t = target->target;

	if (!t->has_events) {
		write_loss(out, p, target, "unknown", t->lost);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(loss_reasons); i++)
		write_loss(out, p, target, loss_reasons[i], loss_by(t, loss_reasons[i]));
	for (size_t i = 0; i < t->nr_counts; i++) { /* those of a later module */
		const char *reason = mu_count_loss(&t->counts[i]);

		if (reason && !is_known_reason(reason))
			write_loss(out, p, target, reason, t->counts[i].value);
	}
}

static void write_losses(FILE *out, const struct mu_profile *p)
{
	begin_metric(out, "lost_total", "counter", "Allocations that could not be recorded.");
	for (size_t i = 0; i < p->nr_targets; i++)
		write_losses_of(out, p, &p->targets[i]);
}

/**
 * mu_export_prometheus() - write a profile as metrics of Prometheus
 * @profile: the profile
 * @out: the stream
 *
 * Return: 0.
 */
int mu_export_prometheus(const struct mu_profile *profile, FILE *out)
{
	write_stacks(out, profile);
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		write_metric(out, &metrics[i], profile);
	write_losses(out, profile);
	return 0;
}
