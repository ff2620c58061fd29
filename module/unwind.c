// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk a user stack.
 *
 * The first frame is exact: the return address that the call pushed.  From there each frame goes by
 * the unwind rule of its code, as its object's .eh_frame has it.  Code that has no rule (a JIT's,
 * Go's, hand-written) goes by the frame pointer, as long as it proves sane, or by what the kernel
 * saved, if it is what a signal handler returns to.  What has a rule that we cannot follow ends the
 * walk: nothing is guessed.  It also ends at a return address that no call has written: below the
 * function that a coroutine begins with.
 *
 * Entered from handlers, in the target's own context, within rcu_read_lock(), and from the work of
 * deferred walks, which have a copy of the stack.  The target's memory is read with page faults
 * off; a page that is not there ends the walk.
 *
 * Bounded: depth frames, each at most a bisection of the mappings and one of the object's entries,
 * and 17 expressions of 128 steps; and the operations of rules that nobody has met before, MAX_OPS
 * and one rule's for all frames together.  That is 3 million instructions for the operations, and
 * for a target that has nothing but the longest expressions in 64 frames about as many again;
 * compilers' rules take some hundreds for a frame at the first encounter, some dozens then.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "dso.h"
#include "mem.h"
#include "umem.h"
#include "unwind.h"

/* Goes on; above all ends. */
#define GOES_ON MLU_NR_WALK_ENDS

/*
 * What lies between the first word of a process's stack and main's frame with musl, which has no
 * rules: 64 bytes of two frames, or 72 as the stack is aligned first.  Who stands there without a
 * frame pointer is what calls main.  (glibc, which has rules, has more than twice as much there.)
 */
#define START_SIZE 80

/*
 * Operations of CFA in one walk: after that it meets known rules only, and the next walk does more.
 */
#define MAX_OPS 16384

/* One walk. */
struct walker {
	struct mlu_maps *maps;
	struct mlu_counters __percpu *counters;
	const struct mlu_stack_copy *copy; /* NULL: the target's memory, current's own */
	const struct mlu_memory *memory;
	bool at_return;
	u64 limit; /* of the stack; 0: not known yet */
	u64 first; /* where the process's stack began */
	u32 nr_ops;
	struct mlu_registers regs;
	struct mlu_walk *walk;
};

static const struct mlu_memory users_memory;

/*
 * A struct mlu_walk is too large for the kernel's stack. One is cached per CPU: allocate if the
 * slot is empty, free ours if it has been refilled meanwhile.
 */
static struct mlu_walk *__percpu *spare_walks;

/**
 * mlu_unwind_init() - set up the cache of buffers for walks
 *
 * Return: 0, or -ENOMEM.
 */
int mlu_unwind_init(void)
{
	spare_walks = alloc_percpu(struct mlu_walk *);
	return spare_walks ? 0 : -ENOMEM;
}

/**
 * mlu_unwind_exit() - free the cache of buffers; no handler runs any more
 */
void mlu_unwind_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(*per_cpu_ptr(spare_walks, cpu));
	free_percpu(spare_walks);
}

/**
 * mlu_walk_get() - get a buffer for a walk in a handler
 *
 * Context: Task context. Does not sleep.
 * Return: the buffer, not initialized, or NULL without memory.
 */
struct mlu_walk *mlu_walk_get(void)
{
	struct mlu_walk *walk = this_cpu_xchg(*spare_walks, NULL);

	return walk ? walk : kmalloc(sizeof(*walk), MLU_GFP);
}

/**
 * mlu_walk_put() - give back a buffer
 * @walk: what mlu_walk_get() returned
 *
 * Context: Task context. Does not sleep.
 */
void mlu_walk_put(struct mlu_walk *walk)
{
	kfree(this_cpu_xchg(*spare_walks, walk));
}

/* === One frame === */

