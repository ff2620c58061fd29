// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of a page: the stacks of all targets, the largest first.
 *
 * A deep stack shows its innermost functions, and all of them when it is opened. The last row adds
 * up the stacks that are beyond MAX_ROWS. Depends on profile.c, amount.c and export_markup.c.
 */
#include "export_html_table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "amount.h"
#include "export_markup.h"
#include "mem.h"

#define MAX_ROWS 500
#define SHOWN_FRAMES 3
#define MS_PER_SECOND 1000.0

/* The columns that only some profiles have. */
struct table {
	const struct mu_profile *p;
	bool has_growth;
	bool has_processes;
	struct mu_amount sum;
};

static struct table table_of(const struct mu_profile *p)
{
	struct table t = { .p = p, .has_processes = p->nr_targets > 1 };

	for (size_t i = 0; i < p->nr_targets; i++)
		t.has_growth |= p->targets[i].target->has_start;
	for (size_t i = 0; i < p->nr_stacks; i++)
		mu_amount_add(&t.sum, (struct mu_amount){ p->stacks[i].stack->bytes,
							  p->stacks[i].stack->count });
	return t;
}

/* === Stacks === */

static void write_function(FILE *out, const struct mu_profile *p,
			   const struct mu_profile_location *l, size_t index)
{
	const struct mu_profile_function *f = &l->functions[index];

	mu_markup_text(out, f->name);
	fputs(" <span class=\"where\">", out);
	mu_markup_text(out, p->objects[l->object].name);
	if (f->file) {
		putc(' ', out);
		mu_markup_text(out, f->file);
		fprintf(out, ":%" PRIu64, f->line);
	}
	fputs(f->is_inlined ? " (inlined)</span>" : "</span>", out);
}

static void write_functions(FILE *out, const struct mu_profile *p, const struct mu_profile_stack *s)
{
	const char *reason = mu_profile_early_end(s);

	fputs("<ol>", out);
	for (size_t i = 0; i < s->stack->nr_frames; i++) {
		const struct mu_profile_location *l = &p->locations[s->locations[i]];

		for (size_t j = 0; j < l->nr_functions; j++) {
			fputs("<li>", out);
			write_function(out, p, l, j);
			fputs("</li>", out);
		}
	}
	if (reason) {
		fputs("<li>[", out);
		mu_markup_text(out, reason);
		fputs("]</li>", out);
	}
	fputs("</ol>", out);
}

static void write_summary(FILE *out, const struct mu_profile *p, const struct mu_profile_stack *s)
{
	fputs("<summary>", out);
	for (size_t i = 0; i < SHOWN_FRAMES; i++) {
		const struct mu_profile_location *l = &p->locations[s->locations[i]];

		fputs(i ? " &lt; " : "", out);
		mu_markup_text(out, l->functions[0].name);
	}
	fprintf(out, " &lt; %zu more</summary>", s->stack->nr_frames - SHOWN_FRAMES);
}

static void write_frames(FILE *out, const struct mu_profile *p, const struct mu_profile_stack *s)
{
	bool is_deep = s->stack->nr_frames > SHOWN_FRAMES;

	if (!s->stack->nr_frames) {
		fputs("<td class=\"stack\">no frames</td>", out);
		return;
	}
	fputs("<td class=\"stack\">", out);
	if (is_deep) {
		fputs("<details>", out);
		write_summary(out, p, s);
	}
	write_functions(out, p, s);
	fputs(is_deep ? "</details></td>" : "</td>", out);
}

/* === Rows === */

static void write_number(FILE *out, const char *number)
{
	fprintf(out, "<td class=\"number\">%s</td>", number);
}

static void write_amount(FILE *out, const struct table *t, struct mu_amount amount)
{
	double share = t->sum.bytes ? 100.0 * (double)amount.bytes / (double)t->sum.bytes : 0;

	write_number(out, mu_digits(amount.bytes).text);
	fprintf(out, "<td class=\"number\">%.2f%%</td>", share);
	write_number(out, mu_digits(amount.count).text);
}

static void write_process(FILE *out, const struct mu_profile_target *target)
{
	fputs("<td>", out);
	mu_markup_text(out, target->comm);
	fprintf(out, " (%" PRIu64 ")</td>", target->target->pid);
}

static void write_row(FILE *out, const struct table *t, const struct mu_profile_stack *s)
{
	const struct mu_profile_target *target = &t->p->targets[s->target];
	const struct mu_stack *stack = s->stack;

	fputs("<tr>", out);
	write_amount(out, t, (struct mu_amount){ stack->bytes, stack->count });
	if (t->has_growth)
		write_number(out, target->target->has_start ?
					  mu_signed_digits(stack->bytes, stack->start.bytes).text :
					  "");
	fprintf(out, "<td class=\"number\">%.1f s</td><td>",
		(double)stack->age_max / MS_PER_SECOND);
	mu_markup_bytes(out, stack->kind);
	fputs("</td>", out);
	if (t->has_processes)
		write_process(out, target);
	write_frames(out, t->p, s);
	fputs("</tr>\n", out);
}

static void write_rest(FILE *out, const struct table *t, size_t nr, struct mu_amount rest)
{
	int columns = 2 + t->has_growth + t->has_processes;

	fputs("<tr>", out);
	write_amount(out, t, rest);
	fprintf(out, "<td colspan=\"%d\"></td><td class=\"stack\">%zu smaller stacks</td></tr>\n",
		columns, nr);
}

static void write_rows(FILE *out, const struct table *t)
{
	const struct mu_profile_stack **stacks = mu_profile_sort_stacks(t->p);
	struct mu_amount rest = {};

	for (size_t i = 0; i < t->p->nr_stacks; i++)
		if (i < MAX_ROWS)
			write_row(out, t, stacks[i]);
		else
			mu_amount_add(&rest, (struct mu_amount){ stacks[i]->stack->bytes,
								 stacks[i]->stack->count });
	if (t->p->nr_stacks > MAX_ROWS)
		write_rest(out, t, t->p->nr_stacks - MAX_ROWS, rest);
	free(stacks);
}

/**
 * mu_html_table() - write the stacks of a profile as a table
 * @out: the stream
 * @profile: the profile
 */
void mu_html_table(FILE *out, const struct mu_profile *profile)
{
	const struct table t = table_of(profile);

	fputs("<h2>Stacks</h2>\n", out);
	if (!profile->nr_stacks) {
		fputs("<p>Nothing is outstanding.</p>\n", out);
		return;
	}
	fputs("<table>\n<thead><tr><th class=\"number\">bytes</th><th class=\"number\">share</th>"
	      "<th class=\"number\">blocks</th>",
	      out);
	fputs(t.has_growth ? "<th class=\"number\">growth</th>" : "", out);
	fputs("<th class=\"number\">oldest</th><th>kind</th>", out);
	fputs(t.has_processes ? "<th>process</th>" : "", out);
	fputs("<th>stack, innermost function first</th></tr></thead>\n<tbody>\n", out);
	write_rows(out, &t);
	fputs("</tbody>\n</table>\n", out);
}
