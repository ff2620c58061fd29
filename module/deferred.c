// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks that wait for unwind data.
 *
 * The first events in a library that has just been opened are handled before its unwind data has
 * been read, and a handler must not wait. The handler saves the registers and a copy of the stack,
 * and records the allocation with a placeholder. When the data has been read, a work walks the copy
 * and sets the stack of the placeholder. Readers wait for that, killably and for at most a second.
 *
 * Context: mlu_deferred_add() is called from handlers, within rcu_read_lock(), and does not sleep;
 * mlu_deferred_wait() is called from readers, mlu_deferred_finish() from the worker.
 * Locking: deferred->lock, a leaf.
 *
 * Lifetime: An event holds a reference on its epoch, so its placeholder stays valid even if the
 * target is cleared. The mappings, and their rules, belong to the target, which finishes its
 * deferred walks before it retires them.
 *
 * Memory: MAX_COPIES bytes in all; if they are used up, an event's stack ends where the data is
 * missing.
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
 * The largest copy of a stack: imports nested within an interpreter use some 30 KiB. An event with
 * its copy is one allocation of 64 KiB, or a smaller one if that fails.
 */
#define MAX_COPY (64 * 1024 - sizeof(struct event))
#define MIN_COPY 1024
/* Bytes of all copies of all targets. */
#define MAX_COPIES (8L << 20)

/* How often the work waits for unwind data per walk, and how long a reader waits for the work. */
#define MAX_WAITS 3
#define WAIT HZ

struct event {
	struct list_head node;
	struct mlu_epoch *epoch;
	struct mlu_stack *placeholder;
	struct mlu_registers registers;
	struct mlu_stack_copy copy;
	unsigned int depth;
	size_t size; /* of this struct with @bytes */
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

/* Return: an event that can hold @want bytes of stack, or fewer if that fails; or NULL. */
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

/* Copy the stack from the stack pointer up to @limit, or as much of it as the event can hold. */
static void fill_event(struct event *event, struct mlu_deferred *deferred,
		       const struct mlu_unwind_start *start, u64 limit)
{
	const struct return_instance *ri = mlu_return_instances(start->at_return);
	u64 from = start->registers.value[MLU_CFI_SP];
	size_t room = min_t(u64, event->size - sizeof(*event), limit - from);
	struct mlu_memory *memory = &event->copy.memory;
	size_t len, done;
	unsigned int page;

	event->registers = start->registers;
	event->copy.limit = limit;
	event->copy.first = current->mm->start_stack;
	memory->copy = event->bytes;
	memory->start = from;
	memory->size = room;
	/* Page by page: some pages of a large array on the stack may never have been touched. */
	for (page = 0, done = 0; done < room; page++, done += len) {
		len = min_t(size_t, room - done, PAGE_SIZE - offset_in_page(from + done));
		if (copy_from_user_nofault(event->bytes + done, (void __user *)(from + done), len))
			memory->holes |= BIT(page);
	}
	/* Restore the return addresses that return probes have replaced by their trampoline. */
	for (; ri; ri = ri->next)
		if (ri->stack >= from && ri->stack - from < room &&
		    room - (ri->stack - from) >= sizeof(long))
			memcpy(event->bytes + (ri->stack - from), &ri->orig_ret_vaddr,
			       sizeof(long));
	/* The code of the stack's frames was mapped before now, and newer mappings do not count. */
	event->copy.time = READ_ONCE(deferred->maps->clock);
}

/**
 * mlu_deferred_add() - copy current's stack, to be walked later
 * @deferred: the deferred walks of current's target
 * @epoch: the target's epoch
 * @start: the caller's registers
 * @depth: the largest number of frames
 * @trace: the frames that could be walked now, to be shown until then
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: a placeholder, or NULL without memory or if there are too many copies.
 */
struct mlu_stack *mlu_deferred_add(struct mlu_deferred *deferred, struct mlu_epoch *epoch,
				   const struct mlu_unwind_start *start, unsigned int depth,
				   const struct mlu_trace *trace)
{
	unsigned long sp = start->registers.value[MLU_CFI_SP];
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
	/* From here on until the walk is done, the maps keep their history. */
	atomic_inc(&deferred->maps->nr_late_walks);
	/* Within rcu_read_lock() the target's own reference is not dropped. */
	refcount_inc(&epoch->refs);
	event->epoch = epoch;
	fill_event(event, deferred, start, limit);
	mlu_count(epoch->counters, deferred);
	spin_lock(&deferred->lock);
	list_add_tail(&event->node, &deferred->events);
	spin_unlock(&deferred->lock);
	/* Now the event belongs to the work; the placeholder lives as long as the epoch. */
	queue_work(mlu_compute_wq, &deferred->work);
	return placeholder;
}

/* === Later === */

static struct event *first_event(struct mlu_deferred *deferred)
{
	struct event *event;

