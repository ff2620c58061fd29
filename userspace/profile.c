// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profile that exporters write: targets and stacks of reports, with resolved frames.
 *
 * Numbers stay in the targets of the report, which must outlive the profile. Depends on
 * profile_code.c, report.c and utf8.c.
 */
#include "profile.h"

#include <stdlib.h>

#include "mem.h"
#include "profile_code.h"
#include "utf8.h"

/**
 * mu_profile_new() - create a profile without targets
 * @time_ns: when the report was made, in nanoseconds since 1970
 *
 * Return: the profile, to be freed.
 */
struct mu_profile *mu_profile_new(uint64_t time_ns)
{
	struct mu_profile *profile = mu_zalloc(sizeof(*profile));

	profile->time_ns = time_ns;
	return profile;
}

static const char *end_of(const struct mu_stack *stack)
{
	const char *note = stack->nr_frames ? stack->frames[stack->nr_frames - 1].note : NULL;

	return note ? note : "";
}

static void add_stack(struct mu_profile *p, size_t target, const struct mu_stack *stack,
		      struct mu_symbolizer *sym)
{
	struct mu_profile_stack s = {
		.stack = stack,
		.target = target,
		.locations = mu_zalloc(stack->nr_frames * sizeof(*s.locations)),
		.end = end_of(stack),
	};

	for (size_t i = 0; i < stack->nr_frames; i++)
		s.locations[i] = mu_profile_locate(p, p->targets[target].target, &stack->frames[i],
						   sym);
	p->stacks = mu_grow(p->stacks, p->nr_stacks, &p->stacks_capacity, sizeof(s));
	p->stacks[p->nr_stacks++] = s;
}

/**
 * mu_profile_add() - add a target, and look up the names of its frames
 * @profile: the profile
 * @target: the target; its stacks are sorted, and it must outlive the profile
 * @sym: the symbolizer, in which the mappings of @target are known
 *
 * Stacks without outstanding allocations are left out.
 */
void mu_profile_add(struct mu_profile *profile, struct mu_target *target, struct mu_symbolizer *sym)
{
	struct mu_profile_target t = {
		.target = target,
		.comm = mu_utf8_reescape(target->comm),
		.first_stack = profile->nr_stacks,
	};
	size_t index = profile->nr_targets++;

	mu_report_sort(target, MU_SORT_SIZE);
	profile->targets = mu_grow(profile->targets, index, &profile->targets_capacity, sizeof(t));
	profile->targets[index] = t;
	for (size_t i = target->nr_stacks; i-- > 0;)
		if (target->stacks[i].count)
			add_stack(profile, index, &target->stacks[i], sym);
	profile->targets[index].nr_stacks = profile->nr_stacks - t.first_stack;
}

/**
 * mu_profile_free() - free a profile
 * @profile: the profile; may be NULL
 */
void mu_profile_free(struct mu_profile *profile)
{
	if (!profile)
		return;
	mu_profile_code_free(profile);
	for (size_t i = 0; i < profile->nr_stacks; i++)
		free(profile->stacks[i].locations);
	for (size_t i = 0; i < profile->nr_targets; i++)
		free(profile->targets[i].comm);
	free(profile->stacks);
	free(profile->targets);
	free(profile);
}

/**
 * mu_profile_lookup_address() - get the address that names and lines of a location are looked up by
 * @location: the location
 *
 * A return address is behind its call, which may be the last instruction of its function.
 *
 * Return: an address in the instruction that was executed.
 */
uint64_t mu_profile_lookup_address(const struct mu_profile_location *location)
{
	return location->address && !location->interrupted ? location->address - 1 :
							     location->address;
}