static struct mlu_mapping *look_up(struct walker *w, unsigned long pc)
{
	if (!w->copy)
		return mlu_maps_look_up(w->maps, current->mm, pc);
	if (pc >= TASK_SIZE_MAX)
		return ERR_PTR(-EFAULT);
	return mlu_maps_find_at(w->maps, pc, w->copy->time);
}

/*
 * Look up the frame's code and append it; false if there is none.  That of a call that never
 * returns may be its mapping's last: the call is looked up, not what it would return to.
 */
static bool append(struct walker *w, struct mlu_mapping **mapping)
{
	struct mlu_trace *trace = &w->walk->trace;
	struct mlu_frame *frame = &trace->frames[trace->nr];

	*mapping = look_up(w, mlu_frame_lookup(&w->regs));
	if (PTR_ERR(*mapping) == -EFAULT)
		return false;
	if (IS_ERR(*mapping))
		*mapping = NULL;
	if (!*mapping)
		mlu_count(w->counters, unknown_mapping);
	frame->tagged_pc = w->regs.pc | (w->regs.interrupted ? MLU_FRAME_INTERRUPTED : 0);
	frame->mapping = *mapping;
	trace->nr++;
	return true;
}

static enum mlu_frame_result by_pointer(struct walker *w)
{
	if (!w->limit && w->copy)
		w->limit = w->copy->limit;
	else if (!w->limit)
		w->limit = mlu_umem_stack_limit(current->mm, w->regs.value[MLU_CFI_RSP]);
	w->walk->nr_by_pointer++;
	return mlu_frame_by_pointer(w->memory, w->limit, &w->regs);
}

/* Code is in no copy of a stack. */
static bool is_sigreturn(const struct walker *w)
{
	return !w->copy && mlu_frame_is_sigreturn(w->memory, w->regs.pc);
}

static enum mlu_frame_result without_rule(struct walker *w)
{
	if (!is_sigreturn(w))
		return by_pointer(w);
	/* What was interrupted may have had another stack. */
	w->limit = 0;
	w->walk->nr_by_signal++;
	return mlu_frame_by_signal(w->memory, &w->regs);
}

/*
 * The end of a coroutine's stack.  If it says where a function begins, the frame is shown as if the
 * function's first byte were the call: readers look one byte before the pc.
 */
static unsigned int end_made_by_hand(struct walker *w, const struct mlu_cfi_rule *rule)
{
	struct mlu_trace *trace = &w->walk->trace;

	if (rule->behind == MLU_CFI_FIRST_BYTE)
		trace->frames[trace->nr - 1].tagged_pc++;
	return MLU_WALK_END;
}

static bool is_at_start(const struct walker *w)
{
	u64 sp = w->regs.value[MLU_CFI_RSP];

	return sp < w->first && w->first - sp <= START_SIZE;
}

/* The result of going to the caller, in the walk's words. */
static unsigned int end_of(const struct walker *w, enum mlu_frame_result result)
{
	static const u8 ends[] = {
		[MLU_FRAME_OK] = GOES_ON,
		[MLU_FRAME_END] = MLU_WALK_END,
		[MLU_FRAME_FAULT] = MLU_WALK_FAULT,
		[MLU_FRAME_REGISTER] = MLU_WALK_REGISTER,
		[MLU_FRAME_EXPRESSION] = MLU_WALK_RULE,
		[MLU_FRAME_POINTER] = MLU_WALK_FRAME_POINTER,
		[MLU_FRAME_STUCK] = MLU_WALK_STUCK,
	};

	if (result == MLU_FRAME_FAULT && w->copy)
		return MLU_WALK_COPY;
	if (result == MLU_FRAME_POINTER && is_at_start(w))
		return MLU_WALK_START;
	if (result == MLU_FRAME_EXPRESSION)
		mlu_count(w->counters, refused_expression);
	return ends[result];
}

static unsigned int refused(const struct walker *w, enum mlu_cfi_refusal refusal)
{
	mlu_count_index(w->counters, MLU_COUNT_refused_truncated + refusal - MLU_CFI_TRUNCATED);
	return MLU_WALK_RULE;
}

