/* SPDX-License-Identifier: GPL-2.0-only */
/* One mapped file, as far as walks, reports and attaching need it. */
#ifndef MLU_DSO_H
#define MLU_DSO_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "allocator.h"
#include "file_id.h"
#include "rules.h"

/*
 * References: each mapping of the file, and the work that reads it, until it is done.  Once it is
 * read it holds neither file nor inode, so that it keeps no file system busy.
 *
 * Users: each mapping until its target has ended.  What reports need stays with the references, the
 * large rest, which walks need, goes with the users.
 */
struct mlu_dso {
	struct kref refs;
	struct list_head node; /* in the list of all; guarded by its mutex */

	/* Which file, in which state; constant. */
	const void *image; /* in the kernel's memory, NULL: a file */
	struct mlu_file_id id;
	unsigned long asked; /* in jiffies: since when it is being read */

	/* The reader's, until @ready. */
	struct work_struct work;
	struct file *file;

	bool ready;	   /* what is below can be looked at */
	bool done;	   /* nothing of it is being read any more */
	bool late;	   /* somebody has waited in vain; nobody waits again */
	bool holds_module; /* until it is done, since it is late */

	/* Mappings of targets that are traced; guarded by the mutex. */
	unsigned int users;

	/* Set before @done, if it has any; freed when the last user has gone. */
	struct mlu_rules *rules;
	bool rules_missing; /* they could not be read, or did not fit; constant once it is done */

	/* Constant once it is ready. */
	int err; /* why it could not be read: -ENOMEM or an I/O error */
	unsigned int build_id_len;
	u8 build_id[MLU_ELF_MAX_BUILD_ID];
	unsigned int nr_loads;
	struct mlu_elf_load *loads;
	bool has_go; /* a Go runtime */
	struct mlu_allocator allocator;
};

/* Woken whenever a dso has become ready, is done, or is not waited for any more. */
extern wait_queue_head_t mlu_dso_reads;

struct mlu_dso *mlu_dso_get(struct file *mapped);
struct mlu_dso *mlu_dso_get_image(const void *image, size_t size);
void mlu_dso_retire(struct mlu_dso *dso);
void mlu_dso_put(struct mlu_dso *dso);
bool mlu_dso_wait(struct mlu_dso *dso, unsigned long deadline);
void mlu_dso_give_up(struct mlu_dso *dso);
void mlu_dso_show_bytes(struct seq_file *m);
bool mlu_dso_vaddr(const struct mlu_dso *dso, u64 offset, u64 *vaddr);

/* Can it be looked at? */
static inline bool mlu_dso_is_ready(const struct mlu_dso *dso)
{
	/* Pairs with the end of read_file(): what it has found comes first. */
	return smp_load_acquire(&dso->ready);
}

/* Are its rules there, if it has any? */
static inline bool mlu_dso_is_done(const struct mlu_dso *dso)
{
	/* Pairs with the end of read_file(), too. */
	return smp_load_acquire(&dso->done);
}

/* Is it worth waiting for it? */
static inline bool mlu_dso_is_pending(const struct mlu_dso *dso)
{
	return !READ_ONCE(dso->late) && !mlu_dso_is_done(dso);
}

#endif /* MLU_DSO_H */
