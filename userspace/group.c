// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of stacks: an unrolled loop or an inlined function makes several stacks of what is one
 * place in the source.
 *
 * Each stack gets a key, a text that is equal for the stacks of a group, and also in another report
 * of the same program. Stacks of a group are merged into the largest one of them. Depends on
 * report.c, stack_sum.c and symbolize.c.
 */
#include "group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack_sum.h"

/* A function without a name is distinguished by the address in its object. */
static void write_function(FILE *out, const struct mu_target *target, const struct mu_frame *frame,
			   struct mu_symbolizer *sym)
{
	struct mu_name name = mu_symbolize(sym, target, frame);

	if (name.symbol)
		fprintf(out, "\n%s [%s]", name.symbol, name.object);
	else
		fprintf(out, "\n%s+0x%" PRIx64, frame->object, frame->address);
}

/**
 * mu_group_starts_object() - check whether a frame is the first one of several in its object
 * @stack: the stack
 * @frame: index of the frame
 *
 * Return: false if the frame before it is in the same object.
 */
bool mu_group_starts_object(const struct mu_stack *stack, size_t frame)
{
	return !frame || strcmp(stack->frames[frame].object, stack->frames[frame - 1].object);
}

/* Return: the key of a stack, to be freed. */
static char *make_key(const struct mu_target *target, const struct mu_stack *stack,
		      enum mu_group by, struct mu_symbolizer *sym)
{
	char *key = NULL;
	size_t len;
	FILE *out = open_memstream(&key, &len);

	if (!out)
		abort();
	fputs(stack->kind, out);
	for (size_t i = 0; i < stack->nr_frames; i++)
		if (by == MU_GROUP_FUNCTION)
			write_function(out, target, &stack->frames[i], sym);
		else if (mu_group_starts_object(stack, i))
			fprintf(out, "\n%s", stack->frames[i].object);
	if (fclose(out))
		abort();
	return key;
}

/* Stacks of a group are sorted by size, the largest first, as they are merged into the first. */
static int compare_keys(const void *a, const void *b)
{
	const struct mu_stack *x = a, *y = b;
	int by_key = strcmp(x->key, y->key);

	if (by_key)
		return by_key;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Merge a stack into another one, and free it. */
static void merge_stack(struct mu_stack *sum, struct mu_stack *s)
{
	mu_stack_add(sum, s);
	sum->nr_merged++;
	mu_stack_free(s);
}

/**
 * mu_group_stacks() - merge the stacks of a target by group
 * @target: the target
 * @by: what a group is
 * @sym: the symbolizer
 *
 * A merged stack has the id and the frames of the largest one, and the sums of all.
 */
void mu_group_stacks(struct mu_target *target, enum mu_group by, struct mu_symbolizer *sym)
{
	struct mu_stack *stacks = target->stacks;
	size_t last = 0;

	if (by == MU_GROUP_STACK || !target->nr_stacks)
		return;
	for (size_t i = 0; i < target->nr_stacks; i++)
		stacks[i].key = make_key(target, &stacks[i], by, sym);
	qsort(stacks, target->nr_stacks, sizeof(*stacks), compare_keys);
	for (size_t i = 1; i < target->nr_stacks; i++)
		if (!strcmp(stacks[i].key, stacks[last].key))
			merge_stack(&stacks[last], &stacks[i]);
		else
			stacks[++last] = stacks[i];
	target->nr_stacks = last + 1;
}
