/* SPDX-License-Identifier: GPL-2.0-only */
/* One mapped file: what attaching, reports and stack walks need of it. */
#ifndef MLU_DSO_H
#define MLU_DSO_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "allocator.h"
#include "file_id.h"
#include "names.h"
#include "rules.h"

/**
 * struct mlu_dso - one mapped file, or the vdso
 * @refs: held by each mapping of the file, and by @work until it is done
 * @node: in the list of all dsos; guarded by its mutex
 * @image: an image in the kernel's memory, or NULL if it is a file; constant
 * @id: the identity of the file; constant
 * @names: the names that it is searched for besides those of the table, with a reference, or NULL;
 *	constant
 * @queued_at: when it was queued for reading, in jiffies; constant
 * @work: reads the file
 * @file: the mapped file, until @work has read it
 * @ready: the members from @err on have been read
 * @done: nothing is being read any more
 * @late: a wait for it has timed out, and no one waits for it again
 * @holds_module: @work holds a reference on the module until it is done, as it is late
 * @users: the number of mappings that are not retired, and of groups that share it with mappings;
 *	it becomes 0 under the mutex only
 * @rules: the unwind rules, or NULL; set before @done, freed with the last user
 * @rules_missing: the rules could not be read, or did not fit; constant once @done
 * @err: why the file could not be read, -ENOMEM or an I/O error; this and what follows is constant
 *	once @ready
 * @build_id_len: the length of @build_id; 0 if the image has none
 * @build_id: the build id
 * @nr_loads: the number of @loads
 * @loads: the segments
 * @has_go: it has a Go runtime
 * @allocator: the allocator that it defines
 *
 * A dso that has been read holds neither file nor inode, so that it keeps no file system busy.
 *
 * Each mapping has a reference, and is also a user until its target has ended. What reports need
 * is freed with the last reference. The unwind data, which is large and needed by walks only, is
 * freed with the last user.
 */
struct mlu_dso {
	struct kref refs;
	struct list_head node;

	const void *image;
	struct mlu_file_id id;
	struct mlu_names *names;
	unsigned long queued_at;

	struct work_struct work;
	struct file *file;

	bool ready;
	bool done;
	bool late;
	bool holds_module;

	atomic_t users;
	struct mlu_rules *rules;
	bool rules_missing;

	int err;
	unsigned int build_id_len;
	u8 build_id[MLU_ELF_MAX_BUILD_ID];
	unsigned int nr_loads;
	struct mlu_elf_load *loads;
	bool has_go;
	struct mlu_allocator allocator;
};

/* Woken whenever a dso has become ready, done or late, or mappings have been resolved. */
extern wait_queue_head_t mlu_dso_reads;

struct mlu_dso *mlu_dso_get(struct file *mapped, struct mlu_names *names);
struct mlu_dso *mlu_dso_get_image(const void *image, size_t size);
void mlu_dso_retire(struct mlu_dso *dso);
void mlu_dso_put(struct mlu_dso *dso);
bool mlu_dso_wait(struct mlu_dso *dso, unsigned long deadline);
void mlu_dso_give_up(struct mlu_dso *dso);
void mlu_dso_show_bytes(struct seq_file *m);
bool mlu_dso_vaddr(const struct mlu_dso *dso, u64 offset, u64 *vaddr);

/**
 * mlu_dso_share() - take a further reference and a further use of a dso
 * @dso: the dso, which is not being freed
 *
 * Context: Any. Does not sleep.
 * Return: false if it has no users: its unwind data is gone.
 */
static inline bool mlu_dso_share(struct mlu_dso *dso)
{
	if (!atomic_inc_not_zero(&dso->users))
		return false;
	kref_get(&dso->refs);
	return true;
}

/* Return: true if what attaching and reports need has been read. */
static inline bool mlu_dso_is_ready(const struct mlu_dso *dso)
{
	/* Pairs with dso_set_ready() and dso_read_work(). */
	return smp_load_acquire(&dso->ready);
}

/* Return: true if the rules have been read, too, if it has any. */
static inline bool mlu_dso_is_done(const struct mlu_dso *dso)
{
	/* Pairs with dso_read_work(). */
	return smp_load_acquire(&dso->done);
}

/* Return: true if it is being read and has not been given up. */
static inline bool mlu_dso_is_pending(const struct mlu_dso *dso)
{
	return !READ_ONCE(dso->late) && !mlu_dso_is_done(dso);
}

#endif /* MLU_DSO_H */
