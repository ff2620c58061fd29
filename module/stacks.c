// SPDX-License-Identifier: GPL-2.0-only
/*
 * Distinct stacks: each is stored once, allocations point to it.
 *
 * An event of a known call site finds its stack under RCU and writes nothing but a count of its
 * CPU. New stacks are inserted into an rhashtable, which a worker of the kernel resizes. Their
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
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "mem.h"
#include "stacks.h"

/* The target chooses pcs and must not be able to choose stacks with equal hashes. */
u64 mlu_stack_secret __read_mostly;

static size_t stack_size(unsigned int nr)
{
	return sizeof(struct mlu_stack) + nr * sizeof(struct mlu_frame);
}

/* Rehashing with another seed changes nothing for equal hashes, but these need the secret. */
static u32 hash_trace(const void *data, u32 len, u32 seed)
{
	return ((const struct mlu_trace *)data)->hash ^ seed;
}

static u32 hash_stack(const void *data, u32 len, u32 seed)
{
	return ((const struct mlu_stack *)data)->hash ^ seed;
}

static int compare_stack(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct mlu_trace *trace = arg->key;
	const struct mlu_stack *stack = obj;
	unsigned int i;

	if (trace->hash != stack->hash || trace->nr != stack->nr || trace->end != stack->end ||
	    trace->kind != stack->kind)
		return 1;
	/* Shorter than a call of memcmp(). */
	for (i = 0; i < trace->nr; i++)
		if (trace->frames[i].tagged_pc != stack->frames[i].tagged_pc ||
		    trace->frames[i].mapping != stack->frames[i].mapping)
			return 1;
	return 0;
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
	int cpu, err;

	/* Only the worker calls this, the first time before there is an event. */
	if (!mlu_stack_secret)
		mlu_stack_secret = get_random_u64() | 1;
	stacks->all = NULL;
	atomic_set(&stacks->last_id, 0);
	stacks->counts = alloc_percpu(struct mlu_stack_counts);
	if (!stacks->counts)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		seqcount_init(&per_cpu_ptr(stacks->counts, cpu)->seq);
	err = rhashtable_init(&stacks->table, &params);
	if (err)
		free_percpu(stacks->counts);
	return err;
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
	free_percpu(stacks->counts);
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

static u32 hash_frames(const struct mlu_trace *trace)
{
	u64 hash = trace->nr_hashed ? trace->outer_hash : 0;
	unsigned int i;

	for (i = trace->nr - trace->nr_hashed; i-- > 0;)
		hash = mlu_stack_hash(hash, trace->frames[i].tagged_pc, trace->frames[i].mapping);
	hash = (hash ^ trace->kind << 8 ^ trace->end) * mlu_stack_secret;
	return hash >> 32;
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

	trace->hash = hash_frames(trace);
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

/**
 * mlu_stack_counts_add() - count the first allocation of a stack by this CPU
 * @counts: the CPU's counts
 * @count: the entry for the stack; what it has counted is added to its stack
 * @stack: the stack
 *
 * Context: Preemption is disabled.
 */
void mlu_stack_counts_add(struct mlu_stack_counts *counts, struct mlu_stack_count *count,
			  struct mlu_stack *stack)
{
	raw_write_seqcount_begin(&counts->seq);
	if (count->stack)
		atomic64_add(count->made, &count->stack->made);
	WRITE_ONCE(count->stack, stack);
	WRITE_ONCE(count->made, 1);
	raw_write_seqcount_end(&counts->seq);
}

/* Copy what a CPU has counted, as it was at one moment. */
static void copy_counts(const struct mlu_stack_counts *counts, struct mlu_stack_count *entry)
{
	unsigned int seq, i;

	do {
		seq = read_seqcount_begin(&counts->seq);
		for (i = 0; i < MLU_STACK_COUNTS; i++) {
			entry[i].stack = READ_ONCE(counts->entry[i].stack);
			entry[i].made = READ_ONCE(counts->entry[i].made);
		}
	} while (read_seqcount_retry(&counts->seq, seq));
}

/**
 * mlu_stacks_read_counts() - read how many allocations each stack has made
 * @stacks: the table
 * @add: called with a stack or placeholder and a number to be added to those before; a stack may
 *	come several times
 * @ctx: passed to @add
 *
 * The counts of CPUs are read before the stacks' own counts, to which the CPU adds it now and
 * then. So an allocation that was counted before the call is never missed. Up to
 * MLU_MAX_STACK_COUNT of a CPU are counted twice if the CPU adds them in between; if no event is
 * under way, the result is exact.
 *
 * Context: Process context. May sleep.
 */
void mlu_stacks_read_counts(struct mlu_stacks *stacks,
			    void (*add)(struct mlu_stack *stack, u64 made, void *ctx), void *ctx)
{
	struct mlu_stack_count entry[MLU_STACK_COUNTS];
	struct mlu_stack *stack;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		copy_counts(per_cpu_ptr(stacks->counts, cpu), entry);
		for (i = 0; i < MLU_STACK_COUNTS; i++)
			if (entry[i].stack)
				add(entry[i].stack, entry[i].made, ctx);
		cond_resched();
	}
	/*
	 * read_seqcount_retry() orders the reads and pairs with raw_write_seqcount_end():
	 * an entry that was read after its count was added is followed by a read of the sum.
	 */
	for (stack = READ_ONCE(stacks->all); stack; stack = stack->next)
		add(stack, atomic64_read(&stack->made), ctx);
}
