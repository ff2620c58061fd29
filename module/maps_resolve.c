// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resolve the mappings of a target: note the path of each file, have it read, drop it.
 *
 * A mapping that a handler has added holds its file until maps->resolve has noted its path and got
 * its dso, which reads the file in a work of its own (dso.c). So maps->resolve never waits for
 * file I/O. Readers and the end of a target wait for the reading, for a bounded time.
 *
 * Ours may be the last reference to a file, if the target has exited. fput() from a work closes
 * such a file some time later, and its file system is busy until then. So the work closes files
 * with __fput_sync(), and a file is closed when mlu_maps_wait() has seen that it is resolved.
 *
 * Context: mlu_maps_resolve() is called from handlers, too, and does not sleep. The worker calls
 * the rest, and readers call mlu_maps_wait(); these may sleep.
 * Locks: maps->lock, see maps.h.
 */
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/wait.h>

#include "dso.h"
#include "maps_internal.h"
#include "workqueues.h"

/* How long a reader, and a target's end, wait for what is still being read. */
#define READ_WAIT HZ

/* === Resolving === */

/**
 * mlu_maps_name_all() - note the paths of a new target's mappings and have their files read
 * @maps: the maps
 * @mm: the target's mm
 *
 * Context: Worker, at attach. May sleep. No lock: no mapping is added yet.
 */
void mlu_maps_name_all(struct mlu_maps *maps, struct mm_struct *mm)
{
	struct mlu_mapping *m;

	list_for_each_entry(m, &maps->all, node) {
		if (m->file)
			mlu_mapping_name_file(m, maps->names);
		else if (m->type == MLU_MAPPING_VDSO)
			mlu_mapping_name_vdso(m, mm);
	}
}

static struct mlu_mapping *maps_next_unresolved(struct mlu_maps *maps)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node)
		if (m->file)
			goto out;
	m = NULL;
out:
	spin_unlock(&maps->lock);
	return m;
}

/**
 * mlu_maps_resolve_work() - the work that mlu_maps_resolve() queues
 * @work: maps->resolve
 *
 * Context: Workqueue. May sleep, does no file I/O.
 */
void mlu_maps_resolve_work(struct work_struct *work)
{
	struct mlu_maps *maps = container_of(work, struct mlu_maps, resolve);
	struct mlu_mapping *m;
	struct file *file;

	while ((m = maps_next_unresolved(maps))) {
		mlu_mapping_name_file(m, maps->names);
		spin_lock(&maps->lock);
		file = mlu_mapping_take_file(m);
		spin_unlock(&maps->lock);
		__fput_sync(file);
		/* Not before the file is closed: mlu_maps_wait() waits for 0. */
		spin_lock(&maps->lock);
		maps->nr_unresolved--;
		spin_unlock(&maps->lock);
	}
	if (READ_ONCE(maps->retired))
		mlu_maps_retire(maps);
	wake_up_all(&mlu_dso_reads);
}

/* === Waiting === */

/* The first mapping whose file is still being read and was queued for that by @time, or NULL. */
static struct mlu_mapping *maps_first_pending(struct mlu_maps *maps, unsigned long time)
{
	const struct mlu_dso *dso;
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node) {
		dso = mlu_mapping_dso(m);
		if (dso && mlu_dso_is_pending(dso) && !time_after(dso->queued_at, time))
			goto out;
	}
	m = NULL;
out:
	spin_unlock(&maps->lock);
	return m;
}

static bool maps_is_settled(struct mlu_maps *maps)
{
	return !READ_ONCE(maps->nr_unresolved) && !maps_first_pending(maps, jiffies);
}

/* Have no reader wait again for files that were queued by @time and are still being read. */
static void maps_give_up(struct mlu_maps *maps, unsigned long time)
{
	struct mlu_mapping *m;

	while ((m = maps_first_pending(maps, time)))
		mlu_dso_give_up(mlu_mapping_dso(m));
}

/**
 * mlu_maps_wait_or_give_up() - wait until all files have been read, a second at most
 * @maps: the maps
 *
 * Files that were being read at the call and are not done after the second are given up. A target
 * opens libraries all the time: those that it opens meanwhile have a second of their own.
 *
 * Context: Process context. May sleep.
 */
void mlu_maps_wait_or_give_up(struct mlu_maps *maps)
{
	unsigned long begin = jiffies;

	if (!wait_event_timeout(mlu_dso_reads, maps_is_settled(maps), READ_WAIT))
		maps_give_up(maps, begin);
}

/**
 * mlu_maps_wait() - the same for a reader, which can be killed meanwhile
 * @maps: the maps
 *
 * Context: Process context. May sleep, killably.
 */
void mlu_maps_wait(struct mlu_maps *maps)
{
	unsigned long begin = jiffies;

	if (READ_ONCE(maps->nr_unresolved))
		mlu_maps_resolve(maps);
	if (!wait_event_killable_timeout(mlu_dso_reads, maps_is_settled(maps), READ_WAIT))
		maps_give_up(maps, begin);
}

/**
 * mlu_maps_wait_until() - wait until all files have been read, or a deadline has passed
 * @maps: the maps
 * @deadline: in jiffies
 *
 * Context: Worker. May sleep.
 */
void mlu_maps_wait_until(struct mlu_maps *maps, unsigned long deadline)
{
	long left = max_t(long, deadline - jiffies, 0);

	wait_event_timeout(mlu_dso_reads, !maps_first_pending(maps, jiffies), left);
}

/* === The end of a target === */

/**
 * mlu_maps_close() - drop every file of a target that has ended, keep the paths
 * @maps: the maps
 *
 * Waits, a second at most, for what is being read and closed, so that a file system whose server
 * responds can be unmounted when this returns.
 *
 * Context: Worker, with no probe left in the target and its handlers and notifier finished. May
 * sleep.
 */
void mlu_maps_close(struct mlu_maps *maps)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	maps->closed = true;
	list_for_each_entry(m, &maps->all, node)
		mlu_maps_release_locked(maps, m);
	spin_unlock(&maps->lock);
	mlu_maps_resolve(maps);
	wait_event_timeout(mlu_dso_reads, maps_is_settled(maps), READ_WAIT);
	maps_give_up(maps, jiffies);
}

static struct mlu_dso *maps_next_unretired(struct mlu_maps *maps)
{
	struct mlu_dso *dso;
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node) {
		dso = m->retired ? NULL : mlu_mapping_dso(m);
		if (!dso)
			continue;
		m->retired = true;
		goto out;
	}
	dso = NULL;
out:
	spin_unlock(&maps->lock);
	return dso;
}

/**
 * mlu_maps_retire() - release the unwind data: no stack of the target will be walked any more
 * @maps: the maps
 *
 * A mapping that is resolved later is retired by mlu_maps_resolve_work().
 *
 * Context: Worker, after mlu_maps_close(). May sleep.
 */
void mlu_maps_retire(struct mlu_maps *maps)
{
	struct mlu_dso *dso;

	WRITE_ONCE(maps->retired, true);
	while ((dso = maps_next_unretired(maps)))
		mlu_dso_retire(dso);
}
