/* SPDX-License-Identifier: GPL-2.0-only */
/* Targets: traced processes, their state and their records. */
#ifndef MLU_TARGET_H
#define MLU_TARGET_H

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "deferred.h"
#include "epoch.h"
#include "inflight.h"
#include "maps.h"
#include "names.h"
#include "sampler.h"

struct dentry;
struct mlu_group;
struct mlu_prototype;
struct mlu_refused_exits;
struct mlu_watch;

#define MLU_NAME_MAX 255

/**
 * enum mlu_exits_key - the values of exits=
 * @MLU_EXITS_NEEDED: exit probes are used where return probes would harm the target
 * @MLU_EXITS_ALWAYS: they are used for all functions whose exits are found
 */
enum mlu_exits_key {
	MLU_EXITS_NEEDED,
	MLU_EXITS_ALWAYS,
};

/**
 * struct mlu_untraced - an allocator function that is not traced, since its return cannot be seen
 * @node: in the target's list
 * @mapping: the mapping that contains it
 * @proto: the function
 * @refusal: why it is not seen at its exits; a return probe would harm the target
 */
struct mlu_untraced {
	struct list_head node;
	const struct mlu_mapping *mapping;
	const struct mlu_prototype *proto;
	const struct mlu_refused_exits *refusal;
};

/**
 * struct mlu_options - the keys of an attach command, see docs/ABI
 * @min: min=, bytes
 * @max: max=, bytes
 * @depth: depth=, frames
 * @older_ms: older=, milliseconds
 * @bound: bound=, 0 or 1
 * @sample: sample=, bytes; 0: each block is recorded
 * @every: every=, calls; 0 or 1: each call is recorded
 * @exits: exits=, an enum mlu_exits_key
 * @children: children=, 0 or 1
 * @object: object=, or empty; of attach all, the last part of the path
 * @names: prefix= and pair=
 */
struct mlu_options {
	u64 min;
	u64 max;
	u64 depth;
	u64 older_ms;
	u64 bound;
	u64 sample;
	u64 every;
	u64 exits;
	u64 children;
	char object[MLU_NAME_MAX + 1];
	struct mlu_names_spec names;
};

extern const struct mlu_options mlu_default_options;

enum mlu_state {
	MLU_ATTACHING, /* not in the list yet */
	MLU_TRACING,
	MLU_DETACHING,
	MLU_DETACHED,
	MLU_EXITED,
	MLU_EXEC,
};

/**
 * struct mlu_late - the worker's view of what a target has mapped since its attach (late.c)
 * @pending: the mappings whose files are to be examined
 * @round: the number of times that @pending has been walked through
 * @is_scanned: all mappings that there were with @exec_vm and @clock are known
 * @exec_vm: executable pages of the mm at the last scan
 * @clock: the clock of the maps at the last scan
 * @is_full: mappings are missing, as there have been too many
 * @scan_after: in jiffies, the next scan comes not before
 * @patient_at: in jiffies, files that are still being read then are looked at less often
 * @known_ns: at this time all mappings were known and examined
 * @nr_chunks: the number of chunks of probes that were inserted after the attach
 * @has_gone: the file of such a chunk is not mapped any more
 */
struct mlu_late {
	struct list_head pending;
	unsigned int round;
	bool is_scanned;
	unsigned long exec_vm;
	u32 clock;
	bool is_full;
	unsigned long scan_after;
	unsigned long patient_at;
	u64 known_ns;
	unsigned int nr_chunks;
	bool has_gone;
};

/**
 * struct mlu_target - a traced process
 * @refs: held by the list of targets, or by the list of @born ones; by the mmu notifier, from the
 *	attach to free_notifier(); by the queued @end_work and @exits_work; by each open file that
 *	shows the target
 * @rcu: to free the target
 * @id: never reused; this and the following members up to @attached_ns are constant from the
 *	attach on
 * @pid: the thread group
 * @comm: name of the process at the attach
 * @options: the keys of the attach command
 * @kill_reason: why a return probe would end it, or NULL
 * @prefers_exits: the returns of all functions whose exits are found are seen there
 * @group: the group that it is a member of, with a reference, or NULL
 * @bound_to: the session to which the target is bound, or NULL; compared only
 * @attached_ns: time of the attach
 * @hash_node: in the hash by mm; this and the following members up to @deferred are used by
 *	handlers, within rcu_read_lock()
 * @mm: a key, with mmgrab() from the attach to its end; handlers do not dereference it
 * @gate: events count
 * @frozen: no allocations are recorded; changed under mlu_targets_lock
 * @skips: some allocations are not recorded on purpose; never cleared
 * @sampler: which allocations are sampled
 * @is_new: it was made in a handler, and the worker has not completed it: it has no notifier
 * @exits_wanted: a return probe would end a thread, and @exits_work has been queued
 * @has_exits: the exits of all functions that have return probes are probed, too
 * @trampoline: address of the trampoline of return probes; 0: not known yet
 * @epoch: the current records; changed under mlu_targets_lock
 * @inflight: calls between entry and return
 * @maps: the executable mappings
 * @has_late: a library that was mapped after the attach has probes, or had them
 * @deferred: walks that wait for unwind data
 * @born: in the list of targets that the worker has to complete
 * @node: in mlu_targets, or in the spares of its group; this and the following members up to
 *	@uses are protected by mlu_targets_lock
 * @state: the state
 * @ended_ns: time of the end; 0: not ended
 * @frozen_ns: since when it is @frozen
 * @uses: the probes, a list of struct mlu_uses
 * @untraced: functions that are not traced; changed under maps.lock, entries stay
 * @dir: directory in debugfs; this and the following members are used by the worker only
 * @old_uses: probes that are being removed
 * @late: what has been mapped since the attach
 * @inherits: its memory is a copy of another target's: it has the breakpoints already, and the
 *	libraries that are found first were there from the beginning
 * @watch: the mmu notifier
 * @wq: for @end_work and @exits_work
 * @end_work: ends the target when its mm is released
 * @exits_work: adds exit probes where there are return probes
 * @end_state: MLU_EXITED or MLU_EXEC, written once by the notifier; 0: the mm is alive
 */
