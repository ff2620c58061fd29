// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unwind a user stack.
 *
 * The first frame is exact: it is the return address that the call pushed. From there each frame is
 * left by the unwind rule of its code, from its object's .eh_frame. Code without a rule (of a JIT
 * compiler, of Go, hand-written) is left by the frame pointer, as long as that proves sane, or, if
 * it is what a signal handler returns to, by the registers that the kernel saved. A rule that
 * cannot be followed ends the walk: nothing is guessed. The walk also ends at a return address that
 * no call has written: below the first function of a coroutine.
 *
 * Context: Called from handlers, in the target's own context, within rcu_read_lock(), and from the
 * work of deferred walks, which has a copy of the stack. Does not sleep. The target's memory is
 * read with page faults off; a page that is not present ends the walk. Takes no locks of its own.
 *
 * A walk is bounded by depth frames. Each costs at most a bisection of the mappings and one of the
 * object's entries, and 17 expressions of 128 steps. Interpreting rules that were not met before is
 * bounded by MAX_OPS operations, and those of one more rule, for all frames together. That is
 * 3 million instructions for the operations, and about as many again for a target that has nothing
 * but the longest expressions in 64 frames. Rules as compilers write them take some hundreds of
 * instructions per frame at the first encounter, some dozens after that.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "compat.h"
#include "dso.h"
#include "umem.h"
#include "unwind.h"

/* The walk continues; greater than all of enum mlu_walk_end. */
#define GOES_ON MLU_NR_WALK_ENDS

/*
 * The distance between the first word of a process's stack and main()'s frame with musl, which has
 * no rules: 64 bytes of two frames, or 72 if the stack is aligned first. A frame here without a
 * frame pointer is main()'s caller. (glibc has rules, and more than twice that distance.)
 */
#define START_SIZE 80

/*
 * CFA operations of one walk. When they are used up, only known rules are followed; the next walk
 * gets further.
 */
#define MAX_OPS 16384

/* The state of one walk. */
struct walker {
	struct mlu_maps *maps;
	struct mlu_counters __percpu *counters;
	const struct mlu_stack_copy *copy; /* NULL: the memory of current */
	const struct mlu_memory *memory;
	bool at_return;
	bool is_fast;  /* unwind_fast.c is used for frames that it can leave */
	bool is_noted; /* the walk's steps[] describes the last step */
	u64 limit;     /* end of the stack; 0: not determined yet */
	u64 first;     /* where the process's stack began */
	u32 nr_ops;
	struct mlu_registers regs;
	struct mlu_walk *walk;
};

static const struct mlu_memory users_memory;

/* === One frame === */

/*
 * Look up the frame's code and append the frame. The address that is looked up is that of the call,
 * not of what it would return to: a call that never returns may be the last instruction of its
 * mapping.
 *
 * Return: false if there is no code at the address.
 */