	spin_lock(&deferred->lock);
	event = list_first_entry_or_null(&deferred->events, struct event, node);
	spin_unlock(&deferred->lock);
	return event;
}

/* Walk an event's copy, and set the stack of its placeholder. */
static void walk_event(struct mlu_deferred *deferred, struct event *event, struct mlu_walk *walk)
{
	struct mlu_counters __percpu *counters = event->epoch->counters;
	struct mlu_stack *stack;
	unsigned int tries;

	/* Wait for the data of each object in which the walk ends, up to MAX_WAITS times. */
	for (tries = 0; tries < MAX_WAITS; tries++) {
		mlu_unwind_copy(deferred->maps, counters, &event->registers, &event->copy,
				event->depth, walk);
		if (!walk->pending)
			break;
		mlu_maps_wait_or_give_up(deferred->maps);
	}
	walk->trace.kind = event->placeholder->kind;
	mlu_unwind_count(counters, walk);
	rcu_read_lock();
	stack = mlu_stacks_intern(&event->epoch->stacks, &walk->trace);
	rcu_read_unlock();
	/* Without memory it stays as it is: unread. */
	if (!IS_ERR(stack))
		mlu_stack_resolve(event->placeholder, stack);
}

static void walk_all(struct work_struct *work)
{
	struct mlu_deferred *deferred = container_of(work, struct mlu_deferred, work);
	struct mlu_walk *walk = kmalloc(sizeof(*walk), GFP_KERNEL);
	struct event *event;

	while ((event = first_event(deferred))) {
		if (walk)
			walk_event(deferred, event, walk);
		/* The event stays in the list until here: an empty list means that all are done. */
		spin_lock(&deferred->lock);
		list_del(&event->node);
		spin_unlock(&deferred->lock);
		atomic_dec(&deferred->maps->nr_late_walks);
		mlu_epoch_put(event->epoch);
		event_free(event);
		wake_up_all(&walked);
		cond_resched();
	}
	kfree(walk);
}

/**
 * mlu_deferred_init() - initialize the deferred walks of a target
 * @deferred: the deferred walks
 * @maps: the target's mappings
 */
void mlu_deferred_init(struct mlu_deferred *deferred, struct mlu_maps *maps)
{
	deferred->maps = maps;
	spin_lock_init(&deferred->lock);
	INIT_LIST_HEAD(&deferred->events);
	INIT_WORK(&deferred->work, walk_all);
}

/**
 * mlu_deferred_wait() - wait for the walks, killably, for at most a second
 * @deferred: the deferred walks of a target
 *
 * Context: Process context. May sleep.
 */
void mlu_deferred_wait(struct mlu_deferred *deferred)
{
	wait_event_killable_timeout(walked, !first_event(deferred), WAIT);
}

/**
 * mlu_deferred_finish() - wait for all walks of a target that has no more events
 * @deferred: the deferred walks of the target
 *
 * Context: Worker, after mlu_maps_close(), so that no unwind data that they wait for is pending.
 */
void mlu_deferred_finish(struct mlu_deferred *deferred)
{
	flush_work(&deferred->work);
}
