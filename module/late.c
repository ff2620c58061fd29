// SPDX-License-Identifier: GPL-2.0-only
/*
 * Probe the libraries that a target maps after its attach.
 *
 * The kernel does not report a mapping, so the worker polls. A poll compares two numbers with what
 * they were at the last scan: the executable pages of the mm, and the clock of the target's maps. A
 * new executable mapping changes the first one, unless a known mapping of the same size has gone,
 * and then the mmu notifier has changed the second one. (A known mapping that is no longer
 * executable is not reported. If it has just the size of a new one, that is found at the next
 * change.) Only if one of the two has changed, the mm is scanned.
 *
 * A mapping that a scan finds is pending until its file has been examined. The file is read by a
 * work of its own, which may wait for a server; the worker does not wait, but looks again at the
 * next poll. An allocator gets the same probes as at an attach, and they are removed as a whole if
 * one of them cannot be inserted. When the file has not been mapped for two seconds, its probes are
 * removed, so that a program that opens ever new libraries does not accumulate them.
 *
 * A target that was made without reading its mappings is brought to the state of an attached one
 * in the same way.
 *
 * Context: The worker; may sleep. Waits for mmap_locks and for the uprobe core only if there is an
 * allocator to be probed, and holds no lock of the module meanwhile.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>

#include "compat.h"
#include "dso.h"
#include "insert.h"
#include "late.h"
#include "mem.h"

/*
 * The next scan of a target comes after so many times the time that this one took; but not later
 * than after so many milliseconds, as a library has to be found in time.
 */
#define SCAN_PAUSE 50
#define MAX_SCAN_PAUSE 500

/* How often inserting probes is tried for one library. */
#define MAX_TRIES 3

/* For how long a file that is being read is looked at often. */
#define PATIENCE (2 * HZ)

/* After what time without a mapping of its file a library's probes are removed. */
#define GONE_FOR (2 * HZ)

/* === Finding === */

static unsigned long exec_pages(const struct mlu_target *target)
{
	/* The target changes it under its mmap_lock. The struct stays, by mmgrab(). */
	return data_race(READ_ONCE(target->mm->exec_vm));
}

static bool has_changed(const struct mlu_target *target)
{
	const struct mlu_late *late = &target->late;

	return !late->is_scanned || late->exec_vm != exec_pages(target) ||
	       late->clock != READ_ONCE(target->maps.clock);
}

/**
 * mlu_late_has_work() - does a target have to be polled?
 * @target: a live target
 *
 * This is all that is done for a target that maps nothing.
 *
 * Context: The worker, under mlu_targets_lock. Does not sleep.
 * Return: true if it does.
 */
bool mlu_late_has_work(struct mlu_target *target)
{
	struct mlu_late *late = &target->late;

	if (target->state != MLU_TRACING || READ_ONCE(target->end_state))
		return false;
	if (!list_empty(&late->pending) || has_changed(target))
		return true;
	late->known_ns = mlu_now_ns();
	return late->has_gone;
}

/* Return: true if the mm was busy, so that it is to be scanned again soon. */
static bool scan_target(struct mlu_target *target)
{
	unsigned long exec_vm = exec_pages(target);
	u32 clock = READ_ONCE(target->maps.clock);
	struct mlu_late *late = &target->late;
	const struct list_head *last = late->pending.prev;
	u64 begin_ns = mlu_now_ns(), begin = ktime_get_ns(), pause_ms;
	int err;

	if (!mmget_not_zero(target->mm))
		return false;
	err = mlu_maps_scan(&target->maps, target->mm, &late->pending);
	mmput(target->mm);
	pause_ms = div_u64(SCAN_PAUSE * (ktime_get_ns() - begin), NSEC_PER_MSEC);
	late->scan_after = jiffies + msecs_to_jiffies(min_t(u64, pause_ms, MAX_SCAN_PAUSE));
	if (late->pending.prev != last)
		late->patient_at = jiffies + PATIENCE;
	if (err && err != -ENOSPC)
		return err == -EAGAIN;
	late->is_scanned = true;
	late->is_full = err;
	late->exec_vm = exec_vm;
	late->clock = clock;
	if (list_empty(&late->pending))
		late->known_ns = begin_ns;
	return false;
}

