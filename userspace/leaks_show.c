// SPDX-License-Identifier: GPL-2.0-only
/*
 * Printing lost blocks by stack, the sums in valgrind's words, and what weakens the verdicts.
 *
 * Depends on leaks.c for the verdicts, on rows.c to count blocks by stack, and on print.c.
 */
#include "leaks_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"
#include "rows.h"

#define NS_PER_MS 1000000ULL

struct sum {
	uint64_t bytes;
	uint64_t blocks;
};

/* Return: true if a block has a verdict that is to be shown. */
static bool has_verdict(const struct mu_leaks *l, size_t block, enum mu_verdict verdict)
{
	if (l->search->verdict[block] != verdict)
		return false;
	return !mu_leaks_is_undecided(l, block);
}

static struct sum count_verdict(const struct mu_leaks *l, enum mu_verdict verdict)
{
	struct sum sum = {};

	for (size_t i = 0; i < l->blocks->nr; i++) {
		if (!has_verdict(l, i, verdict))
			continue;
		sum.bytes += l->blocks->at[i].size;
		sum.blocks++;
	}
	return sum;
}

static struct sum count_undecided(const struct mu_leaks *l)
{
	struct sum sum = {};

	for (size_t i = 0; i < l->blocks->nr; i++) {
		if (!mu_leaks_is_undecided(l, i))
			continue;
		sum.bytes += l->blocks->at[i].size;
		sum.blocks++;
	}
	return sum;
}

static void add_row(struct mu_allocations *rows, const struct mu_leaks *l, size_t block)
{
	const struct mu_block *b = &l->blocks->at[block];

	rows->rows = mu_grow(rows->rows, rows->nr, &rows->capacity, sizeof(*rows->rows));
	rows->rows[rows->nr++] = (struct mu_allocation){
		.address = b->address,
		.size = b->size,
		.age_ms = (l->now_ns - b->time_ns) / NS_PER_MS,
		.stack = b->stack,
	};
}

static void show_verdict(const struct mu_leaks *l, const struct mu_view *view,
			 struct mu_target *target, struct mu_symbolizer *sym,
			 enum mu_verdict verdict, const char *text)
{
	struct sum sum = count_verdict(l, verdict);
	struct mu_allocations rows = {};

	if (!sum.blocks)
		return;
	for (size_t i = 0; i < l->blocks->nr; i++)
		if (has_verdict(l, i, verdict))
			add_row(&rows, l, i);
	mu_allocations_regroup(&rows, target);
	mu_print_prepare(view, target, sym);
	printf("%" PRIu64 " bytes in %" PRIu64 " blocks are %s:\n", sum.bytes, sum.blocks, text);
	mu_print_stacks(view, target, sym);
	free(rows.rows);
}

/**
 * mu_leaks_show() - print the lost blocks by stack
 * @l: the search, after both stops
 * @view: how tables are printed
 * @target: the report; its stacks are counted anew
 * @sym: the symbolizer
 */
void mu_leaks_show(const struct mu_leaks *l, const struct mu_view *view, struct mu_target *target,
		   struct mu_symbolizer *sym)
{
	show_verdict(l, view, target, sym, MU_POSSIBLE, "possibly lost");
	show_verdict(l, view, target, sym, MU_INDIRECT, "indirectly lost");
	show_verdict(l, view, target, sym, MU_DEFINITE, "definitely lost");
}

static void print_sum(const char *name, struct sum sum, const char *note)
{
	printf("\t%s: %" PRIu64 " bytes in %" PRIu64 " blocks%s\n", name, sum.bytes, sum.blocks,
	       note);
}

static void print_weakness(const struct mu_leaks *l)
{
	uint64_t unread = mu_ranges_bytes(&l->unread);

	if (unread)
		printf("\tnot searched: %" PRIu64
		       " bytes that cannot be read: a block that only they "
		       "refer to is shown as lost\n",
		       unread);
	if (l->absent)
		printf("\tnot searched: %" PRIu64
		       " KiB of shared mappings that the process has not "
		       "used, or that are swapped\n",
		       l->absent >> 10);
	if (l->is_kernel_unread)
		puts("\tnot searched: what the kernel keeps for epoll or timers could not be read");
	if (l->overlapping)
		printf("\tnot judged: %zu blocks that overlap others, as a free was missed\n",
		       l->overlapping);
}

/**
 * mu_leaks_show_sums() - print the sums and what weakens the verdicts
 * @l: the search, after both stops
 */
void mu_leaks_show_sums(const struct mu_leaks *l)
{
	struct sum undecided = count_undecided(l);

	print_sum("definitely lost", count_verdict(l, MU_DEFINITE), "");
	print_sum("indirectly lost", count_verdict(l, MU_INDIRECT), "");
	print_sum("possibly lost", count_verdict(l, MU_POSSIBLE), "");
	print_sum("still reachable", count_verdict(l, MU_REACHABLE), "");
	if (undecided.blocks)
		print_sum("not decided", undecided,
			  ", too young or unreachable at one of the stops only");
	print_weakness(l);
	printf("\tsearched: %.1f MiB, %.1f MiB of them in stops of %.1f ms and %.1f ms\n",
	       l->searched / 1048576.0, l->in_stop / 1048576.0, l->stopped_ns[0] / 1e6,
	       l->stopped_ns[1] / 1e6);
}
