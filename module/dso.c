// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped files: each is read once, by a work of its own, and shared by all mappings of it.
 *
 * Reading waits for what serves the file: a disk, a server, or a FUSE or fanotify daemon, which
 * may hang for ever and may itself be a target. So each file is read by a work of its own on an
 * unbound queue, which holds nothing meanwhile that another work needs, and those that need the
 * result wait for a bounded time. A file that has been waited for long enough is "late": it is not
 * waited for again, and it holds a reference on the module until it has been read after all, so
 * that rmmod reports the module in use instead of hanging.
 *
 * A file is read in two steps. The first reads what an attach needs before it can place a probe,
 * and what reports show of the file; then the dso is "ready". The second reads the unwind data,
 * which may be large; then the dso is "done".
 *
 * A file is recognized by device, inode, size and times of change; after a rewrite it is another
 * file with another dso. A file that is searched for other names of functions has another dso, too.
 * A file that could not be read gets a new dso at the next mlu_dso_get(). The vdso is no file: its
 * image lies in the kernel's memory.
 *
 * Context: Process context; all functions may sleep, except mlu_dso_give_up() and mlu_dso_vaddr().
 *
 * Locks: dsos_lock (mutex) guards the list, the last user, and the freeing of the rules. late_lock
 * (spinlock, a leaf) orders "done" and "late".
 *
 * The rules are freed with the last user. Proof that no one reads them then: a mapping is retired
 * when its target has ended, no handler of the target runs any more and its deferred walks are
 * done. So a walk that may still read the rules belongs to another mapping that is not retired,
 * and the user that has gone was not the last one.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "dso.h"
#include "workqueues.h"

static DEFINE_MUTEX(dsos_lock);
static LIST_HEAD(dsos);
static DEFINE_SPINLOCK(late_lock);
DECLARE_WAIT_QUEUE_HEAD(mlu_dso_reads);

/* === Reading === */

static int dso_read_head(struct mlu_dso *dso, struct mlu_image *image)
{
	int len = mlu_elf_build_id(&image->elf, dso->build_id, sizeof(dso->build_id));
	struct mlu_file_id now;

	if (len < 0 && len != -ENOEXEC)
		return len;
	/* A file that was written since it was identified has the build-id of another version. */
	mlu_file_id_read(&now, dso->file);
	dso->build_id_len = len > 0 && mlu_file_id_is_same(&now, &dso->id) ? len : 0;
	dso->loads = kvmalloc_array(image->elf.nr_loads, sizeof(*dso->loads), GFP_KERNEL);
	if (!dso->loads)
		return -ENOMEM;
	dso->nr_loads = image->elf.nr_loads;
	memcpy(dso->loads, image->elf.load, dso->nr_loads * sizeof(*dso->loads));
	dso->has_go = mlu_elf_has_go(&image->elf) > 0;
	return mlu_allocator_find(&dso->allocator, image, dso->names);
}

static void dso_unlink(struct mlu_dso *dso)
{
	mutex_lock(&dsos_lock);
	list_del_init(&dso->node);
	mutex_unlock(&dsos_lock);
}

/*
 * A file that is no ELF image, or a malformed one, or one of another machine, has been read without
 * error.
 */
static void dso_set_ready(struct mlu_dso *dso, int err)
{
	dso->err = err == -ENOEXEC || err == -EOPNOTSUPP ? 0 : err;
	if (dso->err)
		dso_unlink(dso);
	/* Pairs with mlu_dso_is_ready(). */
	smp_store_release(&dso->ready, true);
	wake_up_all(&mlu_dso_reads);
}

/* Store the rules that were read, or free them if there is no user any more. */
static void dso_store_rules(struct mlu_dso *dso, struct mlu_rules *rules)
{
	dso->rules_missing = IS_ERR(rules);
	if (IS_ERR_OR_NULL(rules))
		return;
	mutex_lock(&dsos_lock);
	if (atomic_read(&dso->users)) {
		dso->rules = rules;
		rules = NULL;
	}
	mutex_unlock(&dsos_lock);
	mlu_rules_free(rules);
}

