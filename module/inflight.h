/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of a target between their entry and their return: a small stack per thread. */
#ifndef MLU_INFLIGHT_H
#define MLU_INFLIGHT_H

#include <linux/cache.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

struct mlu_alloc;
struct mlu_prototype;
struct mlu_stack;

/* Nested calls of one thread. The kernel follows no more (MAX_URETPROBE_DEPTH). */
#define MLU_INFLIGHT_DEPTH 64

/* Why an allocation is not recorded, although nothing has failed. */
enum mlu_skip {
	MLU_SKIP_NONE, /* it is recorded */
	MLU_SKIP_SIZE,
	MLU_SKIP_SAMPLE,
	MLU_SKIP_FROZEN,
} __packed;

/**
 * struct mlu_call - a call between its entry and its return
 * @node: entry in the list of its bucket, unless it is the bucket's own
 * @task: its thread; compared, never dereferenced; NULL: the bucket's own call is not in flight
 * @task_start: the thread's start time, since task_structs are reused
 * @proto: the prototype of the function
 * @sp: address of its return slot
 * @ret: return address; 0: could not be read
 * @start: start of the function's code
 * @end: end of the function's code
 * @size: requested bytes; ULONG_MAX if the product overflows; brk: the new break
 * @arg: where posix_memalign() stores the address; the block of a free; the mapping of mremap; the
 *	break before brk
 * @old_size: (mremap) the size of the mapping, not aligned
 * @flags: (mmap, mremap) the flags
 * @epoch: id of the epoch of @stack and @taken
 * @stack: stack of the allocation; NULL: walked at the return
 * @taken: record of the block that it may free
 * @depth: number of calls of the thread that it is made within
 * @kind: enum mlu_kind
 * @nested: made by an allocator, within another call
 * @unseen: nested, within a call that is not in flight
 * @skip: why it is not recorded
 * @by_exit: its return is seen by exit probes, not by a return probe
 * @lost: already counted as lost
 * @unknown: the block that it frees is not recorded
 * @is_own: it is embedded in its bucket
 *
 * Used by its own thread only, until the target has ended.
 */
struct mlu_call {
	struct hlist_node node;
	const struct task_struct *task;
	u64 task_start;
	const struct mlu_prototype *proto;
	unsigned long sp;
	unsigned long ret;
	unsigned long start;
	unsigned long end;
	unsigned long size;
	unsigned long arg;
	unsigned long old_size;
	u64 epoch;
	struct mlu_stack *stack;
	struct mlu_alloc *taken;
	unsigned int flags;
	u8 depth;
	u8 kind;
	bool nested;
	bool unseen;
	enum mlu_skip skip;
	bool by_exit;
	bool lost;
	bool unknown;
	bool is_own;
};

#define MLU_INFLIGHT_BITS 8

/* Last frees per bucket. If more threads share a bucket, they replace each other's. */
#define MLU_LAST_FREES 2

/**
 * struct mlu_last_free - the last free of a thread
 * @task: the thread
 * @sp: address of the return slot
 * @ret: return address
 * @start: start of the function's code: a wrapper's free differs from the one it calls
 * @block: the block that is freed
 *
 * free has no return probe, so it is no call in flight. But it may map or unmap memory, and call
 * another free.
 */
struct mlu_last_free {
	const struct task_struct *task;
	unsigned long sp;
	unsigned long ret;
	unsigned long start;
	unsigned long block;
};

/**
 * struct mlu_inflight - the calls in flight of one target, hashed by thread
 * @bucket: the hash table
 * @bucket.owner: the thread that uses @bucket.own; NULL: none
 * @bucket.own: the first call of a thread that found it free: nearly all calls
 * @bucket.lock: protects the rest of the bucket
 * @bucket.calls: the other calls, each thread's newest first
 * @bucket.last_free: the last frees of some threads
 * @bucket.next_free: index of the last free to be replaced next
 */
