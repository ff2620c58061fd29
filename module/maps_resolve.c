// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of a target's mappings: named, read, and let go.
 *
 * A mapping that a handler has learned holds its file until a work here has noted its path and
 * asked for its dso, which reads the file on its own (dso.c).  So no work here waits for file I/O;
 * readers and the end of a target wait for the reading, for a bounded time.
 *
 * Ours may be the last reference to a file, of a target that has exited.  fput() from a work closes
 * such a file some time later, and its file system is busy until then; so the works close it
 * themselves, and whoever waits for them knows that it is closed.
 *
 * Entered from: handlers (resolve; does not sleep), the worker (name, close; may sleep), readers
 * (wait).
 * Locks: maps->lock, see maps.h.
 */
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/wait.h>

#include "dso.h"
#include "maps.h"
#include "workqueues.h"

/* How long a reader, and a target's end, wait for what is still being read. */
#define READ_WAIT HZ

/* mlu_maps_name_all() - have the files of a new target's mappings read. Context: worker. */
void mlu_maps_name_all(struct mlu_maps *maps, struct mm_struct *mm)
{
	struct mlu_mapping *m;

	list_for_each_entry(m, &maps->all, node) {
		if (m->file)
			mlu_mapping_name_file(m);
		else if (m->type == MLU_MAPPING_VDSO)
			mlu_mapping_name_vdso(m, mm);
	}
}

static struct mlu_mapping *next_unresolved(struct mlu_maps *maps)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node)
		if (m->file && !m->kept)
			goto out;
	m = NULL;
out:
	spin_unlock(&maps->lock);
	return m;
}

static void resolve_one(struct mlu_maps *maps, struct mlu_mapping *m)
{
	struct file *file;

	mlu_mapping_name_file(m);
	spin_lock(&maps->lock);
	file = mlu_mapping_let_go(m);
	spin_unlock(&maps->lock);
	__fput_sync(file);
	spin_lock(&maps->lock);
	maps->nr_unresolved--;
	spin_unlock(&maps->lock);
}

/* The work of mlu_maps_resolve(). */
void mlu_maps_resolve_work(struct work_struct *work)
{
	struct mlu_maps *maps = container_of(work, struct mlu_maps, resolve);
	struct mlu_mapping *m;

	while ((m = next_unresolved(maps)))
		resolve_one(maps, m);
	if (READ_ONCE(maps->retired))
		mlu_maps_retire(maps);
	wake_up_all(&mlu_dso_reads);
}

/** mlu_maps_resolve() - note what is to be known of the files of all mappings, let go of them */
void mlu_maps_resolve(struct mlu_maps *maps)
{
	queue_work(mlu_close_wq, &maps->resolve);
}

static bool is_pending(const struct mlu_mapping *m, unsigned long time)
{
	const struct mlu_dso *dso = mlu_mapping_dso(m);

	return dso && mlu_dso_is_pending(dso) && !time_after(dso->asked, time);
}

/* The first whose file was asked for by that time and is still being read, if there is one. */
static struct mlu_mapping *first_pending(struct mlu_maps *maps, unsigned long time)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	list_for_each_entry(m, &maps->all, node)
		if (is_pending(m, time))
			goto out;
	m = NULL;
out:
	spin_unlock(&maps->lock);
	return m;
}

static bool is_known(struct mlu_maps *maps)
{
	return !READ_ONCE(maps->nr_unresolved) && !first_pending(maps, jiffies);
}

/* Nobody is to wait again for what was asked for by that time and has not come. */
static void give_up(struct mlu_maps *maps, unsigned long time)
{
	struct mlu_mapping *m;

	while ((m = first_pending(maps, time)))
		mlu_dso_give_up(mlu_mapping_dso(m));
}

/*
 * mlu_maps_wait_or_give_up() - wait until all files have been read, a second at most. May sleep.
 *
 * A target opens libraries all the time: what it opened meanwhile has its own second.
 */
void mlu_maps_wait_or_give_up(struct mlu_maps *maps)
{
	unsigned long begin = jiffies;

	if (!wait_event_timeout(mlu_dso_reads, is_known(maps), READ_WAIT))
		give_up(maps, begin);
}

/*
 * mlu_maps_keep() - the file of @m, which is named, is needed until the maps are closed
 *
 * Context: worker, before anybody resolves these maps.
 */
void mlu_maps_keep(struct mlu_maps *maps, struct mlu_mapping *m)
{
	spin_lock(&maps->lock);
	if (!m->kept)
		maps->nr_unresolved--;
	m->kept = true;
	spin_unlock(&maps->lock);
}

/* Nothing is learned, nothing is kept any more. */
static void close_all(struct mlu_maps *maps)
{
	struct mlu_mapping *m;

	spin_lock(&maps->lock);
	maps->closed = true;
	list_for_each_entry(m, &maps->all, node) {
		if (m->kept)
			maps->nr_unresolved++;
		m->kept = false;
	}
	spin_unlock(&maps->lock);
}

/*
 * mlu_maps_close() - the target has ended: let go of every file, keep the text
 *
 * Waits for what is being read and closed, a second at most, so that a file system that answers
 * can be unmounted when this returns.
 *
 * Context: worker; no handler and no notifier of this target runs any more, and no probe is in.
 */
void mlu_maps_close(struct mlu_maps *maps)
{
	close_all(maps);
	mlu_maps_resolve(maps);
	wait_event_timeout(mlu_dso_reads, is_known(maps), READ_WAIT);
	give_up(maps, jiffies);
}

static struct mlu_dso *next_unretired(struct mlu_maps *maps)
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

/*
 * mlu_maps_retire() - no stack of the target will be walked any more: the rules may go
 *
 * A mapping that a slow work resolves later is retired by that work.
 *
 * Context: worker, after mlu_maps_close(); may sleep.
 */
void mlu_maps_retire(struct mlu_maps *maps)
{
	struct mlu_dso *dso;

	WRITE_ONCE(maps->retired, true);
	while ((dso = next_unretired(maps)))
		mlu_dso_retire(dso);
}

/** mlu_maps_wait_until() - wait for what is being read, until a time in jiffies. May sleep. */
void mlu_maps_wait_until(struct mlu_maps *maps, unsigned long deadline)
{
	long left = max_t(long, deadline - jiffies, 0);

	wait_event_timeout(mlu_dso_reads, !first_pending(maps, jiffies), left);
}

/** mlu_maps_wait() - wait until all files have been read, killably, a second at most */
void mlu_maps_wait(struct mlu_maps *maps)
{
	unsigned long begin = jiffies;

	if (READ_ONCE(maps->nr_unresolved))
		mlu_maps_resolve(maps);
	if (!wait_event_killable_timeout(mlu_dso_reads, is_known(maps), READ_WAIT))
		give_up(maps, begin);
}
