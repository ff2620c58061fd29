// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handlers and the filter of the probes that targets share.
 *
 * Context: The filter is called by the uprobe core under the mmap_lock of any process, when a
 * consumer is registered or a file is mapped. A handler is called in the traced task, in process
 * context, and must not sleep. Both run in any process that has the breakpoint; they access only
 * the consumer's constant members and what RCU protects: the targets, and the uses of a probe.
 *
 * Locks: none but RCU.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>

#include "adopt.h"
#include "compat.h"
#include "events.h"
#include "execute.h"
#include "frees.h"
#include "probes.h"
#include "probe_handlers.h"

static atomic64_t foreign_hits;

static const struct mlu_probe *consumer_probe(struct uprobe_consumer *uc)
{
	return container_of(to_mlu_consumer(uc), struct mlu_probe, consumer);
}

static const struct mlu_function *consumer_function(struct uprobe_consumer *uc)
{
	return &consumer_probe(uc)->function;
}

/* Return: true if the process with this mm uses the probe. */
static bool is_used_by(struct uprobe_consumer *uc, const struct mm_struct *mm)
{
	const struct mlu_use *use;
	bool is_used = false, is_of_group = false;

	rcu_read_lock();
	list_for_each_entry_rcu(use, &consumer_probe(uc)->uses, node) {
		is_used |= use->mm == mm;
		is_of_group |= !!use->group;
	}
	if (!is_used && is_of_group)
		is_used = mlu_adopt_uses(consumer_probe(uc), mm);
	rcu_read_unlock();
	return is_used;
}

/* Called by the core under the mmap_lock of @mm; takes no lock but RCU. */
static MLU_UPROBE_FILTER(accept_users)
{
	return is_used_by(uc, mm);
}

/*
 * Current is no target. It was forked with its parent's breakpoints, or its target is just being
 * ended: the core is to remove the breakpoint. Or it should be a target, and the event is lost.
 */
static noinline int refuse_current(struct uprobe_consumer *uc)
{
	if (mlu_adopt_uses(consumer_probe(uc), current->mm))
		return 0;
	atomic64_inc(&foreign_hits);
	return UPROBE_HANDLER_REMOVE;
}

/* Within rcu_read_lock(). Return: the target, which may have been made just now, or NULL. */
static __always_inline struct mlu_target *target_of_current(struct uprobe_consumer *uc)
{
	struct mlu_target *target = mlu_target_of_mm(current->mm);

	return likely(target) ? target : mlu_adopt_current(consumer_probe(uc));
}

/*
 * A thread that a return probe would kill, because of a change since the attach. Until the exits
 * are probed, its calls are not followed.
 */
static noinline void enter_without_return_probe(struct mlu_target *target,
						const struct mlu_function *function,
						struct pt_regs *regs)
{
	/* Pairs with mlu_late_exits_work(). */
	if (function->has_exits && smp_load_acquire(&target->has_exits)) {
		mlu_event_enter_by_exit(target, function, regs);
		return;
	}
	mlu_event_unfollowed(target, function, regs);
	if (function->has_exits)
		mlu_target_want_exits(target);
}

