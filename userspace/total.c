// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a table: why it is empty, what was lost, what cannot be traced, and the sums.
 *
 * All counters come from the events line of the report and are consistent with each other. Less is
 * printed for an older module without an events line. Depends on print.c, resident.c and
 * top_format.c.
 */
#include "total.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "top_format.h"

static uint64_t find_count(const struct mu_target *t, const char *name)
{
	for (size_t i = 0; i < t->nr_counts; i++)
		if (!strcmp(t->counts[i].name, name))
			return t->counts[i].value;
	return 0;
}

/* Count the recorded allocations that age and size filters exclude from the report. */
static uint64_t count_hidden(const struct mu_target *t)
{
	uint64_t made = t->allocated + find_count(t, "split");
	uint64_t outstanding = made > t->freed ? made - t->freed : 0;
	uint64_t shown = t->sampling ? t->estimate.samples : t->count;

	return outstanding > shown ? outstanding - shown : 0;
}

static void print_hidden(const struct mu_total *total, uint64_t hidden)
{
	const struct mu_filter *f = total->filter;

	printf("\tempty: the %" PRIu64 " outstanding allocations are ", hidden);
	if (f && f->older)
		printf("younger than %" PRIu64 " ms (-o 0 shows them)\n", f->older);
	else
		puts("excluded by age or size");
}

/* Distinguishes an idle process, one that frees everything, and one that is filtered. */
static void print_empty(const struct mu_total *total, const struct mu_target *t)
{
	uint64_t hidden = count_hidden(t);

	if (!t->has_events)
		return;
	if (hidden)
		print_hidden(total, hidden);
	else if (t->allocated)
		printf("\tempty: all %" PRIu64 " recorded allocations have been freed\n",
		       t->allocated);
	else if (t->lost)
		puts("\tempty: every allocation was lost");
	else if (find_count(t, "frozen"))
		printf("\tempty: all %" PRIu64 " allocations were made after the freeze\n",
		       find_count(t, "frozen"));
	else if (find_count(t, "unsampled"))
		printf("\tempty: none of %" PRIu64 " allocations was in the sample\n",
		       find_count(t, "unsampled"));
	else if (find_count(t, "filtered"))
		printf("\tempty: all %" PRIu64 " allocations were outside of -z and -Z\n",
		       find_count(t, "filtered"));
	else
		puts("\tempty: nothing was allocated, or only in ways that are not traced");
}

static void print_limit(uint64_t limit)
{
	uint64_t mib = limit >> 20;

	if (mib)
		printf("max_memory of the module, now %" PRIu64
		       " MiB: rmmod memleak_user; modprobe memleak_user max_memory=%" PRIu64 "\n",
		       mib, mib * 2);
	else
		puts("max_memory of the module: modprobe memleak_user max_memory=MIB");
}