static unsigned int by_rule(struct walker *w, const struct mlu_mapping *mapping,
			    const struct mlu_dso *dso)
{
	u64 offset = mlu_frame_lookup(&w->regs) - mapping->start + mapping->offset;
	struct mlu_rules *rules = dso->rules;
	struct mlu_rule_found found;
	u64 vaddr;

	if (!mlu_rules_recall(rules, offset, &found)) {
		if (!mlu_mapping_vaddr(mapping, dso, offset, &vaddr))
			return end_of(w, without_rule(w));
		if (w->nr_ops > MAX_OPS)
			return refused(w, MLU_CFI_TOO_LONG);
		mlu_rules_learn(rules, offset, vaddr, &w->walk->scratch, &found);
		w->nr_ops += w->walk->scratch.cfi.nr_ops;
	}
	if (found.refusal != MLU_CFI_OK && found.refusal != MLU_CFI_NO_ENTRY)
		return refused(w, found.refusal);
	if (mlu_frame_is_made_by_hand(&w->regs, found.rule) && !is_sigreturn(w))
		return end_made_by_hand(w, found.rule);
	if (found.refusal == MLU_CFI_NO_ENTRY)
		return end_of(w, without_rule(w));
	if (found.rule->signal) {
		w->limit = 0;
		w->walk->nr_by_signal++;
	} else {
		w->walk->nr_by_rule++;
	}
	return end_of(w, mlu_frame_by_rule(&rules->cfi, found.rule, w->memory, &w->regs));
}

/* Go to the caller of a frame in @mapping. */
static unsigned int step(struct walker *w, const struct mlu_mapping *mapping)
{
	struct mlu_dso *dso;

	if (!mapping)
		return MLU_WALK_UNREAD;
	switch (mlu_mapping_rules(mapping, &dso)) {
	case MLU_RULES_THERE:
		return by_rule(w, mapping, dso);
	case MLU_RULES_NONE:
		return end_of(w, without_rule(w));
	case MLU_RULES_PENDING:
		w->walk->pending = true;
		return MLU_WALK_UNREAD;
	default:
		return MLU_WALK_UNREAD;
	}
}

/* === The walk === */

static enum mlu_walk_end walk(struct walker *w, unsigned int depth)
{
	struct mlu_mapping *mapping;
	unsigned int end;

	for (;;) {
		if (!append(w, &mapping))
			return MLU_WALK_PC;
		end = step(w, mapping);
		if (w->walk->trace.nr == depth && end != MLU_WALK_END)
			return MLU_WALK_DEPTH;
		if (end != GOES_ON)
			return end;
		if (!w->copy)
			w->regs.pc = mlu_umem_return_address(w->at_return, w->regs.slot,
							     w->regs.pc);
	}
}

static void start_walk(struct walker *w)
{
	w->walk->trace.nr = 0;
	w->walk->pending = false;
	w->walk->nr_by_rule = 0;
	w->walk->nr_by_pointer = 0;
	w->walk->nr_by_signal = 0;
}

static void run(struct walker *w, unsigned int depth)
{
	start_walk(w);
	w->walk->trace.end = walk(w, depth);
	if (w->walk->trace.end != MLU_WALK_UNREAD)
		w->walk->pending = false;
}

static struct walker walker_of_current(struct mlu_maps *maps,
				       struct mlu_counters __percpu *counters,
				       const struct mlu_unwind_start *start, struct mlu_walk *walk)
{
	return (struct walker){
		.maps = maps,
		.counters = counters,
		.memory = &users_memory,
		.at_return = start->at_return,
		.first = current->mm->start_stack,
		.regs = start->registers,
		.walk = walk,
	};
}

/*
 * mlu_unwind() - walk current's stack from a call to an allocator
 * @depth: frames at most, 1 to MLU_MAX_DEPTH
 * @walk: filled in: the trace but for its kind and hash, and whether it ended, unread, at what will
 *	be known soon
 *
 * Context: handler, within rcu_read_lock(); does not sleep.
 */