struct mlu_target {
	refcount_t refs;
	struct rcu_head rcu;

	u32 id;
	struct pid *pid;
	char comm[TASK_COMM_LEN];
	struct mlu_options options;
	const char *kill_reason;
	bool prefers_exits;
	struct mlu_group *group;
	const void *bound_to;
	u64 attached_ns;

	struct hlist_node hash_node;
	struct mm_struct *mm;
	bool gate;
	bool frozen;
	bool skips;
	bool is_new;
	bool exits_wanted;
	bool has_exits;
	struct mlu_sampler sampler;
	unsigned long trampoline;
	struct mlu_epoch __rcu *epoch;
	struct mlu_inflight *inflight;
	struct mlu_maps maps;
	bool has_late;
	struct mlu_deferred deferred;

	struct llist_node born;
	struct list_head node;
	enum mlu_state state;
	u64 ended_ns;
	u64 frozen_ns;
	struct list_head uses;

	struct list_head untraced;

	struct dentry *dir;
	struct list_head old_uses;
	struct mlu_late late;
	bool inherits;
	struct mlu_watch *watch;
	struct workqueue_struct *wq;
	struct work_struct end_work;
	struct work_struct exits_work;
	enum mlu_state end_state;
};

/*
 * The targets, oldest first. Only locks of memory allocation are taken under mlu_targets_lock.
 * It is never taken in a handler.
 */
extern struct mutex mlu_targets_lock;
extern struct list_head mlu_targets;

struct mlu_target *mlu_target_new(struct pid *pid, struct task_struct *task,
				  const struct mlu_options *options);
struct mlu_target *mlu_target_new_spare(const struct mlu_options *options);
void mlu_target_identify(struct mlu_target *target, struct pid *pid, const char *comm);
struct mlu_target *mlu_target_get(struct mlu_target *target);
void mlu_target_put(struct mlu_target *target);

u32 mlu_target_new_id(void);
void mlu_target_limit(unsigned int max);
bool mlu_target_reserve(void);
void mlu_target_unreserve(void);

struct mlu_target *mlu_target_publish(struct mlu_target *target);
void mlu_target_unpublish(struct mlu_target *target);

#define MLU_TARGET_BITS 8

extern struct hlist_head mlu_targets_by_mm[1 << MLU_TARGET_BITS];

/**
 * mlu_target_of_mm() - look up the published target of an mm
 * @mm: the mm; compared only
 *
 * Context: Any, within rcu_read_lock().
 * Return: the target, valid until rcu_read_unlock(), or NULL.
 */
static inline struct mlu_target *mlu_target_of_mm(const struct mm_struct *mm)
{
	struct hlist_head *head = &mlu_targets_by_mm[hash_ptr(mm, MLU_TARGET_BITS)];
	struct mlu_target *target;

	hlist_for_each_entry_rcu(target, head, hash_node)
		if (target->mm == mm)
			return target;
	return NULL;
}

/* Open the gate: events count from now on; or close it. */
static inline void mlu_target_set_gate(struct mlu_target *target, bool open)
{
	WRITE_ONCE(target->gate, open);
}

enum mlu_skip mlu_target_skip_of(struct mlu_target *target, u64 size);

/**
 * mlu_target_skip() - why is an allocation not recorded?
 * @target: current's target
 * @size: bytes that are requested
 *
 * Asked once for each allocation, as it is sampled here.
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the reason, or MLU_SKIP_NONE.
 */
static inline enum mlu_skip mlu_target_skip(struct mlu_target *target, u64 size)
{
	return READ_ONCE(target->skips) ? mlu_target_skip_of(target, size) : MLU_SKIP_NONE;
}

void mlu_target_count_maybe_late(struct mlu_target *target, struct mlu_epoch *epoch,
				 unsigned long start);

/**
 * mlu_target_count_unknown() - count a free of a block that is not recorded
 * @target: current's target
 * @epoch: its epoch
 * @start: start of the function that frees
 * @unseen: the block may be one whose allocation is not traced
 *
 * Context: Handler, within rcu_read_lock().
 */
static inline void mlu_target_count_unknown(struct mlu_target *target, struct mlu_epoch *epoch,
					    unsigned long start, bool unseen)
{
	if (unseen)
		mlu_count(epoch->counters, unseen_free);
	else if (READ_ONCE(target->skips))
		mlu_count(epoch->counters, skipped_free);
	else if (READ_ONCE(target->has_late))
		mlu_target_count_maybe_late(target, epoch, start);
	else
		mlu_count(epoch->counters, unknown_free);
}

void mlu_target_want_exits(struct mlu_target *target);
void mlu_target_set_frozen(struct mlu_target *target, bool frozen);
struct mlu_epoch *mlu_target_epoch_get(struct mlu_target *target);
int mlu_target_new_epoch(struct mlu_target *target);
void mlu_target_drop_records(struct mlu_target *target);
void mlu_target_drain(struct mlu_target *target);

u64 mlu_target_now(const struct mlu_target *target);
const char *mlu_state_name(enum mlu_state state);

/* Return: true if the target can still be detached. The caller holds mlu_targets_lock. */
static inline bool mlu_target_is_live(const struct mlu_target *target)
{
	return target->state <= MLU_DETACHING;
}

#endif /* MLU_TARGET_H */