static MLU_UPROBE_HANDLER(on_entry)
{
	const struct mlu_function *function = consumer_function(uc);
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = target_of_current(uc);
	if (!target) {
		ret = refuse_current(uc);
	} else if (mlu_return_probe_would_kill_current()) {
		enter_without_return_probe(target, function, regs);
		ret = MLU_HANDLER_NO_RETURN;
	} else if (!mlu_event_enter(target, function, regs) && MLU_CAN_DECLINE_RETURN) {
		ret = MLU_HANDLER_NO_RETURN;
	}
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_HANDLER(on_entry_with_exits)
{
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = target_of_current(uc);
	if (target)
		mlu_event_enter_by_exit(target, consumer_function(uc), regs);
	else
		ret = refuse_current(uc);
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_HANDLER(on_exit)
{
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = target_of_current(uc);
	if (target)
		mlu_event_exit(target, regs, consumer_probe(uc)->kind - MLU_PROBE_EXIT,
			       !mlu_has_other_consumers(to_mlu_consumer(uc)));
	else
		ret = refuse_current(uc);
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_HANDLER(on_leave)
{
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = target_of_current(uc);
	if (target)
		mlu_event_leave(target, regs, consumer_probe(uc)->exit_len);
	else
		ret = refuse_current(uc);
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_HANDLER(on_free)
{
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = target_of_current(uc);
	if (target)
		mlu_event_free(target, consumer_function(uc), regs);
	else
		ret = refuse_current(uc);
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_RETURN(on_return)
{
	struct mlu_target *target;

	rcu_read_lock();
	target = mlu_target_of_mm(current->mm);
	if (target)
		mlu_event_return(target, consumer_function(uc), regs);
	rcu_read_unlock();
	return 0;
}

/* === Probes whose handler executes the instruction === */

/*
 * @ret: of the handler of the event. If it requests the removal of the breakpoint, then the process
 * is foreign, or the core must not prepare a return probe: the instruction is left to the core.
 */
static int execute_step(struct uprobe_consumer *uc, struct pt_regs *regs, int ret)
{
	if (ret != UPROBE_HANDLER_REMOVE)
		mlu_execute(to_mlu_consumer(uc), &consumer_probe(uc)->step, regs);
	return ret;
}

static MLU_UPROBE_HANDLER(on_entry_executed)
{
	return execute_step(uc, regs, on_entry(MLU_HANDLER_ARGS));
}

static MLU_UPROBE_HANDLER(on_entry_with_exits_executed)
{
	return execute_step(uc, regs, on_entry_with_exits(MLU_HANDLER_ARGS));
}

static MLU_UPROBE_HANDLER(on_free_executed)
{
	return execute_step(uc, regs, on_free(MLU_HANDLER_ARGS));
}

static typeof_member(struct uprobe_consumer, handler) handler_of(const struct mlu_probe *probe)
{
	bool is_executed = mlu_probe_is_executed(probe);

	switch (probe->kind) {
	case MLU_PROBE_FREE:
		return is_executed ? on_free_executed : on_free;
	case MLU_PROBE_RETURN:
		return is_executed ? on_entry_executed : on_entry;
	case MLU_PROBE_ENTRY:
		return is_executed ? on_entry_with_exits_executed : on_entry_with_exits;
	case MLU_PROBE_LEAVE:
		return on_leave;
	default:
		return on_exit;
	}
}

/* === Functions that only some targets name === */

/* A target that does not use the probe, or a process that is no target. */
static int refuse_unnamed(void)
{
	rcu_read_lock();
	if (!mlu_target_of_mm(current->mm))
		atomic64_inc(&foreign_hits);
	rcu_read_unlock();
	return UPROBE_HANDLER_REMOVE;
}

/* Probes of several sets of names may be at one place. */
static MLU_UPROBE_HANDLER(on_named)
{
	return is_used_by(uc, current->mm) ? handler_of(consumer_probe(uc))(MLU_HANDLER_ARGS) :
					     refuse_unnamed();
}

static MLU_UPROBE_RETURN(on_named_return)
{
	return is_used_by(uc, current->mm) ? on_return(MLU_RETURN_ARGS) : 0;
}

/**
 * mlu_probe_set_handlers() - set the handlers and the filter of a probe's consumer
 * @probe: the probe, with its kind, its place and its names
 */
void mlu_probe_set_handlers(struct mlu_probe *probe)
{
	struct uprobe_consumer *uc = &probe->consumer.uc;

	uc->filter = accept_users;
	uc->handler = probe->names ? on_named : handler_of(probe);
	if (probe->kind == MLU_PROBE_RETURN)
		uc->ret_handler = probe->names ? on_named_return : on_return;
}

/**
 * mlu_foreign_hits() - the number of events in processes that are not targets
 *
 * Return: the number.
 */
u64 mlu_foreign_hits(void)
{
	return atomic64_read(&foreign_hits);
}
