// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables on stdout.
 *
 * The format is that of bcc's memleak, including tabs and the order of stacks, so that its users
 * and scripts can read it. Depends on ignore.c, group.c and growth.c for what
 * is in a table, on stack_sum.c, symbolize.c and quantity.c.
 */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "quantity.h"
#include "stack_sum.h"

/**
 * mu_print_head() - print the head line of a table
 * @view: how tables are printed
 *
 * [11:16:33] Top 10 stacks with outstanding allocations:
 */
void mu_print_head(const struct mu_view *view)
{
	time_t now = time(NULL);
	char text[16] = "";
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(text, sizeof(text), "%H:%M:%S", &local);
	printf("[%s] Top %" PRIu64 " stacks with outstanding allocations:\n", text, view->top);
}

/**
 * mu_print_processes() - print how many processes are in a sum, without a newline
 * @t: the sum
 *
 * 21 processes (php-fpm8.2)
 */
void mu_print_processes(const struct mu_target *t)
{
	printf("%zu process%s (%s)", t->nr_processes, t->nr_processes == 1 ? "" : "es", t->comm);
}

/**
 * mu_print_target() - print the head line of a target in a saved report, or of a sum of several
 * @t: the target
 */
void mu_print_target(const struct mu_target *t)
{
	if (t->nr_processes)
		mu_print_processes(t);
	else
		printf("pid %" PRIu64 " %s %s %" PRIu64 " ms", t->pid, t->comm, t->state, t->ms);
	printf(": %" PRIu64 " bytes in %" PRIu64 " allocations from %" PRIu64
	       " stack%s, lost %" PRIu64 "\n",
	       t->bytes, t->count, t->stacks_expected, t->stacks_expected == 1 ? "" : "s", t->lost);
}

/**
 * mu_print_allocations() - print the outstanding allocations
 * @allocations: the allocations
 * @sampled: they are only a sample of them
 */
void mu_print_allocations(const struct mu_allocations *allocations, bool sampled)
{
	if (sampled)
		printf("\tthe %zu recorded allocations, a sample:\n", allocations->nr);
	for (size_t i = 0; i < allocations->nr; i++)
		printf("\taddr = %" PRIx64 " size = %" PRIu64 " stack = %" PRIu64 "\n",
		       allocations->rows[i].address, allocations->rows[i].size,
		       allocations->rows[i].stack);
}

static void print_pc(const struct mu_view *view, const struct mu_frame *frame)
{
	fputs("\t\t", stdout);
	if (!view->bare)
		printf("0x%016" PRIx64 "\t", frame->pc);
}

static void print_line(const struct mu_srcline *source)
{
	if (source->file)
		printf(" (%s:%d)", source->file, source->line);
}

/* Print inlined functions, which have no frame of their own, before the frame that they are in. */
static void print_inlined(const struct mu_view *view, const struct mu_frame *frame,
			  const struct mu_name *name)
{
	for (size_t i = 0; i < name->nr_sources && name->source[i].function; i++) {
		print_pc(view, frame);
		printf("[inlined] %s", name->source[i].function);
		print_line(&name->source[i]);
		putchar('\n');
	}
}

/* The reason why a walk ended is printed unless it has reached the outermost frame. */
static void print_frame(const struct mu_view *view, const struct mu_target *target,
			const struct mu_frame *frame, struct mu_symbolizer *sym)
{
	struct mu_name name = mu_symbolize(sym, target, frame);

	print_inlined(view, frame, &name);
	print_pc(view, frame);
	printf("%s+0x%" PRIx64, name.symbol ? name.symbol : "[unknown]", name.offset);
	printf(name.object[0] == '[' ? " %s" : " [%s]", name.object);
	if (name.moved)
		fputs(" (moved)", stdout);
	if (name.nr_sources)
		print_line(&name.source[name.nr_sources - 1]);
	if (frame->interrupted)
		fputs(" (signal)", stdout);
	if (frame->unmapped)
		fputs(" (unmapped)", stdout);
	if (frame->note && strcmp(frame->note, "end"))
		printf(" (%s)", frame->note);
	putchar('\n');
}

static const char *kind_prefix(const char *kind)
{
	if (!strcmp(kind, "heap"))
		return "";
	if (!strcmp(kind, "stack"))
		return "thread stack, ";
	return "mmap, ";
}

/* Printed at the end of the line, after memleak's own text, for scripts that parse that. */
static void print_history(const struct mu_stack *stack)
{
	char ages[MU_AGES_MAX];

	mu_format_ages(ages, stack->age_min, stack->age_max);
	printf(" %" PRIu64, stack->id);
	if (stack->nr_merged)
		printf(" and %zu more", stack->nr_merged);
	printf(" (%sage %s, %" PRIu64 " made, %" PRIu64 " freed)", kind_prefix(stack->kind), ages,
	       stack->made, stack->freed);
}

/*
 * Further lines of a stack are indented so that no pattern for its first line or for its frames
 * matches them.
 */
static void print_estimate(const struct mu_estimate *e)
{
	printf("\t  estimated from %" PRIu64 " recorded, standard error %" PRIu64 " in %" PRIu64
	       "\n",
	       e->samples, e->error.bytes, e->error.count);
}

