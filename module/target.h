/* SPDX-License-Identifier: GPL-2.0-only */
/* One traced process: who it is, how far it has come, what was recorded of it. */
#ifndef MLU_TARGET_H
#define MLU_TARGET_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "deferred.h"
#include "epoch.h"
#include "inflight.h"
#include "maps.h"

struct dentry;
struct mlu_use;

#define MLU_NAME_MAX 255

/* The keys of attach; docs/ABI says what they mean. */
struct mlu_options {
	u64 min;
	u64 max;
	u64 depth;
	u64 older_ms;
	u64 bound;
	char object[MLU_NAME_MAX + 1];
};

extern const struct mlu_options mlu_default_options;

enum mlu_state {
	MLU_ATTACHING, /* in no list yet */
	MLU_TRACING,
	MLU_DETACHING,
	MLU_DETACHED,
	MLU_EXITED,
	MLU_EXEC,
};

/*
 * References: the list of targets, while it is in it; its mmu notifier, from attach to the
 * notifier's end; each open file that reads it.
 */
struct mlu_target {
	struct kref refs;
	struct rcu_head rcu;

	/* Constant from attach on. */
	u32 id;		 /* never reused */
	struct pid *pid; /* of the thread group */
	char comm[TASK_COMM_LEN];
	struct mlu_options options;
	const void *bound_to; /* the session that it lives as long as, or NULL; compared only */
	u64 attached_ns;

	/* What handlers look at, within rcu_read_lock(). */
	struct hlist_node hash_node;
	struct mm_struct *mm;	  /* mmgrab()bed from attach to its end; a key, not followed */
	bool gate;		  /* events count */
	unsigned long trampoline; /* where return probes send it; 0: not known yet */
	struct mlu_epoch __rcu *epoch;
	struct mlu_inflight *inflight;
	struct mlu_maps maps;
	struct mlu_deferred deferred;

	/* Guarded by mlu_targets_lock. */
	struct list_head node;
	enum mlu_state state;
	u64 ended_ns;	      /* 0: it has not */
	struct mlu_use *uses; /* its probes */
	unsigned int nr_uses;

	/* The worker's own. */
	struct dentry *dir;
	struct mlu_use *old_uses; /* being taken out */
	struct mlu_watch *watch;
	struct work_struct end_work;
	enum mlu_state end_state; /* exited or exec, written once by the notifier */
};

/* The targets, oldest first.  A leaf but for what kmalloc() takes; never taken in a handler. */
extern struct mutex mlu_targets_lock;
extern struct list_head mlu_targets;

struct mlu_target *mlu_target_new(struct pid *pid, struct task_struct *task,
				  const struct mlu_options *options);
struct mlu_target *mlu_target_get(struct mlu_target *target);
void mlu_target_put(struct mlu_target *target);

void mlu_target_publish(struct mlu_target *target);
void mlu_target_unpublish(struct mlu_target *target);
struct mlu_target *mlu_target_of_mm(const struct mm_struct *mm);

static inline void mlu_target_gate(struct mlu_target *target, bool open)
{
	WRITE_ONCE(target->gate, open);
}

struct mlu_epoch *mlu_target_epoch_get(struct mlu_target *target);
int mlu_target_new_epoch(struct mlu_target *target);
void mlu_target_drop_records(struct mlu_target *target);
void mlu_target_drain(struct mlu_target *target);

int mlu_target_watch(struct mlu_target *target, struct mm_struct *mm,
		     void (*ended)(struct work_struct *work), struct workqueue_struct *wq);
void mlu_target_unwatch(struct mlu_target *target);
void mlu_target_watch_exit(void);

u64 mlu_target_now(const struct mlu_target *target);
const char *mlu_state_name(enum mlu_state state);

/* Is it one that can still be detached?  mlu_targets_lock is held. */
static inline bool mlu_target_is_live(const struct mlu_target *target)
{
	return target->state <= MLU_DETACHING;
}

#endif /* MLU_TARGET_H */