struct mlu_inflight {
	struct mlu_inflight_bucket {
		const struct task_struct *owner;
		struct mlu_call own;
		spinlock_t lock; /* a leaf */
		struct hlist_head calls;
		struct mlu_last_free last_free[MLU_LAST_FREES];
		unsigned int next_free;
	} ____cacheline_aligned bucket[1 << MLU_INFLIGHT_BITS];
};

int mlu_inflight_pool_init(void);
void mlu_inflight_pool_exit(void);

struct mlu_inflight *mlu_inflight_new(void);
void mlu_inflight_free(struct mlu_inflight *inflight);

struct mlu_call *mlu_call_alloc(void);
void mlu_call_release(struct mlu_call *call);
void mlu_inflight_list(struct mlu_inflight_bucket *bucket, struct mlu_call *call);
void mlu_inflight_unlist(struct mlu_inflight_bucket *bucket, struct mlu_call *call);
struct mlu_call *mlu_inflight_listed(struct mlu_inflight_bucket *bucket);

static inline struct mlu_inflight_bucket *mlu_inflight_bucket(struct mlu_inflight *inflight,
							      const struct task_struct *task)
{
	return &inflight->bucket[hash_ptr(task, MLU_INFLIGHT_BITS)];
}

/* Return: true if @call, one of current or of a dead task, returns at an exit probe at @sp. */
static inline bool mlu_call_is_exiting(const struct mlu_call *call, unsigned long sp)
{
	return call->by_exit && call->sp == sp && call->task_start == current->start_time;
}

/**
 * mlu_call_new() - get a call of current that is not in flight yet
 * @inflight: the table that it will be pushed to
 * @is_only: current has no call in flight
 *
 * The caller fills it in and pushes it.
 *
 * Context: Handler. Does not sleep.
 * Return: the call, of which proto, sp, ret, start, end, size, epoch and kind are not set,
 * nor what only mappings have;
 * ERR_PTR(-ENOSPC) at the memory limit, ERR_PTR(-ENOMEM) without memory.
 */
static inline struct mlu_call *mlu_call_new(struct mlu_inflight *inflight, bool is_only)
{
	struct mlu_inflight_bucket *bucket = mlu_inflight_bucket(inflight, current);
	struct mlu_call *call = &bucket->own;
	/* Pairs with mlu_call_free(). */
	bool is_own = is_only && !READ_ONCE(bucket->owner) &&
		      !cmpxchg(&bucket->owner, NULL, current);

	if (!is_own) {
		call = mlu_call_alloc();
		if (IS_ERR(call))
			return call;
	}
	call->task_start = current->start_time;
	call->arg = 0;
	call->stack = NULL;
	call->taken = NULL;
	call->depth = 0;
	call->nested = false;
	call->unseen = false;
	call->skip = MLU_SKIP_NONE;
	call->by_exit = false;
	call->lost = false;
	call->unknown = false;
	call->is_own = is_own;
	return call;
}

/**
 * mlu_call_free() - free a call that is not in flight
 * @call: the call
 */
static inline void mlu_call_free(struct mlu_call *call)
{
	struct mlu_inflight_bucket *bucket;

	if (call->is_own) {
		bucket = container_of(call, struct mlu_inflight_bucket, own);
		/* Pairs with mlu_call_new(): the next owner's writes come after ours. */
		smp_store_release(&bucket->owner, NULL);
	} else {
		mlu_call_release(call);
	}
}

/**
 * mlu_inflight_push() - add the newest call of current
 * @inflight: the table
 * @call: the call, which belongs to the table from now on
 *
 * Context: Handler. Does not sleep. May take and release the bucket's lock.
 */
static inline void mlu_inflight_push(struct mlu_inflight *inflight, struct mlu_call *call)
{
	call->task = current;
	if (!call->is_own)
		mlu_inflight_list(mlu_inflight_bucket(inflight, current), call);
}

/**
 * mlu_inflight_top() - get the newest call of current
 * @inflight: the table
 *
 * The list is checked without the lock: what current has pushed is visible to it, and other
 * threads' calls do not matter.
 *
 * Context: Handler. Does not sleep. May take and release the bucket's lock.
 * Return: the call, still in flight, or NULL. It may be one of a dead task that had the same
 * task_struct.
 */