/**
 * mu_print_change() - print the change of a stack or of a total, without a newline
 * @target: the target
 * @since_last: the change since the last table
 * @since_start: the change since the start
 *
 * +8192 in 1, since start +81920 in 10
 */
void mu_print_change(const struct mu_target *target, const struct mu_change *since_last,
		     const struct mu_change *since_start)
{
	char text[MU_CHANGE_MAX];

	if (target->has_last) {
		mu_format_change(text, since_last);
		printf("%s, ", text);
	}
	mu_format_change(text, since_start);
	printf("since %s %s", target->has_mark ? "mark" : "start", text);
}

/* memleak's table of totals has no such line. */
static void print_growth(const struct mu_view *view, const struct mu_target *target,
			 const struct mu_stack *stack)
{
	const struct mu_amount now = { .bytes = stack->bytes, .count = stack->count };

	if (!target->has_start || (view->bare && view->sort != MU_SORT_GROWTH))
		return;
	fputs("\t  ", stdout);
	mu_print_change(target, &(struct mu_change){ stack->last, now },
			&(struct mu_change){ stack->start, now });
	putchar('\n');
}

static void print_shares(const struct mu_target *target, const struct mu_stack *stack)
{
	const struct mu_share *largest = mu_stack_largest_share(stack);

	if (largest)
		printf("\t  in %zu of %zu process%s, at most %" PRIu64 " bytes in pid %" PRIu64
		       "\n",
		       stack->nr_shares, target->nr_processes,
		       target->nr_processes == 1 ? "" : "es", largest->bytes, largest->pid);
}

/* The stacks of a group have only their objects in common. */
static void print_objects(const struct mu_stack *stack)
{
	for (size_t i = 0; i < stack->nr_frames; i++)
		if (mu_group_starts_object(stack, i))
			printf(stack->frames[i].object[0] == '[' ? "\t\t%s\n" : "\t\t[%s]\n",
			       stack->frames[i].object);
}

/**
 * mu_print_frames() - print the frames of a stack, or its objects
 * @view: how tables are printed
 * @target: the target of the stack
 * @stack: the stack
 * @sym: the symbolizer
 */
void mu_print_frames(const struct mu_view *view, const struct mu_target *target,
		     const struct mu_stack *stack, struct mu_symbolizer *sym)
{
	if (view->group == MU_GROUP_OBJECT)
		print_objects(stack);
	else
		for (size_t i = 0; i < stack->nr_frames; i++)
			print_frame(view, target, &stack->frames[i], sym);
}

static void print_stack(const struct mu_view *view, const struct mu_target *target,
			const struct mu_stack *stack, struct mu_symbolizer *sym)
{
	printf("\t%" PRIu64 " bytes in %" PRIu64 " allocations from stack", stack->bytes,
	       stack->count);
	if (!view->bare)
		print_history(stack);
	putchar('\n');
	if (stack->estimate.is_set)
		print_estimate(&stack->estimate);
	print_growth(view, target, stack);
	if (!view->bare)
		print_shares(target, stack);
	mu_print_frames(view, target, stack, sym);
}

/* Return: the index of the first stack to print. The ones before it are smaller. */
static size_t first_shown(const struct mu_view *view, const struct mu_target *target)
{
	return target->nr_stacks > view->top ? target->nr_stacks - view->top : 0;
}

/**
 * mu_print_select() - select and merge the stacks of a target, and compare them with former tables
 * @view: how tables are printed
 * @target: the target; to be called once
 * @sym: the symbolizer
 * @history: the former tables; gets this one
 */
void mu_print_select(const struct mu_view *view, struct mu_target *target,
		     struct mu_symbolizer *sym, struct mu_history *history)
{
	mu_ignore_stacks(&view->ignore, target, sym);
	mu_group_stacks(target, view->group, sym);
	mu_growth_update(history, target);
}

/**
 * mu_print_prepare() - sort the stacks of a target and symbolize those that will be printed
 * @view: how tables are printed
 * @target: the target
 * @sym: the symbolizer
 *
 * Messages of the symbolizer appear before the table then.
 */
void mu_print_prepare(const struct mu_view *view, struct mu_target *target,
		      struct mu_symbolizer *sym)
{
	mu_report_sort(target, view->sort);
	for (size_t i = first_shown(view, target); i < target->nr_stacks; i++) {
		const struct mu_stack *stack = &target->stacks[i];

		for (size_t j = 0; stack->count && j < stack->nr_frames; j++)
			mu_symbolize(sym, target, &stack->frames[j]);
	}
}

/**
 * mu_print_stacks() - print the largest stacks of a target
 * @view: how tables are printed
 * @target: the target; mu_print_prepare() has been called
 * @sym: the symbolizer
 */
void mu_print_stacks(const struct mu_view *view, const struct mu_target *target,
		     struct mu_symbolizer *sym)
{
	for (size_t i = first_shown(view, target); i < target->nr_stacks; i++)
		if (target->stacks[i].count)
			print_stack(view, target, &target->stacks[i], sym);
}