/* === Probing === */

/* Decide about all pending mappings of a file. */
static void settle_all(struct mlu_target *target, const struct mlu_dso *dso, int err)
{
	struct mlu_mapping *m, *tmp;

	list_for_each_entry_safe(m, tmp, &target->late.pending, pending_node)
		if (mlu_mapping_dso(m) == dso)
			mlu_maps_end_pending(&target->maps, m, err);
}

/*
 * No allocation is recorded whose free could be missed: functions that free come first, and are
 * checked before the others are inserted. The caller calls mlu_probe_sync() afterwards.
 */
static int insert_library(struct mlu_target *target, const struct mlu_sites *sites,
			  struct mlu_uses *uses)
{
	int err = mlu_insert_pass(NULL, target, sites, true, uses);

	if (!err)
		err = mlu_insert_check(NULL, target, uses);
	if (!err)
		err = mlu_insert_pass(NULL, target, sites, false, uses);
	return err ? err : mlu_insert_check(NULL, target, uses);
}

/* Show that the library is traced, and since when. */
static void note_success(struct mlu_target *target, struct mlu_mapping *m, struct mlu_uses *uses)
{
	struct mlu_late *late = &target->late;
	u64 now = mlu_now_ns();

	if (!target->inherits) {
		uses->late = m;
		late->nr_chunks++;
		mlu_maps_set_late(&target->maps, m, now - target->attached_ns,
				  now - late->known_ns);
		WRITE_ONCE(target->has_late, true);
	}
	mlu_uses_add(target, uses);
}

/* Not inlined, so that the fault injection test finds its calls. */
static noinline int probe_library(struct mlu_target *target, struct mlu_mapping *m)
{
	struct mlu_sites *sites = mlu_sites_new(target);
	struct mlu_uses *uses = NULL;
	int err = -ENOMEM;

	if (!sites)
		return err;
	err = mlu_sites_find_in(target, mlu_mapping_dso(m), sites);
	if (!err && !sites->nr)
		err = -ENOENT;
	if (err)
		goto out;
	uses = mlu_uses_new(MLU_USES_FUNCTIONS, sites->nr);
	err = uses ? insert_library(target, sites, uses) : -ENOMEM;
	if (err)
		goto out;
	note_success(target, m, uses);
	mlu_sites_note_untraced(target, sites);
	uses = NULL;
out:
	if (uses)
		mlu_uses_remove(target, uses);
	if (err)
		mlu_maps_clear_allocator(&target->maps, m);
	mlu_sites_free(sites);
	return err;
}

static bool is_temporary(int err)
{
	return err != -ENOSPC && err != -ENOENT;
}

enum progress {
	MAPPING_READ, /* its file is still being read */
	MAPPING_DONE,
	FILE_DONE, /* and all other pending mappings of the file */
};

static enum progress examine_mapping(struct mlu_target *target, struct mlu_mapping *m)
{
	struct mlu_dso *dso = mlu_mapping_dso(m);
	int err;

	if (READ_ONCE(m->gone)) {
		mlu_maps_drop_pending(&target->maps, m);
		return MAPPING_DONE;
	}
	/* Noting the path and queueing the file for reading may have failed for lack of memory. */
	if (!dso || !mlu_mapping_path(m)) {
		mlu_maps_name_again(&target->maps, m);
		return MAPPING_READ;
	}
	if (!mlu_dso_is_ready(dso))
		return MAPPING_READ;
	/* A handler may have met another mapping of a file that is probed by now. */
	if ((m->allocator && !m->inherited) || dso->err || !mlu_sites_is_wanted(target, m) ||
	    !mlu_mapping_defines_allocator(m, dso)) {
		mlu_maps_end_pending(&target->maps, m, 0);
		return MAPPING_DONE;
	}
	err = probe_library(target, m);
	/* It stays pending. If it has been unmapped meanwhile, it is dropped at the next poll. */
	if (err && (READ_ONCE(m->gone) || (is_temporary(err) && ++m->tries < MAX_TRIES)))
		return MAPPING_DONE;
	settle_all(target, dso, err);
	return FILE_DONE;
}