static inline struct mlu_call *mlu_inflight_top(struct mlu_inflight *inflight)
{
	struct mlu_inflight_bucket *bucket = mlu_inflight_bucket(inflight, current);
	struct mlu_call *call = NULL;

	if (READ_ONCE(bucket->calls.first))
		call = mlu_inflight_listed(bucket);
	if (!call && READ_ONCE(bucket->owner) == current && bucket->own.task)
		call = &bucket->own;
	return call;
}

/**
 * mlu_inflight_pop() - remove a call
 * @inflight: the table
 * @call: the call, which belongs to the caller from now on
 *
 * Context: Handler. Does not sleep. May take and release the bucket's lock.
 */
static inline void mlu_inflight_pop(struct mlu_inflight *inflight, struct mlu_call *call)
{
	if (call->is_own)
		call->task = NULL;
	else
		mlu_inflight_unlist(mlu_inflight_bucket(inflight, call->task), call);
}

/* Current's entry among a bucket's last frees, or NULL. Under the bucket's lock. */
static inline struct mlu_last_free *mlu_last_free_find(struct mlu_inflight_bucket *bucket)
{
	unsigned int i;

	for (i = 0; i < MLU_LAST_FREES; i++)
		if (bucket->last_free[i].task == current)
			return &bucket->last_free[i];
	return NULL;
}

/*
 * Return: false if the free @last cannot be under way while a call to the function at @start, with
 * its return slot at @sp, begins: the stack was popped since, or a loop calls the function again.
 */
static inline bool mlu_last_free_may_continue(const struct mlu_last_free *last, unsigned long sp,
					      unsigned long start)
{
	return last->sp > sp || (last->sp == sp && last->start != start);
}

static inline void mlu_last_free_set(struct mlu_inflight_bucket *bucket,
				     struct mlu_last_free *noted, unsigned long sp,
				     unsigned long ret, unsigned long start, unsigned long block)
{
	/* Most of the others are of threads that have ended. A thread reuses its own. */
	if (!noted)
		noted = &bucket->last_free[bucket->next_free++ % MLU_LAST_FREES];
	noted->task = current;
	noted->sp = sp;
	noted->ret = ret;
	noted->start = start;
	noted->block = block;
}

/**
 * mlu_inflight_note_free() - note that current calls free, unless its last one may be under way
 * @inflight: the table
 * @sp: address of the return slot
 * @ret: return address
 * @start: start of the function's code
 * @block: the block that is freed
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 * Return: false if the last one may be under way, see mlu_inflight_replace_free().
 */
static inline bool mlu_inflight_note_free(struct mlu_inflight *inflight, unsigned long sp,
					  unsigned long ret, unsigned long start,
					  unsigned long block)
{
	struct mlu_inflight_bucket *bucket = mlu_inflight_bucket(inflight, current);
	struct mlu_last_free *noted;
	bool may_note;

	spin_lock(&bucket->lock);
	noted = mlu_last_free_find(bucket);
	may_note = !noted || !mlu_last_free_may_continue(noted, sp, start);
	if (may_note)
		mlu_last_free_set(bucket, noted, sp, ret, start, block);
	spin_unlock(&bucket->lock);
	return may_note;
}

struct mlu_call *mlu_inflight_find_exit(struct mlu_inflight *inflight, unsigned long sp);
bool mlu_inflight_last_free(struct mlu_inflight *inflight, const struct mlu_call *call,
			    struct mlu_last_free *last);
bool mlu_inflight_replace_free(struct mlu_inflight *inflight, const struct mlu_call *call,
			       struct mlu_last_free *last);
void mlu_inflight_restore_free(struct mlu_inflight *inflight, const struct mlu_last_free *last);
struct mlu_call *mlu_inflight_pop_any(struct mlu_inflight *inflight);

#endif /* MLU_INFLIGHT_H */
