// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped files: read once, in a work of their own, and shared by all mappings of them.
 *
 * Reading waits for whoever serves the file: a disk, a server, or a FUSE or fanotify daemon, that
 * may hang for ever and may itself be a target.  So each file is read by a work of its own on an
 * unbound queue, nothing is held meanwhile that another one needs, and who wants the result waits
 * for a bounded time.  What nobody waits for any more is "late": it holds the module until its
 * file is read after all, so that rmmod says that the module is in use instead of hanging.
 *
 * It is read in two steps.  First, and soon, what an attach has to know before it can put a probe
 * in, and what reports say of the file: "ready".  Then its unwind data, which may be large: "done".
 *
 * A file is known again by device, inode, size and times of change; one that is rewritten is
 * another one.  Of a file that could not be read the next one to ask makes a new dso.  The vdso is
 * no file: its image lies in the kernel's memory.
 *
 * Locks: dsos_lock (mutex) guards the list, the users, and who frees the rules; late_lock
 * (spinlock, a leaf) orders "done" and "late".
 *
 * Rules go with the last user, as a proof: a mapping is retired when its target has ended, no
 * handler of the target runs any more and its deferred walks are done; so whoever may still look
 * at the rules belongs to another mapping that is not retired, and then this was not the last.
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

static int read_head(struct mlu_dso *dso, struct mlu_image *image)
{
	int len = mlu_elf_build_id(&image->elf, dso->build_id, sizeof(dso->build_id));

	if (len < 0 && len != -ENOEXEC)
		return len;
	dso->build_id_len = len > 0 ? len : 0;
	dso->loads = kvmalloc_array(image->elf.nr_loads, sizeof(*dso->loads), GFP_KERNEL);
	if (!dso->loads)
		return -ENOMEM;
	dso->nr_loads = image->elf.nr_loads;
	memcpy(dso->loads, image->elf.load, dso->nr_loads * sizeof(*dso->loads));
	dso->has_go = mlu_elf_has_go(&image->elf) > 0;
	return mlu_allocator_find(&dso->allocator, image);
}

static void unlist(struct mlu_dso *dso)
{
	mutex_lock(&dsos_lock);
	list_del_init(&dso->node);
	mutex_unlock(&dsos_lock);
}

/* No ELF image, a malformed one, or one of another machine: the file has been read all the same. */
static void set_ready(struct mlu_dso *dso, int err)
{
	dso->err = err == -ENOEXEC || err == -EOPNOTSUPP ? 0 : err;
	if (dso->err)
		unlist(dso);
	/* Pairs with mlu_dso_is_ready(). */
	smp_store_release(&dso->ready, true);
	wake_up_all(&mlu_dso_reads);
}

/* If nobody uses it any more, nobody wants them. */
static void take_rules(struct mlu_dso *dso, struct mlu_rules *rules)
{
	dso->rules_missing = IS_ERR(rules);
	if (IS_ERR_OR_NULL(rules))
		return;
	mutex_lock(&dsos_lock);
	if (dso->users) {
		dso->rules = rules;
		rules = NULL;
	}
	mutex_unlock(&dsos_lock);
	mlu_rules_free(rules);
}

static void read_both(struct mlu_dso *dso, struct mlu_image *image)
{
	int err = mlu_image_open(image, dso->file);

	if (err) {
		set_ready(dso, err);
		return;
	}
	set_ready(dso, read_head(dso, image));
	/* Who has gone by now wants no more of it; who comes after that asks for another dso. */
	if (!dso->err && READ_ONCE(dso->users))
		take_rules(dso, mlu_rules_read(&image->elf));
	mlu_image_close(image);
}

static void read_mapped(struct mlu_dso *dso)
{
	struct mlu_image *image = kvmalloc(sizeof(*image), GFP_KERNEL);

	if (image)
		read_both(dso, image);
	else
		set_ready(dso, -ENOMEM);
	kvfree(image);
	/* Not fput(), which from a work closes later: who finds it done may want to unmount. */
	__fput_sync(dso->file);
}

/* The module is let go last: after that nothing but the return is left, and exit waits for that. */
static void read_file(struct work_struct *work)
{
	struct mlu_dso *dso = container_of(work, struct mlu_dso, work);
	bool holds_module;

	if (dso->image)
		take_rules(dso, mlu_rules_of_memory(dso->image, dso->id.size));
	else
		read_mapped(dso);
	spin_lock(&late_lock);
	/* Pairs with mlu_dso_is_ready(). */
	smp_store_release(&dso->ready, true);
	/* Pairs with mlu_dso_is_done(). */
	smp_store_release(&dso->done, true);
	holds_module = dso->holds_module;
	spin_unlock(&late_lock);
	wake_up_all(&mlu_dso_reads);
	mlu_dso_put(dso);
	if (holds_module)
		module_put(THIS_MODULE);
}

/* === The dsos === */

/* An image has nothing but its size. */
static bool same_file(const struct mlu_dso *a, const struct mlu_dso *b)
{
	return a->image == b->image && mlu_file_id_same(&a->id, &b->id);
}

/*
 * Query the times through the file system where the path leads to the mapped inode (see image.c):
 * file systems with multigrain timestamps give a change that follows a query a time of its own.
 * A server is not queried, it may not answer.
 */