/* Return: true if a file is still being read, and is to be looked at again soon. */
static bool examine_pending(struct mlu_target *target)
{
	struct mlu_late *late = &target->late;
	unsigned int round = ++late->round;
	struct mlu_mapping *m, *tmp;
	bool is_reading = false, is_inserted = false;
	enum progress result;

again:
	list_for_each_entry_safe(m, tmp, &late->pending, pending_node) {
		if (m->round == round)
			continue;
		if (READ_ONCE(target->end_state))
			break;
		m->round = round;
		result = examine_mapping(target, m);
		is_reading |= result == MAPPING_READ;
		if (result != FILE_DONE)
			continue;
		is_inserted = true;
		/* @tmp may have left the list. */
		goto again;
	}
	/* One for all libraries. */
	if (is_inserted)
		mlu_probe_sync();
	return is_reading && time_before(jiffies, late->patient_at);
}

/* === Removing === */

/* Return: true if exits of a file's functions were probed later. It keeps its probes. */
static bool has_late_exits(const struct mlu_target *target, const struct mlu_mapping *m)
{
	const struct mlu_uses *uses;
	unsigned int i;

	list_for_each_entry(uses, &target->uses, node)
		for (i = 0; uses->kind == MLU_USES_EXITS && i < uses->nr; i++)
			if (mlu_file_id_is_same_inode(&uses->use[i].mapping->file_id, &m->file_id))
				return true;
	return false;
}

static bool is_gone_for_long(struct mlu_target *target, struct mlu_uses *uses)
{
	bool was_gone = uses->is_gone;

	uses->is_gone = uses->late && !mlu_maps_has_present(&target->maps, uses->late) &&
			!has_late_exits(target, uses->late);
	if (!uses->is_gone)
		return false;
	target->late.has_gone = true;
	if (!was_gone)
		uses->gone_at = jiffies;
	return time_after(jiffies, uses->gone_at + GONE_FOR);
}

/* Remove the probes of libraries that are no longer mapped. */
static void remove_gone(struct mlu_target *target)
{
	struct mlu_late *late = &target->late;
	struct mlu_uses *uses, *tmp;
	LIST_HEAD(gone);

	late->has_gone = false;
	/* If mappings are missing among the known ones, it is not known what is mapped. */
	if (!late->nr_chunks || late->is_full)
		return;
	list_for_each_entry_safe(uses, tmp, &target->uses, node) {
		if (!is_gone_for_long(target, uses))
			continue;
		mutex_lock(&mlu_targets_lock);
		list_move_tail(&uses->node, &gone);
		mutex_unlock(&mlu_targets_lock);
		mlu_uses_leave(uses);
		mlu_uses_end(target, uses);
	}
	if (list_empty(&gone))
		return;
	mlu_probe_sync();
	synchronize_rcu();
	list_for_each_entry_safe(uses, tmp, &gone, node) {
		mlu_maps_clear_probed(&target->maps, uses->late);
		mlu_uses_free(uses);
		late->nr_chunks--;
	}
}

/**
 * mlu_late_poll() - find and probe what a target has mapped, remove the probes of what has gone
 * @target: a live target, for which mlu_late_has_work()
 *
 * Context: The worker; may sleep.
 * Return: true if the target is to be polled again soon.
 */
bool mlu_late_poll(struct mlu_target *target)
{
	struct mlu_late *late = &target->late;
	bool is_busy = false, is_reading;

	if (has_changed(target) && time_after_eq(jiffies, late->scan_after))
		is_busy = scan_target(target);
	is_reading = examine_pending(target);
	remove_gone(target);
	if (late->is_scanned && list_empty(&late->pending))
		WRITE_ONCE(target->inherits, false);
	return is_reading || is_busy;
}
