// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks that wait for unwind data.
 *
 * The first events in a library that was just opened come before its unwind data has been read, and
 * a handler waits for nothing.  So such an event keeps its registers and a copy of its stack, and
 * its allocation is recorded with a placeholder; a work walks the copy when the data is there, and
 * the placeholder becomes the same as the stack that was found.  Readers wait for that, killably
 * and a second at most.
 *
 * Entered from: handlers (add; within rcu_read_lock(), do not sleep), the work, readers (wait), the
 * worker (finish).
 * Locks: deferred->lock, a leaf.
 *
 * Ownership: an event holds a reference on its epoch, so its placeholder lives, cleared or not.
 * The maps, and the rules behind them, are the target's: it finishes its deferred walks before it
 * retires them.
 *
 * Bounded: MAX_COPIES bytes in all; beyond that an event's stack ends where the data is missing.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "compat.h"
#include "deferred.h"
#include "dso.h"
#include "mem.h"
#include "umem.h"
#include "workqueues.h"

/*
 * What is copied of a stack, as far as it is used: an import within an import within an interpreter
 * takes some 30 KiB.  An event with it is one piece of 64 KiB; where there is none so large, a
 * smaller one.
 */
#define MAX_COPY (64 * 1024 - sizeof(struct event))
#define MIN_COPY 1024
/* All copies of all targets. */
#define MAX_COPIES (8L << 20)

/* How often the work waits for what a walk needs, and how long a reader for the work. */
#define MAX_WAITS 3
#define WAIT HZ

struct event {
	struct list_head node;
	struct mlu_epoch *epoch;
	struct mlu_stack *placeholder;
	struct mlu_registers registers;
	struct mlu_stack_copy copy;
	unsigned int depth;
	size_t size; /* of all this */
	u8 bytes[];
};

static DECLARE_WAIT_QUEUE_HEAD(walked);
static atomic_long_t copies;

/* === At the event === */

static void event_free(struct event *event)
{
	atomic_long_sub(event->size, &copies);
	mlu_mem_free(MLU_MEM_UNWIND, event, event->size);
}

/* With room for @want bytes of stack, or for fewer, if there is not so much memory at a piece. */
static struct event *event_new(size_t want)
{
	struct event *event = NULL;
	size_t size;

	for (want = max_t(size_t, want, MIN_COPY); !event && want >= MIN_COPY; want /= 2) {
		size = sizeof(*event) + want;
		if (atomic_long_add_return(size, &copies) <= MAX_COPIES)
			event = mlu_mem_zalloc(MLU_MEM_UNWIND, size, MLU_GFP);
		if (event)
			event->size = size;
		else
			atomic_long_sub(size, &copies);
	}
	return event;
}

/* Page by page: of a large array on the stack some may never have been touched. */
static void copy_stack(struct mlu_memory *memory, u8 *to)
{
	unsigned int page;
	size_t len, done = 0;

	for (page = 0; done < memory->size; page++) {
		u64 from = memory->start + done;

		len = min_t(size_t, memory->size - done, PAGE_SIZE - offset_in_page(from));
		if (copy_from_user_nofault(to + done, (void __user *)from, len))
			memory->holes |= BIT(page);
		done += len;
	}
}

/* Return probes have put their trampoline into some slots. */
static void put_returns_back(struct event *event, bool at_return)
{
	const struct return_instance *ri = mlu_return_instances(at_return);
	const struct mlu_memory *memory = &event->copy.memory;

	for (; ri; ri = ri->next)
		if (ri->stack >= memory->start && ri->stack - memory->start < memory->size &&
		    memory->size - (ri->stack - memory->start) >= sizeof(long))
			memcpy(event->bytes + (ri->stack - memory->start), &ri->orig_ret_vaddr,
			       sizeof(long));
}

static void fill(struct event *event, struct mlu_deferred *deferred,
		 const struct mlu_unwind_start *start, u64 limit)
{
	unsigned long sp = start->registers.value[MLU_CFI_RSP];
	size_t room = min_t(u64, event->size - sizeof(*event), limit - sp);

	event->registers = start->registers;
	event->copy.limit = limit;
	event->copy.first = current->mm->start_stack;
	event->copy.memory.copy = event->bytes;
	event->copy.memory.start = sp;
	event->copy.memory.size = room;
	copy_stack(&event->copy.memory, event->bytes);
	put_returns_back(event, start->at_return);
	/* What has come since the walk is not what it met; the stack's own code is known by now. */
	event->copy.time = READ_ONCE(deferred->maps->clock);
}

/*
 * mlu_deferred_add() - have the stack walked later
 * @trace: how far it was walked now; shown until then
 *
 * Context: handler, within rcu_read_lock(); does not sleep.
 * Return: a placeholder, or NULL: no memory, or too many wait already.
 */
