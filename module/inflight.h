/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of a target between their entry and their return: a small stack for each thread. */
#ifndef MLU_INFLIGHT_H
#define MLU_INFLIGHT_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

struct mlu_alloc;
struct mlu_prototype;
struct mlu_stack;

/* Nested calls of a thread.  The kernel follows as many (MAX_URETPROBE_DEPTH), and none beyond. */
#define MLU_INFLIGHT_DEPTH 64

/* One call.  Only its own thread looks at it, until the target has ended. */
struct mlu_call {
	struct hlist_node node;
	const struct task_struct *task; /* compared, never followed */
	u64 task_start;			/* task_structs are reused */
	const struct mlu_prototype *proto;
	unsigned long sp;    /* the address of its return slot */
	unsigned long ret;   /* what was in the slot at entry */
	unsigned long start; /* the function's code */
	unsigned long end;
	unsigned long size;	 /* asked for; ULONG_MAX: more than there can be */
	unsigned long arg;	 /* where posix_memalign() puts the address; the block of a free */
	u64 epoch;		 /* that @stack and @taken belong to */
	struct mlu_stack *stack; /* NULL: to be walked at the return */
	struct mlu_alloc *taken; /* the record of the block that it may free */
	u8 depth;
	u8 kind;       /* enum mlu_kind */
	bool nested;   /* made by an allocator, within a call of another */
	bool unseen;   /* nested, within a call that is not in flight */
	bool filtered; /* its size is outside of min= and max= */
	bool lost;     /* counted as lost already */
	bool unknown;  /* what it frees is not recorded */
	bool partial;  /* what it unmaps is a part of what is recorded */
};

#define MLU_INFLIGHT_BITS 8

/* The last frees of so many threads are remembered for each bucket; more take turns. */
#define MLU_LAST_FREES 2

/*
 * The last free of a thread: it has no return probe, so it is no call in flight, but may map or
 * unmap memory, and call another free.
 */
struct mlu_last_free {
	const struct task_struct *task;
	unsigned long sp;
	unsigned long ret;
	unsigned long start; /* of the function: a wrapper's free is not the one that it calls */
	unsigned long block;
};

struct mlu_inflight {
	struct mlu_inflight_bucket {
		spinlock_t lock;	 /* guards what is in the bucket; a leaf */
		struct hlist_head calls; /* each thread's newest first */
		struct mlu_last_free last_free[MLU_LAST_FREES];
		unsigned int next_free; /* the one to be given away */
	} bucket[1 << MLU_INFLIGHT_BITS];
};

int mlu_inflight_pool_init(void);
void mlu_inflight_pool_exit(void);

struct mlu_inflight *mlu_inflight_new(void);
void mlu_inflight_free(struct mlu_inflight *inflight);

struct mlu_call *mlu_call_new(void);
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
