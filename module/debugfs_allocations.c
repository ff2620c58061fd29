// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs "allocations": every outstanding allocation, streamed.
 *
 * A reader goes through the targets, in each through the two tables, in each through the buckets by
 * a cursor that stays valid whatever happens to the table (allocs.h).  One bucket's records are
 * copied out under its lock and printed without it.  So a block that lives through the whole
 * reading is shown exactly once, however many come and go, and no lock is held while the reader is
 * slow.
 *
 * A reader who goes back (pread, lseek) starts again from the beginning and skips: what he finds
 * there is then as of now.
 *
 * Entered from readers, may sleep; an open file's state is guarded by its seq_file's lock.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "debugfs_internal.h"
#include "text.h"

/* What is copied of a record. */
struct item {
	u64 addr;
	u64 size;
	u64 time_ns;
	u32 tid;
	u32 stack;
	u8 kind;
};

struct listing {
	struct mlu_selection *selection;

	/* Where the reader is. */
	loff_t pos; /* of items[at - 1]; 0: before the first */
	unsigned int target;
	bool mmaps;
	struct mlu_allocs_cursor cursor;

	/* One bucket's records; the room grows with the largest that is met. */
	unsigned int room, nr, at;
	struct item *items;
};

static const char *const kind_names[MLU_NR_KINDS] = {
	[MLU_KIND_HEAP] = "heap",
	[MLU_KIND_MMAP] = "mmap",
	[MLU_KIND_STACK] = "stack",
};

/* Called under a spinlock for each record of a bucket. */
static void copy(const struct mlu_alloc *alloc, void *ctx)
{
	struct listing *listing = ctx;
	struct item *item = &listing->items[listing->nr++];

	item->addr = alloc->addr;
	item->size = alloc->size;
	item->time_ns = alloc->time_ns;
	item->tid = alloc->tid;
	item->stack = mlu_stack_resolved(alloc->stack)->id;
	item->kind = alloc->stack->kind;
}

static int make_room(struct listing *listing, unsigned int room)
{
	struct item *items = kvmalloc_array(room, sizeof(*items), GFP_KERNEL);

	if (!items)
		return -ENOMEM;
	kvfree(listing->items);
	listing->items = items;
	listing->room = room;
	return 0;
}

/* On to the target's other table, or to the next target's first. */
static void next_table(struct listing *listing)
{
	memset(&listing->cursor, 0, sizeof(listing->cursor));
	listing->mmaps = !listing->mmaps;
	listing->target += !listing->mmaps;
}

static int step(struct listing *listing)
{
	struct mlu_allocs *table = mlu_epoch_table(listing->selection->item[listing->target].epoch,
						   listing->mmaps);
	unsigned int need = mlu_allocs_step(table, &listing->cursor, copy, listing, listing->room);

	return need ? make_room(listing, need * 2) : 0;
}

/* Fill @items with the next bucket that has any.  Return: how many; 0 at the end; an error. */
static int refill(struct listing *listing)
{
	int err = 0;

	listing->nr = 0;
	listing->at = 0;
	while (!err && !listing->nr && listing->target < listing->selection->nr) {
		if (listing->cursor.done)
			next_table(listing);
		else
			err = step(listing);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err ? err : listing->nr;
}

static void go_to_start(struct listing *listing)
{
	listing->pos = 0;
	listing->target = 0;
	listing->mmaps = false;
	memset(&listing->cursor, 0, sizeof(listing->cursor));
	listing->nr = 0;
	listing->at = 0;
}

/* As long as its target has lived since, or lived. */
static u64 age_ns(const struct listing *listing, const struct item *item)
{
	u64 now = mlu_target_now(listing->selection->item[listing->target].target);

	return now > item->time_ns ? now - item->time_ns : 0;
}

/* Younger than older= says: left out. */
static bool is_hidden(const struct listing *listing, const struct item *item)
{
	u64 older = listing->selection->item[listing->target].target->options.older_ms;

	return older && age_ns(listing, item) < older * NSEC_PER_MSEC;
}

/* The next item that is to be shown; NULL at the end, or an error. */
static struct item *forward(struct listing *listing)
{
	struct item *item;

	do {
		if (listing->at == listing->nr) {
			int n = refill(listing);

			if (n <= 0)
				return ERR_PTR(n);
		}
		item = &listing->items[listing->at++];
	} while (is_hidden(listing, item));
	listing->pos++;
	return item;
}

static void *listing_start(struct seq_file *m, loff_t *pos)
{
	struct listing *listing = m->private;
	struct item *item = NULL;

	if (*pos < listing->pos || !*pos)
		go_to_start(listing);
	if (!*pos)
		return SEQ_START_TOKEN;
	if (*pos == listing->pos && listing->at)
		return &listing->items[listing->at - 1];
	while (listing->pos < *pos) {
		item = forward(listing);
		if (IS_ERR_OR_NULL(item))
			break;
	}
	return item;
}

static void *listing_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return forward(m->private);
}

static void listing_stop(struct seq_file *m, void *v)
{
}

static int listing_show(struct seq_file *m, void *v)
{
	const struct listing *listing = m->private;
	const struct item *item = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "memleak_user allocations 1\n");
		seq_puts(m, "# target address size age_ms thread stack kind\n");
		return 0;
	}
	seq_printf(m, "%u 0x%016llx %llu %llu %d %u %s\n",
		   listing->selection->item[listing->target].target->id, item->addr, item->size,
		   age_ns(listing, item) / NSEC_PER_MSEC,
		   mlu_tid_in(item->tid, task_active_pid_ns(current)), item->stack,
		   kind_names[item->kind]);
	return 0;
}

static const struct seq_operations listing_ops = {
	.start = listing_start,
	.next = listing_next,
	.stop = listing_stop,
	.show = listing_show,
};

static void listing_free(struct listing *listing)
{
	mlu_selection_free(listing->selection);
	kvfree(listing->items);
	kfree(listing);
}

static int listing_open(struct inode *inode, struct file *file)
{
	struct listing *listing;
	int err = mlu_may_open(file);

	if (err)
		return err;
	listing = kzalloc(sizeof(*listing), GFP_KERNEL);
	if (!listing)
		return -ENOMEM;
	listing->selection = mlu_selection_new((unsigned long)inode->i_private);
	err = listing->selection ? seq_open(file, &listing_ops) : -ENOMEM;
	if (err)
		listing_free(listing);
	else
		((struct seq_file *)file->private_data)->private = listing;
	return err;
}

static int listing_release(struct inode *inode, struct file *file)
{
	listing_free(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

const struct file_operations mlu_allocations_fops = {
	.owner = THIS_MODULE,
	.open = listing_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = listing_release,
};