static bool append_frame(struct walker *w, struct mlu_mapping **mapping)
{
	struct mlu_trace *trace = &w->walk->trace;
	struct mlu_frame *frame = &trace->frames[trace->nr];
	unsigned long pc = mlu_frame_lookup(&w->regs);

	if (!w->copy)
		*mapping = mlu_maps_look_up(w->maps, current->mm, pc);
	else if (pc < TASK_SIZE_MAX)
		*mapping = mlu_maps_find_at(w->maps, pc, w->copy->time);
	else
		*mapping = ERR_PTR(-EFAULT);
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

static bool is_at_start(const struct walker *w)
{
	u64 sp = w->regs.value[MLU_CFI_SP];

	return sp < w->first && w->first - sp <= START_SIZE;
}

/* Translate the result of one step to GOES_ON or the reason why the walk ends. */
static unsigned int walk_end_of(const struct walker *w, enum mlu_frame_result result)
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

static unsigned int count_refusal(const struct walker *w, enum mlu_cfi_refusal refusal)
{
	mlu_count_index(w->counters, MLU_COUNT_refused_truncated + refusal - MLU_CFI_TRUNCATED);
	return MLU_WALK_RULE;
}

/* The copy of a stack has no code in it. */
static bool is_sigreturn(const struct walker *w)
{
	return !w->copy && mlu_frame_is_sigreturn(w->memory, w->regs.pc);
}

/* Note what the step by the frame pointer depends on, for the cache of walks. */
static void note_pointer_step(struct walker *w, const struct mlu_mapping *mapping)
{
	struct mlu_step *step = &w->walk->steps[w->walk->trace.nr - 1];
	const struct mlu_registers *regs = &w->regs;
	unsigned long fp = regs->value[MLU_CFI_FP], code = 0;
	/* The code of a file is taken to be constant, as its rules are. */
	bool may_change = mapping->type != MLU_MAPPING_FILE;

	if (!w->is_fast || regs->interrupted || !(regs->known & BIT(MLU_CFI_FP)) ||
	    (regs->saved & BIT(MLU_CFI_FP) && !mlu_umem_read(fp, &fp)) ||
	    (may_change && !mlu_umem_read(regs->pc, &code)))
		return;
	*step = (struct mlu_step){
		.sp = regs->value[MLU_CFI_SP],
		.fp = fp,
		.fp_slot = fp,
		.code = code,
		.uses_fp = true,
		.saves_fp = true,
		.by_pointer = true,
		.checks_code = may_change,
	};
	w->is_noted = true;
}

/* Go to the caller from code without unwind data. */
static unsigned int step_without_rule(struct walker *w, const struct mlu_mapping *mapping)
{
	if (is_sigreturn(w)) {
		/* The interrupted code may have had another stack. */
		w->limit = 0;
		w->walk->nr_by_signal++;
		return walk_end_of(w, mlu_frame_by_signal(w->memory, &w->regs));
	}
	if (!w->limit && w->copy)
		w->limit = w->copy->limit;
	else if (!w->limit)
		w->limit = mlu_umem_stack_limit(current->mm, w->regs.value[MLU_CFI_SP]);
	w->walk->nr_by_pointer++;
	note_pointer_step(w, mapping);
	return walk_end_of(w, mlu_frame_by_pointer(w->memory, w->limit, &w->regs));
}

/*
 * End the walk at the end of a coroutine's stack. If the return address is the start of a function,
 * the frame is shown as if the function's first byte were the call, since readers look one byte
 * before the pc.
 */
static unsigned int end_at_coroutine(struct walker *w, const struct mlu_cfi_rule *rule)
{
	struct mlu_trace *trace = &w->walk->trace;

	if (rule->behind == MLU_CFI_FIRST_BYTE)
		trace->frames[trace->nr - 1].tagged_pc++;
	return MLU_WALK_END;
}

/* Go to the caller by the unwind data of @dso, which @mapping maps. */
static unsigned int step_by_rule(struct walker *w, const struct mlu_mapping *mapping,
				 const struct mlu_dso *dso)
{
	u64 offset = mlu_frame_lookup(&w->regs) - mapping->start + mapping->offset;
	struct mlu_rules *rules = dso->rules;
	struct mlu_rule_found found;
	u64 vaddr;

	if (!mlu_rules_recall(rules, offset, &found)) {
		if (!mlu_mapping_vaddr(mapping, dso, offset, &vaddr))
			return step_without_rule(w, mapping);
		if (w->nr_ops > MAX_OPS)
			return count_refusal(w, MLU_CFI_TOO_LONG);
		mlu_rules_learn(rules, offset, vaddr, &w->walk->scratch, &found);
		w->nr_ops += w->walk->scratch.cfi.nr_ops;
	}
	if (found.refusal != MLU_CFI_OK && found.refusal != MLU_CFI_NO_ENTRY)
		return count_refusal(w, found.refusal);
	if (mlu_frame_is_made_by_hand(&w->regs, found.rule) && !is_sigreturn(w))
		return end_at_coroutine(w, found.rule);
	if (found.refusal == MLU_CFI_NO_ENTRY)
		return step_without_rule(w, mapping);
	if (found.rule->signal) {
		w->limit = 0;
		w->walk->nr_by_signal++;
	} else {
		w->walk->nr_by_rule++;
	}
	return walk_end_of(w, mlu_frame_by_rule(&rules->cfi, found.rule, w->memory, &w->regs));
}

/* Go from a frame whose code is in @mapping to its caller. */
static unsigned int step_to_caller(struct walker *w, const struct mlu_mapping *mapping)
{
	struct mlu_dso *dso;

	if (!mapping)
		return MLU_WALK_UNREAD;
	switch (mlu_mapping_rules(mapping, &dso)) {
	case MLU_RULES_THERE:
		return step_by_rule(w, mapping, dso);
	case MLU_RULES_NONE:
		return step_without_rule(w, mapping);
	case MLU_RULES_PENDING:
		w->walk->pending = true;
		return MLU_WALK_UNREAD;
	default:
		return MLU_WALK_UNREAD;
	}
}

/* === The walk === */

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

static void reset_walk(struct mlu_walk *walk)
{
	walk->trace.nr = 0;
	walk->trace.nr_hashed = 0;
	walk->pending = false;
	walk->is_regular = true;
	walk->joined = NULL;
	walk->nr_by_rule = 0;
	walk->nr_by_pointer = 0;
	walk->nr_by_signal = 0;
}

/* Return: true if the walk is complete. */
static bool walk_simple_frames(struct walker *w, unsigned int depth)
{
	const struct mlu_registers *regs = &w->regs;

	return w->is_fast && !regs->interrupted && regs->known & BIT(MLU_CFI_SP) &&
	       !(regs->saved & BIT(MLU_CFI_SP)) &&
	       mlu_unwind_fast(w->maps, depth, &w->regs, w->walk);
}

static void walk_stack(struct walker *w, unsigned int depth)
{
	struct mlu_walk *walk = w->walk;
	struct mlu_mapping *mapping;
	unsigned int end;

	reset_walk(walk);
	for (;;) {
		if (walk_simple_frames(w, depth))
			return;
		if (!append_frame(w, &mapping)) {
			end = MLU_WALK_PC;
			break;
		}
		w->is_noted = false;
		end = step_to_caller(w, mapping);
		walk->is_regular &= w->is_noted;
		if (walk->trace.nr == depth && end != MLU_WALK_END)
			end = MLU_WALK_DEPTH;
		if (end != GOES_ON)
			break;
		if (!w->copy)
			w->regs.pc = mlu_umem_return_address(w->at_return, w->regs.slot,
							     w->regs.pc);
	}
	walk->trace.end = end;
	walk->is_regular &= end == MLU_WALK_END;
	if (end != MLU_WALK_UNREAD)
		walk->pending = false;
}

/**
 * mlu_unwind() - walk current's stack from a call to an allocator
 * @maps: the mappings of current's target
 * @counters: the counters of its epoch
 * @start: the caller's registers
 * @depth: the largest number of frames, 1 to MLU_MAX_DEPTH
 * @walk: filled in: the trace but for its kind and hash, and whether the walk ended as unread
 *	because of unwind data that is still being read, and whether it can be added to the cache
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_unwind(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		const struct mlu_unwind_start *start, unsigned int depth, struct mlu_walk *walk)
{
	struct walker w = walker_of_current(maps, counters, start, walk);

	/* Replaced return addresses are looked up by the other functions only. */
	w.is_fast = !start->at_return && !mlu_return_instances(false);
	walk->version = mlu_maps_version(maps);
	walk_stack(&w, depth);
	/* unwind_fast.c does not follow all registers, and this walk needed one of the others. */
	if (w.is_fast && walk->trace.end == MLU_WALK_REGISTER) {
		w = walker_of_current(maps, counters, start, walk);
		walk_stack(&w, depth);
	}
	walk->is_regular &= w.is_fast;
}

