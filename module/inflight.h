/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of a target between their entry and their return: a small stack per thread. */
#ifndef MLU_INFLIGHT_H
#define MLU_INFLIGHT_H

#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

struct mlu_alloc;
struct mlu_prototype;
struct mlu_stack;

/* Nested calls of one thread. The kernel follows no more (MAX_URETPROBE_DEPTH). */
#define MLU_INFLIGHT_DEPTH 64

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
 * @size: requested bytes; ULONG_MAX if the product overflows
 * @arg: where posix_memalign() stores the address; the block of a free
 * @epoch: id of the epoch of @stack and @taken
 * @stack: stack of the allocation; NULL: walked at the return
 * @taken: record of the block that it may free
 * @depth: number of calls of the thread that it is made within
 * @kind: enum mlu_kind
 * @nested: made by an allocator, within another call
 * @unseen: nested, within a call that is not in flight
 * @filtered: its size is outside of min= and max=
 * @lost: already counted as lost
 * @unknown: the block that it frees is not recorded
 * @partial: it unmaps a part of a recorded mapping
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
	u64 epoch;
	struct mlu_stack *stack;
	struct mlu_alloc *taken;
	u8 depth;
	u8 kind;
	bool nested;
	bool unseen;
	bool filtered;
	bool lost;
	bool unknown;
	bool partial;
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

struct mlu_call *mlu_call_new(struct mlu_inflight *inflight, bool is_only);
void mlu_call_free(struct mlu_call *call);
void mlu_inflight_push(struct mlu_inflight *inflight, struct mlu_call *call);
struct mlu_call *mlu_inflight_top(struct mlu_inflight *inflight);
void mlu_inflight_pop(struct mlu_inflight *inflight, struct mlu_call *call);
bool mlu_inflight_last_free(struct mlu_inflight *inflight, struct mlu_last_free *last);
bool mlu_inflight_note_free(struct mlu_inflight *inflight, const struct mlu_call *call,
			    struct mlu_last_free *last);
void mlu_inflight_restore_free(struct mlu_inflight *inflight, const struct mlu_last_free *last);
struct mlu_call *mlu_inflight_pop_any(struct mlu_inflight *inflight);

#endif /* MLU_INFLIGHT_H */