void mlu_unwind(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		const struct mlu_unwind_start *start, unsigned int depth, struct mlu_walk *walk)
{
	struct walker w = walker_of_current(maps, counters, start, walk);

	run(&w, depth);
}

/* A frame pointer may have skipped frames: then only a match proves something. */
static enum mlu_reach reach_by_end(const struct walker *w, unsigned int end)
{
	return end == MLU_WALK_END && !w->walk->nr_by_pointer ? MLU_REACH_NO : MLU_REACH_UNKNOWN;
}

/* Has the step led to the caller that returns through @slot, or past it? */
static bool is_reached(const struct walker *w, u64 slot, enum mlu_reach *reach)
{
	if (w->regs.interrupted)
		*reach = MLU_REACH_NO;
	else if (w->regs.slot == slot)
		*reach = MLU_REACH_YES;
	else if (!(w->regs.known & BIT(MLU_CFI_RSP)) || w->regs.saved & BIT(MLU_CFI_RSP))
		*reach = MLU_REACH_UNKNOWN;
	else if (w->regs.value[MLU_CFI_RSP] > slot)
		*reach = w->walk->nr_by_pointer ? MLU_REACH_UNKNOWN : MLU_REACH_NO;
	else
		return false;
	return true;
}

static enum mlu_reach walk_to_slot(struct walker *w, u64 slot)
{
	struct mlu_mapping *mapping;
	enum mlu_reach reach;
	unsigned int end;

	while (w->walk->trace.nr < MLU_MAX_DEPTH) {
		if (!append(w, &mapping))
			return MLU_REACH_UNKNOWN;
		end = step(w, mapping);
		if (end != GOES_ON)
			return reach_by_end(w, end);
		if (is_reached(w, slot, &reach))
			return reach;
		w->regs.pc = mlu_umem_return_address(w->at_return, w->regs.slot, w->regs.pc);
	}
	return MLU_REACH_UNKNOWN;
}

/**
 * mlu_unwind_reaches() - is a call made within another one that has its return address in @slot?
 * @maps: of current
 * @counters: of its epoch
 * @start: the inner call's caller
 * @slot: the outer call's return slot
 * @walk: where to walk; what was in it is lost
 *
 * It is if @slot belongs to a frame of the stack as it is now, whatever the outer function has
 * jumped to, and no signal handler lies between the two.  A slot that was left by longjmp holds its
 * old value for a while, but lies within a frame.
 *
 * Context: handler, within rcu_read_lock(); does not sleep.
 * Return: MLU_REACH_UNKNOWN where the walk ends before it has come so far.
 */
enum mlu_reach mlu_unwind_reaches(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
				  const struct mlu_unwind_start *start, unsigned long slot,
				  struct mlu_walk *walk)
{
	struct walker w = walker_of_current(maps, counters, start, walk);

	start_walk(&w);
	return walk_to_slot(&w, slot);
}

/* mlu_unwind_copy() - the same of a stack that was copied. Context: any, does not sleep. */
void mlu_unwind_copy(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		     const struct mlu_registers *registers, const struct mlu_stack_copy *copy,
		     unsigned int depth, struct mlu_walk *walk)
{
	struct walker w = {
		.maps = maps,
		.counters = counters,
		.copy = copy,
		.memory = &copy->memory,
		.first = copy->first,
		.regs = *registers,
		.walk = walk,
	};

	run(&w, depth);
}

/** mlu_unwind_count() - count how a walk went, if it is to be the one that counts */
void mlu_unwind_count(struct mlu_counters __percpu *counters, const struct mlu_walk *walk)
{
	mlu_count_index(counters, MLU_COUNT_walk_end + walk->trace.end);
	mlu_count_add(counters, frames_by_rule, walk->nr_by_rule);
	if (walk->nr_by_pointer)
		mlu_count_add(counters, frames_by_pointer, walk->nr_by_pointer);
	if (walk->nr_by_signal)
		mlu_count_add(counters, frames_by_signal, walk->nr_by_signal);
}
