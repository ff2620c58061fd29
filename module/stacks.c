// SPDX-License-Identifier: GPL-2.0-only
/*
 * Distinct stacks: each is stored once, allocations point to it.
 *
 * An event of a known call site finds its stack under RCU and writes nothing but the stack's own
 * counts. New stacks are inserted into an rhashtable, which a worker of the kernel resizes. Their
 * memory is bounded by the module's limit.
 *
 * Context: Called from handlers, within rcu_read_lock(), and from the work of deferred walks. Does
 * not sleep, but for init and exit, which are called from the worker and from the work that frees
 * epochs.
 * Locking: The rhashtable's own. The list of all stacks is only pushed to, so readers walk it
 * without a lock.
 * Lifetime: Stacks are freed with their table, not before: an event in flight may point to one, and
 * a site that has freed all its blocks will allocate again.
 */
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/sched.h>

#include "mem.h"
#include "stacks.h"

static size_t stack_size(unsigned int nr)
{
	return sizeof(struct mlu_stack) + nr * sizeof(struct mlu_frame);
}

static u32 hash_trace(const void *data, u32 len, u32 seed)
{
	return jhash_1word(((const struct mlu_trace *)data)->hash, seed);
}

static u32 hash_stack(const void *data, u32 len, u32 seed)
{
	return jhash_1word(((const struct mlu_stack *)data)->hash, seed);
}

static int compare_stack(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct mlu_trace *trace = arg->key;
	const struct mlu_stack *stack = obj;

	return trace->hash != stack->hash || trace->nr != stack->nr || trace->end != stack->end ||
	       trace->kind != stack->kind ||
	       memcmp(trace->frames, stack->frames, trace->nr * sizeof(stack->frames[0]));
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct mlu_stack, node),
	.hashfn = hash_trace,
	.obj_hashfn = hash_stack,
	.obj_cmpfn = compare_stack,
	.key_len = sizeof(u32),
	.automatic_shrinking = false,
};

/**
 * mlu_stacks_init() - initialize an empty table
 * @stacks: the table
 *
 * Context: Process context. May sleep.
 * Return: 0, or a negative errno.
 */
int mlu_stacks_init(struct mlu_stacks *stacks)
{
	stacks->all = NULL;
	atomic_set(&stacks->last_id, 0);
	return rhashtable_init(&stacks->table, &params);
}

static void free_stack(struct mlu_stack *stack)
{
	mlu_mem_free(MLU_MEM_STACKS, stack, stack_size(stack->nr));
}

/**
 * mlu_stacks_exit() - free a table and its stacks
 * @stacks: the table; nothing points to its stacks any more
 *
 * Context: Process context. May sleep.
 */
void mlu_stacks_exit(struct mlu_stacks *stacks)
{
	struct mlu_stack *stack = stacks->all;

	rhashtable_destroy(&stacks->table);
	while (stack) {
		struct mlu_stack *next = stack->next;

		free_stack(stack);
		stack = next;
		cond_resched();
	}
}

static struct mlu_stack *stack_new(struct mlu_stacks *stacks, const struct mlu_trace *trace)
{
	size_t size = stack_size(trace->nr);
	struct mlu_stack *stack;

	if (!mlu_mem_charge(MLU_MEM_STACKS, size))
		return ERR_PTR(-ENOSPC);
	stack = kzalloc(size, MLU_GFP);
	if (!stack) {
		mlu_mem_uncharge(MLU_MEM_STACKS, size);
		return ERR_PTR(-ENOMEM);
	}
	stack->id = atomic_inc_return(&stacks->last_id);
	stack->hash = trace->hash;
	stack->nr = trace->nr;
	stack->end = trace->end;
	stack->kind = trace->kind;
	memcpy(stack->frames, trace->frames, trace->nr * sizeof(stack->frames[0]));
	return stack;
}

static void publish_stack(struct mlu_stacks *stacks, struct mlu_stack *stack)
{
	struct mlu_stack *first = READ_ONCE(stacks->all);

	do {
		stack->next = first;
	} while (!try_cmpxchg(&stacks->all, &first, stack));
}

/* Return: NULL if @stack was inserted, the equal stack that is in the table, or an ERR_PTR(). */
static struct mlu_stack *insert_stack(struct mlu_stacks *stacks, const struct mlu_trace *trace,
				      struct mlu_stack *stack)
{
	return rhashtable_lookup_get_insert_key(&stacks->table, trace, &stack->node, params);
}

/**
 * mlu_stacks_intern() - look up a stack, store it if it is new
 * @stacks: the table
 * @trace: the stack that was walked; its hash is set here
 *
 * The table refuses an insertion with -EBUSY if a chain is too long while a resize is under way.
 * That takes stacks whose hashes collide. A retry would meet the same chain until the kernel's
 * worker has run, so it is left to the caller.
 *
 * Context: Within rcu_read_lock(). Does not sleep.
 * Return: the stored stack that is equal to @trace; ERR_PTR(-ENOSPC) at the memory limit,
 * ERR_PTR(-ENOMEM) without memory, ERR_PTR(-EAGAIN) if the table is being resized.
 */
struct mlu_stack *mlu_stacks_intern(struct mlu_stacks *stacks, struct mlu_trace *trace)
{
	struct mlu_stack *stack, *old;

	trace->hash = jhash2((const u32 *)trace->frames,
			     trace->nr * sizeof(trace->frames[0]) / sizeof(u32),
			     trace->kind << 8 | trace->end);
	stack = rhashtable_lookup(&stacks->table, trace, params);
	if (stack)
		return stack;
	stack = stack_new(stacks, trace);
	if (IS_ERR(stack))
		return stack;
	/* A bucket's lock is a bit of its pointer: others try to take it while the holder reads. */
	old = data_race(insert_stack(stacks, trace, stack));
	if (!old) {
		publish_stack(stacks, stack);
		return stack;
	}
	free_stack(stack);
	return PTR_ERR(old) == -EBUSY ? ERR_PTR(-EAGAIN) : old;
}

/**
 * mlu_stacks_add_pending() - add a placeholder, to be resolved later
 * @stacks: the table
 * @trace: the frames to show until then
 *
 * Context: Any. Does not sleep.
 * Return: the placeholder; ERR_PTR(-ENOSPC) at the memory limit, ERR_PTR(-ENOMEM) without memory.
 */
struct mlu_stack *mlu_stacks_add_pending(struct mlu_stacks *stacks, const struct mlu_trace *trace)
{
	struct mlu_stack *stack = stack_new(stacks, trace);

	if (!IS_ERR(stack))
		publish_stack(stacks, stack);
	return stack;
}