static void dso_read_mapped(struct mlu_dso *dso)
{
	struct mlu_image *image = kvmalloc(sizeof(*image), GFP_KERNEL);
	int err = image ? mlu_image_open(image, dso->file) : -ENOMEM;

	if (err) {
		dso_set_ready(dso, err);
		goto out;
	}
	dso_set_ready(dso, dso_read_head(dso, image));
	/* Skip the unwind data if all users are gone. A later user gets a new dso. */
	if (!dso->err && atomic_read(&dso->users))
		dso_store_rules(dso, mlu_rules_read(&image->elf));
	mlu_image_close(image);
out:
	kvfree(image);
	/*
	 * Not fput(), which closes a file later when called from a work: the file system can be
	 * unmounted as soon as the dso is done.
	 */
	__fput_sync(dso->file);
}

static void dso_read_work(struct work_struct *work)
{
	struct mlu_dso *dso = container_of(work, struct mlu_dso, work);
	bool holds_module;

	if (dso->image)
		dso_store_rules(dso, mlu_rules_of_memory(dso->image, dso->id.size));
	else
		dso_read_mapped(dso);
	spin_lock(&late_lock);
	/* Pairs with mlu_dso_is_ready(). */
	smp_store_release(&dso->ready, true);
	/* Pairs with mlu_dso_is_done(). */
	smp_store_release(&dso->done, true);
	holds_module = dso->holds_module;
	spin_unlock(&late_lock);
	wake_up_all(&mlu_dso_reads);
	mlu_dso_put(dso);
	/* The last statement: mlu_workqueues_exit() waits for the return that follows. */
	if (holds_module)
		module_put(THIS_MODULE);
}

/* === The dsos === */

static struct mlu_dso *dso_alloc(void)
{
	struct mlu_dso *dso = kzalloc(sizeof(*dso), GFP_KERNEL);

	if (!dso)
		return NULL;
	kref_init(&dso->refs);
	INIT_LIST_HEAD(&dso->node);
	INIT_WORK(&dso->work, dso_read_work);
	atomic_set(&dso->users, 1);
	dso->queued_at = jiffies;
	return dso;
}

/* Return the dso like @dso that exists, and free @dso; or add @dso and queue it for reading. */
static struct mlu_dso *dso_find_or_queue(struct mlu_dso *dso, struct file *mapped)
{
	struct mlu_dso *known;

	mutex_lock(&dsos_lock);
	list_for_each_entry(known, &dsos, node) {
		/* Images are identified by @image. Of their @id only the size is set. */
		if (known->image != dso->image || known->names != dso->names ||
		    !mlu_file_id_is_same(&known->id, &dso->id) ||
		    !kref_get_unless_zero(&known->refs))
			continue;
		/* Those in the list have users. */
		atomic_inc(&known->users);
		goto out_known;
	}
	list_add(&dso->node, &dsos);
	mutex_unlock(&dsos_lock);
	if (mapped)
		dso->file = get_file(mapped);
	kref_get(&dso->refs);
	queue_work(mlu_read_wq, &dso->work);
	return dso;

out_known:
	mutex_unlock(&dsos_lock);
	mlu_names_put(dso->names);
	kfree(dso);
	return known;
}

/**
 * mlu_dso_get() - get the dso of a mapped file, and queue it for reading if it is new
 * @mapped: the mapping's file
 * @names: the names to search for besides those of the table, or NULL
 *
 * Context: Process context. May sleep, does no file I/O. Takes and releases dsos_lock.
 * Return: the dso, ready or not, with a reference and a use for the caller, or NULL without memory.
 */
struct mlu_dso *mlu_dso_get(struct file *mapped, struct mlu_names *names)
{
	struct mlu_dso *dso = dso_alloc();
	struct kstat stat;

	if (!dso)
		return NULL;
	dso->names = mlu_names_share(names);
	mlu_file_id_read(&dso->id, mapped);
	/*
	 * Query the times through the file system if the path leads to the mapped inode (see
	 * image.c): file systems with multigrain timestamps give a change that follows a query a
	 * time of its own. A remote server is not queried, as it may not respond.
	 */
	if (d_inode(mapped->f_path.dentry) == file_inode(mapped) &&
	    !vfs_getattr(&mapped->f_path, &stat, STATX_MTIME | STATX_CTIME, AT_STATX_DONT_SYNC)) {
		dso->id.mtime = stat.mtime;
		dso->id.ctime = stat.ctime;
	}
	return dso_find_or_queue(dso, mapped);
}

