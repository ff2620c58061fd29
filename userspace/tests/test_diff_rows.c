// SPDX-License-Identifier: GPL-2.0-only
/* Comparing the stacks of two reports. test_cli has the output. */
#include <stdint.h>
#include <stdlib.h>

#include "diff_rows.h"
#include "mem.h"
#include "tap.h"

#define STACK(name, size, number)                                         \
	{                                                                 \
		.key = (char *)(name), .bytes = (size), .count = (number) \
	}

static struct mu_stack old_stacks[] = {
	STACK("same", 50, 5), STACK("grown", 100, 1), STACK("fewer", 10, 2),
	STACK("gone", 70, 7), STACK("twice", 10, 1),
};

static struct mu_stack old_too[] = { STACK("twice", 20, 2) };

static struct mu_stack new_stacks[] = {
	STACK("twice", 25, 2), STACK("new", 8, 1),    STACK("grown", 150, 2),
	STACK("same", 50, 5),  STACK("fewer", 10, 1),
};

static struct mu_target old_targets[] = {
	{ .stacks = old_stacks, .nr_stacks = 5 },
	{ .stacks = old_too, .nr_stacks = 1 },
};

static struct mu_target new_target = { .stacks = new_stacks, .nr_stacks = 5 };
static const struct mu_report old_report = { .targets = old_targets, .nr_targets = 2 };
static const struct mu_report new_report = { .targets = &new_target, .nr_targets = 1 };

static struct mu_diff_rows compare_reports(const struct mu_report *old, const struct mu_report *new)
{
	struct mu_diff_rows rows = {};

	mu_diff_rows_add(&rows, MU_OLD, old);
	mu_diff_rows_add(&rows, MU_NEW, new);
	mu_diff_rows_finish(&rows);
	return rows;
}

static void test_compare(void)
{
	static const char *const order[] = { "gone", "twice", "fewer", "same", "new", "grown" };
	struct mu_diff_rows r = compare_reports(&old_report, &new_report);

	is_number(r.nr, 6, "equal stacks are one row");
	for (size_t i = 0; i < r.nr && i < 6; i++)
		is_text(r.rows[i].key, order[i], "rows are sorted by change, the growth last");
	tap_ok(r.by_fate[MU_IS_NEW] == 1 && r.by_fate[MU_HAS_GROWN] == 1 &&
		       r.by_fate[MU_HAS_SHRUNK] == 2 && r.by_fate[MU_IS_GONE] == 1 &&
		       r.by_fate[MU_UNCHANGED] == 1,
	       "and counted");
	tap_ok(r.rows[1].change.from.bytes == 30 && r.rows[1].change.to.bytes == 25,
	       "the stacks of several targets are added up");
	tap_ok(r.rows[5].stack == &new_stacks[2], "the stack of the new report is shown");
	tap_ok(r.rows[0].stack == &old_stacks[3], "of the old one if that is gone");
	free(r.rows);
}

static void test_estimates(void)
{
	struct mu_stack old[] = { STACK("a", 10, 1) }, new[] = { STACK("a", 20, 2) };
	struct mu_target old_one = { .stacks = old, .nr_stacks = 1 };
	struct mu_target new_one = { .stacks = new, .nr_stacks = 1 };
	const struct mu_report first = { .targets = &old_one, .nr_targets = 1 };
	const struct mu_report second = { .targets = &new_one, .nr_targets = 1 };
	struct mu_diff_rows r;

	old[0].estimate = (struct mu_estimate){ .is_set = true, .error = { 3, 0 } };
	new[0].estimate = (struct mu_estimate){ .is_set = true, .error = { 4, 1 } };
	r = compare_reports(&first, &second);
	tap_ok(r.rows[0].is_estimate && r.rows[0].error.bytes == 5 && r.rows[0].error.count == 1,
	       "the errors of both reports are combined");
	free(r.rows);
}

static void test_empty(void)
{
	static const struct mu_report none;
	struct mu_diff_rows r = compare_reports(&none, &none);

	is_number(r.nr, 0, "reports without targets have no rows");
	r = compare_reports(&none, &new_report);
	is_number(r.by_fate[MU_IS_NEW], 5, "all stacks are new if the old report has none");
	free(r.rows);
}

int main(void)
{
	test_compare();
	test_estimates();
	test_empty();
	return done_testing();
}