/**
 * mlu_unwind_copy() - walk a stack that was copied
 * @maps: the mappings of its target
 * @counters: the counters of the event's epoch
 * @registers: the caller's registers
 * @copy: the copy of the stack
 * @depth: the largest number of frames, 1 to MLU_MAX_DEPTH
 * @walk: filled in, as by mlu_unwind()
 *
 * Context: Process context. Does not sleep.
 */
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

	walk_stack(&w, depth);
}

/* Has the step led to the caller that returns through @slot, or past it? */
static bool is_reached(const struct walker *w, u64 slot, enum mlu_reach *reach)
{
	if (w->regs.interrupted)
		*reach = MLU_REACH_NO;
	else if (w->regs.slot == slot)
		*reach = MLU_REACH_YES;
	else if (!(w->regs.known & BIT(MLU_CFI_SP)) || w->regs.saved & BIT(MLU_CFI_RSP))
		*reach = MLU_REACH_UNKNOWN;
	else if (w->regs.value[MLU_CFI_SP] > slot)
		*reach = w->walk->nr_by_pointer ? MLU_REACH_UNKNOWN : MLU_REACH_NO;
	else
		return false;
	return true;
}

/**
 * mlu_unwind_reaches() - is a call made within another one that has its return address in @slot?
 * @maps: the mappings of current's target
 * @counters: the counters of its epoch
 * @start: the registers of the inner call's caller
 * @slot: the outer call's return slot
 * @walk: a buffer; what was in it is lost
 *
 * It is if @slot belongs to a frame of the stack as it is now, whatever function the outer one has
 * jumped to, and if no signal handler lies between the two. A slot that was left by longjmp holds
 * its old value for a while, but then it lies within a frame.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: MLU_REACH_UNKNOWN if the walk ends before it gets there.
 */
enum mlu_reach mlu_unwind_reaches(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
				  const struct mlu_unwind_start *start, unsigned long slot,
				  struct mlu_walk *walk)
{
	struct walker w = walker_of_current(maps, counters, start, walk);
	struct mlu_mapping *mapping;
	enum mlu_reach reach;
	unsigned int end;

	reset_walk(walk);
	while (walk->trace.nr < MLU_MAX_DEPTH) {
		if (!append_frame(&w, &mapping))
			break;
		end = step_to_caller(&w, mapping);
		/* A frame pointer may have skipped frames: then only a match proves something. */
		if (end == MLU_WALK_END && !walk->nr_by_pointer)
			return MLU_REACH_NO;
		if (end != GOES_ON)
			break;
		if (is_reached(&w, slot, &reach))
			return reach;
		w.regs.pc = mlu_umem_return_address(w.at_return, w.regs.slot, w.regs.pc);
	}
	return MLU_REACH_UNKNOWN;
}

/**
 * mlu_unwind_count() - count how a walk ended and by what means
 * @counters: the counters of the event's epoch
 * @walk: the walk
 *
 * Called for one walk per event only: not for one that is deferred.
 *
 * Context: Any. Does not sleep.
 */
void mlu_unwind_count(struct mlu_counters __percpu *counters, const struct mlu_walk *walk)
{
	mlu_count_index(counters, MLU_COUNT_walk_end + walk->trace.end);
	mlu_count_add(counters, frames_by_rule, walk->nr_by_rule);
	if (walk->nr_by_pointer)
		mlu_count_add(counters, frames_by_pointer, walk->nr_by_pointer);
	if (walk->nr_by_signal)
		mlu_count_add(counters, frames_by_signal, walk->nr_by_signal);
}