/**
 * mlu_dso_get_image() - get the dso of an image in the kernel's memory
 * @image: the image, which is never freed
 * @size: its size in bytes
 *
 * Context: Process context. May sleep. Takes and releases dsos_lock.
 * Return: as mlu_dso_get().
 */
struct mlu_dso *mlu_dso_get_image(const void *image, size_t size)
{
	struct mlu_dso *dso = dso_alloc();

	if (!dso)
		return NULL;
	dso->image = image;
	dso->id.size = size;
	return dso_find_or_queue(dso, NULL);
}

/**
 * mlu_dso_retire() - drop a use of a dso, but not the reference
 * @dso: the dso
 *
 * A dso without users is not found by mlu_dso_get() any more: the next mapping of the file has it
 * read again.
 *
 * Context: Process context. May sleep. Takes and releases dsos_lock. No walk in the mapping may be
 * running, see the proof above.
 */
void mlu_dso_retire(struct mlu_dso *dso)
{
	struct mlu_rules *rules;

	if (!atomic_dec_and_mutex_lock(&dso->users, &dsos_lock))
		return;
	list_del_init(&dso->node);
	rules = dso->rules;
	dso->rules = NULL;
	mutex_unlock(&dsos_lock);
	mlu_rules_free(rules);
}

static void dso_release(struct kref *refs)
{
	struct mlu_dso *dso = container_of(refs, struct mlu_dso, refs);

	dso_unlink(dso);
	kvfree(dso->loads);
	mlu_allocator_release(&dso->allocator);
	mlu_names_put(dso->names);
	kfree(dso);
}

/**
 * mlu_dso_put() - drop a reference on a dso
 * @dso: the dso; may be NULL
 *
 * Context: Process context. May sleep. Takes and releases dsos_lock.
 */
void mlu_dso_put(struct mlu_dso *dso)
{
	if (dso)
		kref_put(&dso->refs, dso_release);
}

/* === Waiting === */

/**
 * mlu_dso_give_up() - mark a dso as late, unless it is done by now
 * @dso: the dso
 *
 * Context: Process context. Takes and releases late_lock.
 */
void mlu_dso_give_up(struct mlu_dso *dso)
{
	spin_lock(&late_lock);
	if (!dso->done && !dso->late) {
		WRITE_ONCE(dso->late, true);
		dso->holds_module = try_module_get(THIS_MODULE);
	}
	spin_unlock(&late_lock);
	wake_up_all(&mlu_dso_reads);
}

/**
 * mlu_dso_wait() - wait until a dso is ready; give it up at the deadline
 * @dso: the dso; if it is late already, there is no wait
 * @deadline: in jiffies
 *
 * Context: Process context. May sleep.
 * Return: true if it is ready.
 */
bool mlu_dso_wait(struct mlu_dso *dso, unsigned long deadline)
{
	long left = max_t(long, deadline - jiffies, 0);

	wait_event_timeout(mlu_dso_reads, mlu_dso_is_ready(dso) || READ_ONCE(dso->late), left);
	if (mlu_dso_is_ready(dso))
		return true;
	mlu_dso_give_up(dso);
	return mlu_dso_is_ready(dso);
}

/* === Readers === */

/**
 * mlu_dso_show_bytes() - write a line of stats for each object whose unwind data is held
 * @m: the file
 *
 * Context: Process context. May sleep. Takes and releases dsos_lock.
 */
void mlu_dso_show_bytes(struct seq_file *m)
{
	const struct mlu_dso *dso;

	mutex_lock(&dsos_lock);
	list_for_each_entry(dso, &dsos, node) {
		if (!dso->rules)
			continue;
		seq_printf(m, "bytes_unwind_of_%s%*phN %zu\n",
			   dso->image	     ? "vdso" :
			   dso->build_id_len ? "" :
					       "-",
			   (int)dso->build_id_len, dso->build_id, mlu_rules_bytes(dso->rules));
	}
	mutex_unlock(&dsos_lock);
}

/**
 * mlu_dso_vaddr() - translate an offset in the file to an address in the ELF image
 * @dso: the dso, ready
 * @offset: the offset
 * @vaddr: set to the address
 *
 * Context: Any. Does not sleep.
 * Return: true if @offset is in an executable segment.
 */
bool mlu_dso_vaddr(const struct mlu_dso *dso, u64 offset, u64 *vaddr)
{
	return mlu_elf_vaddr(dso->loads, dso->nr_loads, offset, true, vaddr);
}
