// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profile that exporters write: targets and stacks of reports, with resolved frames.
 *
 * Numbers stay in the targets of the report, which must outlive the profile. Depends on
 * profile_code.c, report.c and utf8.c.
 */
#include "profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

static char *end_of(const struct mu_stack *stack)
{
	const char *note = stack->nr_frames ? stack->frames[stack->nr_frames - 1].note : NULL;

	return mu_utf8_escape(note ? note : "");
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
	for (size_t i = 0; i < profile->nr_stacks; i++) {
		free(profile->stacks[i].locations);
		free(profile->stacks[i].end);
	}
	for (size_t i = 0; i < profile->nr_targets; i++)
		free(profile->targets[i].comm);
	free(profile->stacks);
	free(profile->targets);
	free(profile);
}

/**
 * mu_profile_early_end() - get the reason why frames of a stack are not known
 * @stack: the stack
 *
 * Return: the reason, NULL if the walk reached the outermost frame, or if there is no frame.
 */
const char *mu_profile_early_end(const struct mu_profile_stack *stack)
{
	return *stack->end && strcmp(stack->end, "end") ? stack->end : NULL;
}

/**
 * mu_profile_process_name() - name a process so that it differs from others with its comm
 * @target: the process
 *
 * Return: the name, to be freed.
 */
char *mu_profile_process_name(const struct mu_profile_target *target)
{
	return mu_format("%s (pid %" PRIu64 ")", target->comm, target->target->pid);
}

/**
 * mu_profile_longest_ms() - get for how long the processes were traced, the longest of all
 * @profile: the profile
 *
 * Return: the time in milliseconds.
 */
uint64_t mu_profile_longest_ms(const struct mu_profile *profile)
{
	uint64_t ms = 0;

	for (size_t i = 0; i < profile->nr_targets; i++)
		if (profile->targets[i].target->ms > ms)
			ms = profile->targets[i].target->ms;
	return ms;
}

/* Equally large ones as in the profile. */
static int compare_stacks(const void *a, const void *b)
{
	const struct mu_profile_stack *x = *(const struct mu_profile_stack *const *)a;
	const struct mu_profile_stack *y = *(const struct mu_profile_stack *const *)b;

	if (x->stack->bytes != y->stack->bytes)
		return x->stack->bytes < y->stack->bytes ? 1 : -1;
	return x < y ? -1 : x > y;
}

/**
 * mu_profile_sort_stacks() - list the stacks of all processes, the largest first
 * @profile: the profile
 *
 * Return: the list, to be freed.
 */
const struct mu_profile_stack **mu_profile_sort_stacks(const struct mu_profile *profile)
{
	const struct mu_profile_stack **stacks = mu_zalloc(profile->nr_stacks * sizeof(*stacks));

	for (size_t i = 0; i < profile->nr_stacks; i++)
		stacks[i] = &profile->stacks[i];
	if (profile->nr_stacks)
		qsort(stacks, profile->nr_stacks, sizeof(*stacks), compare_stacks);
	return stacks;
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
