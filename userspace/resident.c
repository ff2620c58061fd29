// SPDX-License-Identifier: GPL-2.0-only
/*
 * The growth of a process compared with that of its outstanding allocations.
 *
 * If both are far apart, the outstanding allocations do not explain the growth: there is an
 * allocator that is not traced, memory that is free and fragmented, or a pool that grew before it
 * is used. Depends on top_process.c and quantity.c.
 */
#include "resident.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "quantity.h"
#include "top_process.h"

/**
 * mu_resident_begin() - begin a comparison
 * @r: the comparison
 * @since: when it begins, for people
 * @proc: the directory of the process in /proc
 * @outstanding: outstanding bytes now
 */
void mu_resident_begin(struct mu_resident *r, const char *since, int proc, uint64_t outstanding)
{
	*r = (struct mu_resident){ .outstanding = outstanding };
	if (mu_top_process_memory(proc, &r->start))
		r->since = since;
}

/**
 * mu_resident_update() - read the memory of the process
 * @r: the comparison
 * @proc: the directory of the process in /proc
 *
 * It is not known once the process has exited.
 */
void mu_resident_update(struct mu_resident *r, int proc)
{
	r->is_known = r->since && mu_top_process_memory(proc, &r->now);
}

/**
 * mu_resident_add() - add the comparison of a process to that of several
 * @sum: that of several; begins with zeros
 * @r: that of the process; left out if its memory is not known
 */
void mu_resident_add(struct mu_resident *sum, const struct mu_resident *r)
{
	if (!r->is_known)
		return;
	if (!sum->is_known)
		sum->since = r->since;
	else if (strcmp(sum->since, r->since))
		sum->since = "attach or first table";
	sum->is_known = true;
	sum->start += r->start;
	sum->outstanding += r->outstanding;
	sum->now += r->now;
}

/* A percentage has a meaning only if both have grown. */
static void print_percentage(uint64_t resident, uint64_t outstanding)
{
	double percent = 100.0 * outstanding / resident;

	if (percent < 1000)
		printf(" (%.0f %%)", percent);
}

/**
 * mu_resident_print() - print how both have changed, on one line
 * @r: the comparison
 * @target: the target with what is outstanding now
 *
 * RSS +61 MiB since attach, outstanding +59 MiB (97 %)
 */
void mu_resident_print(const struct mu_resident *r, const struct mu_target *target)
{
	char resident[MU_SIZE_CHANGE_MAX], outstanding[MU_SIZE_CHANGE_MAX];

	if (!r->is_known)
		return;
	mu_format_size_change(resident, r->start, r->now);
	mu_format_size_change(outstanding, r->outstanding, target->bytes);
	printf("\tRSS %s since %s, outstanding %s%s", resident, r->since,
	       target->sampling ? "about " : "", outstanding);
	if (r->now > r->start && target->bytes >= r->outstanding)
		print_percentage(r->now - r->start, target->bytes - r->outstanding);
	putchar('\n');
}