static void identify(struct mlu_file_id *id, struct file *mapped)
{
	struct kstat stat;

	mlu_file_id_of(id, mapped);
	if (d_inode(mapped->f_path.dentry) != file_inode(mapped))
		return;
	if (vfs_getattr(&mapped->f_path, &stat, STATX_MTIME | STATX_CTIME, AT_STATX_DONT_SYNC))
		return;
	id->mtime = stat.mtime;
	id->ctime = stat.ctime;
}

static struct mlu_dso *dso_new(void)
{
	struct mlu_dso *dso = kzalloc(sizeof(*dso), GFP_KERNEL);

	if (!dso)
		return NULL;
	kref_init(&dso->refs);
	INIT_LIST_HEAD(&dso->node);
	INIT_WORK(&dso->work, read_file);
	dso->users = 1;
	dso->asked = jiffies;
	return dso;
}

/* A known one like @dso, with a reference and a user more, or NULL after adding @dso itself. */
static struct mlu_dso *find_or_add(struct mlu_dso *dso)
{
	struct mlu_dso *known;

	mutex_lock(&dsos_lock);
	list_for_each_entry(known, &dsos, node) {
		if (!same_file(known, dso) || !kref_get_unless_zero(&known->refs))
			continue;
		known->users++;
		goto out;
	}
	known = NULL;
	list_add(&dso->node, &dsos);
out:
	mutex_unlock(&dsos_lock);
	return known;
}

/* The one that is known of the file or image that @dso, a new one, is of. */
static struct mlu_dso *dso_get(struct mlu_dso *dso, struct file *mapped)
{
	struct mlu_dso *known = find_or_add(dso);

	if (known) {
		kfree(dso);
		return known;
	}
	if (mapped)
		dso->file = get_file(mapped);
	kref_get(&dso->refs);
	queue_work(mlu_read_wq, &dso->work);
	return dso;
}

/*
 * mlu_dso_get() - what is to be known of a mapping's file, now or soon
 *
 * Context: may sleep, does no file I/O.
 * Return: a dso with a reference and a use for the caller, ready or not, or NULL without memory.
 */
struct mlu_dso *mlu_dso_get(struct file *mapped)
{
	struct mlu_dso *dso = dso_new();

	if (!dso)
		return NULL;
	identify(&dso->id, mapped);
	return dso_get(dso, mapped);
}

/* mlu_dso_get_image() - the same of an image in the kernel's memory, which stays there */
struct mlu_dso *mlu_dso_get_image(const void *image, size_t size)
{
	struct mlu_dso *dso = dso_new();

	if (!dso)
		return NULL;
	dso->image = image;
	dso->id.size = size;
	return dso_get(dso, NULL);
}

/*
 * mlu_dso_retire() - one user less; the caller keeps its reference
 *
 * One without users is not found any more: who maps the file next reads it anew.
 *
 * Context: may sleep; see the proof above.
 */
void mlu_dso_retire(struct mlu_dso *dso)
{
	struct mlu_rules *rules = NULL;

	mutex_lock(&dsos_lock);
	if (!--dso->users) {
		list_del_init(&dso->node);
		rules = dso->rules;
		dso->rules = NULL;
	}
	mutex_unlock(&dsos_lock);
	mlu_rules_free(rules);
}

static void dso_release(struct kref *refs)
{
	struct mlu_dso *dso = container_of(refs, struct mlu_dso, refs);

	unlist(dso);
	kvfree(dso->loads);
	mlu_allocator_release(&dso->allocator);
	kfree(dso);
}

void mlu_dso_put(struct mlu_dso *dso)
{
	if (dso)
		kref_put(&dso->refs, dso_release);
}

/** mlu_dso_give_up() - it was waited for long enough, by everybody, unless it is done by now */
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

/*
 * mlu_dso_wait() - wait until it is ready
 * @deadline: in jiffies; who comes later, or finds it late already, does not wait
 *
 * Context: may sleep.
 * Return: whether it is.
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

/* An object is known again by its build id, as in reports. */
static void show_bytes(struct seq_file *m, const struct mlu_dso *dso)
{
	const char *name = dso->image ? "vdso" : dso->build_id_len ? "" : "-";

	seq_printf(m, "bytes_unwind_of_%s%*phN %zu\n", name, (int)dso->build_id_len, dso->build_id,
		   mlu_rules_bytes(dso->rules));
}

/** mlu_dso_show_bytes() - a line for each object whose unwind data is held. Context: may sleep. */
void mlu_dso_show_bytes(struct seq_file *m)
{
	const struct mlu_dso *dso;

	mutex_lock(&dsos_lock);
	list_for_each_entry(dso, &dsos, node)
		if (dso->rules)
			show_bytes(m, dso);
	mutex_unlock(&dsos_lock);
}

/** mlu_dso_vaddr() - the address in the ELF file of code at a file offset; false: in no segment */
bool mlu_dso_vaddr(const struct mlu_dso *dso, u64 offset, u64 *vaddr)
{
	return mlu_elf_vaddr(dso->loads, dso->nr_loads, offset, true, vaddr);
}
