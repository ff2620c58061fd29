// SPDX-License-Identifier: GPL-2.0-only
/* Amounts and their changes, and how the rows of tables have changed. */
#include <stdint.h>
#include <stdlib.h>

#include "growth.h"
#include "mem.h"
#include "tap.h"

static void check_change(uint64_t from_bytes, uint64_t from, uint64_t to_bytes, uint64_t to,
			 const char *wanted)
{
	const struct mu_change change = { { from_bytes, from }, { to_bytes, to } };
	char text[MU_CHANGE_MAX];

	mu_format_change(text, &change);
	is_text(text, wanted, "a change is printed with the signs of its numbers");
}

static void test_format(void)
{
	check_change(0, 0, 8192, 1, "+8192 in 1");
	check_change(8192, 1, 0, 0, "-8192 in -1");
	check_change(5, 5, 5, 5, "+0 in 0");
	check_change(100, 9, 200, 2, "+100 in -7");
	check_change(UINT64_MAX, 0, 0, UINT64_MAX, "-18446744073709551615 in 18446744073709551615");
}

static void test_amounts(void)
{
	const struct mu_change most = { { 0, 0 }, { UINT64_MAX, 0 } };
	const struct mu_change least = { { UINT64_MAX, 0 }, { 0, 0 } };
	const struct mu_change more = { { 5, 1 }, { 5, 2 } };
	struct mu_amount sum = { UINT64_MAX - 1, 7 };
	struct mu_amount error;

	mu_amount_add(&sum, (struct mu_amount){ 5, 1 });
	tap_ok(sum.bytes == UINT64_MAX && sum.count == 8, "a sum that does not fit is limited");
	tap_ok(mu_change_compare(&most, &least) > 0 && mu_change_compare(&least, &most) < 0,
	       "the largest changes are compared right");
	tap_ok(mu_change_sign(&most) == 1 && mu_change_sign(&least) == -1,
	       "a change has the sign of its bytes");
	is_number(mu_change_sign(&more), 1, "or of its allocations if the bytes are the same");
	error = mu_amount_combine_errors((struct mu_amount){ 3, 0 }, (struct mu_amount){ 4, 9 });
	tap_ok(error.bytes == 5 && error.count == 9, "standard errors are combined by squares");
	error = mu_amount_combine_errors((struct mu_amount){ 1000000, 1 },
					 (struct mu_amount){ 1, 1 });
	tap_ok(error.bytes == 1000000 && error.count == 1, "and rounded to the nearest");
	error = mu_amount_combine_errors((struct mu_amount){ UINT64_MAX, 1 },
					 (struct mu_amount){ UINT64_MAX, 0 });
	is_number(error.bytes, UINT64_MAX, "one that does not fit is limited");
}

#define STACK(n, size)                                       \
	{                                                    \
		.id = n, .bytes = size, .count = (size) / 10 \
	}

/* Show a table of up to two stacks. Return: the target, whose stacks are changed. */
static struct mu_target *show_table(struct mu_history *history, struct mu_stack *stacks, size_t nr,
				    uint64_t allocated)
{
	static struct mu_target t;

	t = (struct mu_target){ .stacks = stacks, .nr_stacks = nr, .allocated = allocated };
	for (size_t i = 0; i < nr; i++) {
		t.bytes += stacks[i].bytes;
		t.count += stacks[i].count;
	}
	mu_growth_update(history, &t);
	return &t;
}

static void test_tables(void)
{
	struct mu_stack first[] = { STACK(7, 100), STACK(3, 50) };
	struct mu_stack second[] = { STACK(3, 60), STACK(9, 30) };
	struct mu_stack third[] = { STACK(9, 20), STACK(7, 200) };
	struct mu_history history = {};
	struct mu_target *t = show_table(&history, first, 2, 15);

	tap_ok(!t->has_last && !t->has_start, "the first table has no growth");
	t = show_table(&history, second, 2, 20);
	tap_ok(t->has_last && t->has_start && t->last.bytes == 150 && t->start.count == 15,
	       "the total of the next table is compared with the first one");
	tap_ok(second[0].last.bytes == 50 && second[0].start.bytes == 50,
	       "a stack is found by its id");
	is_number(second[1].last.bytes, 0, "a stack that is new had nothing");
	t = show_table(&history, third, 2, 40);
	tap_ok(t->last.bytes == 90 && t->start.bytes == 150, "the start stays the first table");
	tap_ok(third[0].last.bytes == 30 && third[0].start.bytes == 0,
	       "a stack that was new is compared with the last table");
	tap_ok(third[1].last.bytes == 0 && third[1].start.bytes == 100,
	       "one that was away, with the first");
	t = show_table(&history, third, 2, 39);
	tap_ok(!t->has_last && !t->has_start, "after a clear all begins anew");
	t = show_table(&history, NULL, 0, 39);
	tap_ok(t->has_last && t->last.bytes == 220, "a table may be empty");
	mu_history_free(&history);
}

static void test_mark(void)
{
	struct mu_stack stack = STACK(7, 100);
	struct mu_target t = { .stacks = &stack, .nr_stacks = 1, .bytes = 100, .count = 10 };
	struct mu_history history = {};

	t.has_mark = true;
	stack.has_mark = true;
	t.marked = (struct mu_amount){ 30, 3 };
	stack.marked = t.marked;
	mu_growth_update(&history, &t);
	tap_ok(!t.has_last && t.has_start && t.start.bytes == 30 && stack.start.bytes == 30,
	       "the start is the mark, also in the first table");
	t.marked = (struct mu_amount){ 90, 9 };
	stack.marked = t.marked;
	mu_growth_update(&history, &t);
	tap_ok(t.has_last && t.last.bytes == 100 && stack.start.bytes == 90,
	       "it changes if the target is marked again");
	mu_history_free(&history);
}

static void test_groups(void)
{
	struct mu_stack first = { .id = 1, .bytes = 10, .count = 1, .key = (char *)"heap\nf" };
	struct mu_stack second = { .id = 2, .bytes = 30, .count = 3, .key = (char *)"heap\nf" };
	struct mu_history history = {};

	show_table(&history, &first, 1, 1);
	show_table(&history, &second, 1, 2);
	is_number(second.start.bytes, 10,
		  "a group is found by its key, whichever stack is largest");
	mu_history_free(&history);
}

static void check_order(enum mu_sort sort, const char *wanted, const char *claim)
{
	struct mu_stack stacks[] = { STACK(1, 1000), STACK(2, 500), STACK(3, 500), STACK(4, 10) };
	struct mu_target t = { .stacks = stacks, .nr_stacks = 4 };
	char order[8] = "";

	stacks[0].start = (struct mu_amount){ 2000, 200 };
	stacks[0].last = stacks[0].start;
	stacks[1].start = (struct mu_amount){ 400, 40 };
	stacks[1].last = (struct mu_amount){ 450, 45 };
	stacks[2].start = (struct mu_amount){ 400, 40 };
	stacks[2].last = (struct mu_amount){ 440, 44 };
	mu_report_sort(&t, sort);
	for (size_t i = 0; i < 4; i++)
		order[i] = '0' + stacks[i].id;
	is_text(order, wanted, claim);
}

static void test_sort(void)
{
	check_order(MU_SORT_GROWTH, "1423",
		    "stacks are sorted by change since the start, "
		    "then since the last table");
	check_order(MU_SORT_SIZE, "4321", "by size, changes do not matter");
}

int main(void)
{
	test_format();
	test_amounts();
	test_tables();
	test_mark();
	test_groups();
	test_sort();
	return done_testing();
}