/* Return: the meaning of a counter of docs/ABI, or its name if it is not known. */
static const char *loss_reason(const char *name)
{
	static const char *const words[][2] = {
		{ "lost_memory", "the machine was short of memory; no parameter helps" },
		{ "lost_busy", "the module's table of stacks was being resized" },
		{ "lost_inflight", "calls nested too deeply, or whose return may not be probed" },
		{ "lost_fault", "the address of the block could not be read" },
		{ "lost_split", "parts of mappings that were unmapped in parts too fast" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(name, words[i][0]))
			return words[i][1];
	return name;
}

static void print_loss(const struct mu_total *total, const struct mu_count *loss)
{
	printf("\t\t%" PRIu64 ": ", loss->value);
	if (!strcmp(loss->name, "lost_limit"))
		print_limit(total->limit);
	else
		puts(loss_reason(loss->name));
}

static void print_lost(const struct mu_total *total, const struct mu_target *t)
{
	if (!t->lost)
		return;
	printf("\t%" PRIu64 " allocations were lost%s\n", t->lost, t->has_events ? ":" : "");
	for (size_t i = 0; i < t->nr_counts; i++)
		if (mu_count_loss(&t->counts[i]))
			print_loss(total, &t->counts[i]);
}

/* The totals of the target include the stacks that are left out. */
static void print_left_out(const struct mu_left_out *out)
{
	if (out->nr)
		printf("\tleft out (--ignore): %" PRIu64 " bytes in %" PRIu64
		       " allocations from %zu stack%s\n",
		       out->amount.bytes, out->amount.count, out->nr, out->nr == 1 ? "" : "s");
}

static void print_change_of_total(const struct mu_target *t)
{
	const struct mu_amount now = { .bytes = t->bytes, .count = t->count };
	char ago[MU_TOP_TEXT_MAX];

	if (!t->has_start)
		return;
	fputs("\tall stacks: ", stdout);
	mu_print_change(t, &(struct mu_change){ t->last, now },
			&(struct mu_change){ t->start, now });
	if (t->has_mark) {
		mu_top_format_time(ago, t->mark_ms);
		printf(" (%s ago)", ago);
	}
	putchar('\n');
}

static void print_frozen(const struct mu_total *total, const struct mu_target *t)
{
	char ago[MU_TOP_TEXT_MAX];

	mu_top_format_time(ago, t->frozen_ms);
	if (t->is_frozen)
		printf("\tfrozen %s ago: what was allocated before and has not been freed since\n",
		       ago);
	else if (total->freeze)
		puts("\tnot frozen (--freeze): blocks that are in use are shown, too");
}

static void print_sampling(const struct mu_target *t)
{
	const struct mu_estimate *e = &t->estimate;

	if (!t->sampling)
		return;
	printf("\testimates: with %s, these are made of %" PRIu64 " recorded allocations\n",
	       t->sampling, e->samples);
	printf("\tstandard error of the total: %" PRIu64 " bytes in %" PRIu64 " allocations\n",
	       e->error.bytes, e->error.count);
}

/* With -z and other filters of the tool's own the amount is that of the report, too. */
static void print_mapped(const struct mu_target *t)
{
	if (t->has_mapped)
		printf("\tmapped: %" PRIu64 " bytes of address space in %" PRIu64
		       " allocations, of which less may be resident\n",
		       t->mapped.bytes, t->mapped.count);
}

/* The command clear resets the counters. */
static void print_since(const struct mu_target *t, struct mu_since *since)
{
	const char *when = since->has_table ? "the last table" : "the attach";

	if (t->allocated < since->allocated || t->freed < since->freed) {
		*since = (struct mu_since){};
		when = "it was cleared";
	}
	printf(", %" PRIu64 " %s and %" PRIu64 " freed since %s", t->allocated - since->allocated,
	       t->sampling ? "recorded" : "allocated", t->freed - since->freed, when);
	*since = (struct mu_since){ .has_table = true,
				    .allocated = t->allocated,
				    .freed = t->freed };
}

/* Count the stacks with allocations, as a filter may leave some without. */
static size_t count_stacks(const struct mu_target *t)
{
	size_t nr = 0;

	for (size_t i = 0; i < t->nr_stacks; i++)
		nr += t->stacks[i].count != 0;
	return nr;
}

/**
 * mu_print_total() - print the end of a table
 * @total: how the table was printed
 * @t: the target
 * @since: counters at the last table; updated
 *
 * The last line begins with "total: ".
 */
void mu_print_total(const struct mu_total *total, const struct mu_target *t, struct mu_since *since)
{
	size_t stacks = count_stacks(t);
	size_t shown = stacks < total->view->top ? stacks : total->view->top;

	if (!stacks && !t->left_out.nr)
		print_empty(total, t);
	print_left_out(&t->left_out);
	print_lost(total, t);
	for (size_t i = 0; i < t->nr_unseen; i++)
		printf("\tnot seen: %s\n", t->unseen[i]);
	print_frozen(total, t);
	print_sampling(t);
	print_mapped(t);
	print_change_of_total(t);
	if (total->resident)
		mu_resident_print(total->resident, t);
	printf("\ttotal: %" PRIu64 " bytes in %" PRIu64 " allocations, %zu of %zu %s shown",
	       t->bytes, t->count, shown, stacks,
	       total->view->group == MU_GROUP_STACK ? "stacks" : "groups");
	if (t->has_events)
		print_since(t, since);
	printf(", %" PRIu64 " lost\n", t->lost);
}