struct mlu_stack *mlu_deferred_add(struct mlu_deferred *deferred, struct mlu_epoch *epoch,
				   const struct mlu_unwind_start *start, unsigned int depth,
				   const struct mlu_trace *trace)
{
	unsigned long sp = start->registers.value[MLU_CFI_RSP];
	u64 limit = mlu_umem_stack_limit(current->mm, sp);
	struct event *event = limit ? event_new(min_t(u64, MAX_COPY, limit - sp)) : NULL;
	struct mlu_stack *placeholder;

	if (!event)
		return NULL;
	placeholder = mlu_stacks_add_pending(&epoch->stacks, trace);
	if (IS_ERR(placeholder)) {
		event_free(event);
		return NULL;
	}
	event->placeholder = placeholder;
	event->depth = depth;
	/* From here on until it is done, the maps leave the past as it was. */
	atomic_inc(&deferred->maps->nr_late_walks);
	/* Within rcu_read_lock() the target's own reference cannot go. */
	refcount_inc(&epoch->refs);
	event->epoch = epoch;
	fill(event, deferred, start, limit);
	mlu_count(epoch->counters, deferred);
	spin_lock(&deferred->lock);
	list_add_tail(&event->node, &deferred->events);
	spin_unlock(&deferred->lock);
	/* From here on the event is the work's; the placeholder lives as long as the epoch. */
	queue_work(mlu_compute_wq, &deferred->work);
	return placeholder;
}

/* === Later === */

/* Wait for what the walk needs, once for each object that may have come in between. */
static void walk_copy(struct mlu_deferred *deferred, struct event *event, struct mlu_walk *walk)
{
	struct mlu_counters __percpu *counters = event->epoch->counters;
	unsigned int tries;

	for (tries = 0; tries < MAX_WAITS; tries++) {
		mlu_unwind_copy(deferred->maps, counters, &event->registers, &event->copy,
				event->depth, walk);
		if (!walk->pending)
			return;
		mlu_maps_wait_or_give_up(deferred->maps);
	}
}

static void resolve(struct event *event, struct mlu_walk *walk)
{
	struct mlu_stack *stack;

	walk->trace.kind = event->placeholder->kind;
	mlu_unwind_count(event->epoch->counters, walk);
	rcu_read_lock();
	stack = mlu_stacks_intern(&event->epoch->stacks, &walk->trace);
	rcu_read_unlock();
	/* Without memory it stays what it is: unread. */
	if (!IS_ERR(stack))
		mlu_stack_resolve(event->placeholder, stack);
}

static struct event *first(struct mlu_deferred *deferred)
{
	struct event *event;

	spin_lock(&deferred->lock);
	event = list_first_entry_or_null(&deferred->events, struct event, node);
	spin_unlock(&deferred->lock);
	return event;
}

/* It stays in the list until it is done: an empty list says that all are. */
static void finish(struct mlu_deferred *deferred, struct event *event)
{
	spin_lock(&deferred->lock);
	list_del(&event->node);
	spin_unlock(&deferred->lock);
	atomic_dec(&deferred->maps->nr_late_walks);
	mlu_epoch_put(event->epoch);
	event_free(event);
	wake_up_all(&walked);
}

static void walk_all(struct work_struct *work)
{
	struct mlu_deferred *deferred = container_of(work, struct mlu_deferred, work);
	struct mlu_walk *walk = kmalloc(sizeof(*walk), GFP_KERNEL);
	struct event *event;

	while ((event = first(deferred))) {
		if (walk) {
			walk_copy(deferred, event, walk);
			resolve(event, walk);
		}
		finish(deferred, event);
		cond_resched();
	}
	kfree(walk);
}

void mlu_deferred_init(struct mlu_deferred *deferred, struct mlu_maps *maps)
{
	deferred->maps = maps;
	spin_lock_init(&deferred->lock);
	INIT_LIST_HEAD(&deferred->events);
	INIT_WORK(&deferred->work, walk_all);
}

static bool is_done(struct mlu_deferred *deferred)
{
	return !first(deferred);
}

/** mlu_deferred_wait() - wait for the walks, killably, a second at most */
void mlu_deferred_wait(struct mlu_deferred *deferred)
{
	wait_event_killable_timeout(walked, is_done(deferred), WAIT);
}

/*
 * mlu_deferred_finish() - no event of the target comes any more: wait for the walks
 *
 * Context: worker, after mlu_maps_close(), so that nothing of what they wait for is pending.
 */
void mlu_deferred_finish(struct mlu_deferred *deferred)
{
	flush_work(&deferred->work);
}
