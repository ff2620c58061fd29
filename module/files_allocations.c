// SPDX-License-Identifier: GPL-2.0-only
/*
 * "allocations" and "blocks": every outstanding allocation, streamed, as text or in binary.
 *
 * A reader goes through the targets and the records of each, by a cursor that stays valid whatever
 * happens to the records (allocs.h, ranges.h). Some records are copied under a lock and printed
 * without it. So an allocation that lives through the whole
 * reading is shown exactly once, however many are made and freed, and a slow reader holds no lock.
 *
 * A reader that moves back (pread, lseek) starts again from the beginning and skips allocations up
 * to the new position, as they are then.
 *
 * Context: Called from readers in process context; may sleep. The state of an open file is guarded
 * by the lock of its seq_file.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "files_internal.h"
#include "text.h"

/* The copy of a record. */
struct item {
	u64 addr;
	u64 size;
	u64 time_ns;
	u32 tid;
	u32 stack;
	u8 kind;
	bool taken;
	bool head; /* no record, but the head of the reader's target */
};

#define MLU_BLOCKS_MAGIC "memleak_blocks1\n"
#define MLU_BLOCK_TAKEN 4
#define MLU_BLOCK_BRK 8

/* The file blocks, see docs/ABI: for each target a head, then a record for each block. */
struct mlu_blocks_head {
	char magic[16]; /* not terminated */
	u64 now_ns;
	u32 record_size;
	u32 target;
};

struct mlu_block {
	u64 address;
	u64 size;
	u64 time_ns;
	u32 stack;
	u32 flags; /* see block_flags() */
};

/* An open file. */
struct reader {
	struct mlu_selection *selection;
	bool blocks; /* heads, and also allocations that are younger than older= */

	/* The reader's position. */
	loff_t pos; /* of items[at - 1]; 0 before the first */
	unsigned int target;
	struct mlu_epoch_cursor cursor;

	/*
	 * The records of one step; the capacity grows to that of the largest bucket. Before there
	 * is any, a head has its place.
	 */
	unsigned int capacity, nr, at;
	struct item *items;
	struct item place;
};

static const char *const kind_names[MLU_NR_KINDS] = {
	[MLU_KIND_HEAP] = "heap", [MLU_KIND_MMAP] = "mmap", [MLU_KIND_STACK] = "stack",
	[MLU_KIND_SHM] = "shm",	  [MLU_KIND_BRK] = "brk",
};

/* Called for each record, under the spinlock of its table. */
static void reader_copy_item(const struct mlu_alloc *alloc, void *ctx)
{
	struct reader *reader = ctx;
	struct item *item = &reader->items[reader->nr++];

	item->addr = alloc->addr;
	item->size = alloc->size;
	item->time_ns = mlu_alloc_time_ns(alloc);
	item->tid = alloc->tid;
	item->stack = mlu_stack_resolved(alloc->stack)->id;
	item->kind = alloc->stack->kind;
	item->taken = alloc->taken;
	item->head = false;
}

static void reader_free_items(struct reader *reader)
{
	if (reader->items != &reader->place)
		kvfree(reader->items);
}

static int reader_grow(struct reader *reader, unsigned int capacity)
{
	struct item *items = kvmalloc_array(capacity, sizeof(*items), GFP_KERNEL);

	if (!items)
		return -ENOMEM;
	reader_free_items(reader);
	reader->items = items;
	reader->capacity = capacity;
	return 0;
}

/* Go to the next target, with its head in @items if the file has heads. */
static void reader_next_target(struct reader *reader)
{
	memset(&reader->cursor, 0, sizeof(reader->cursor));
	reader->target++;
	if (reader->blocks && reader->target < reader->selection->nr)
		reader->items[reader->nr++] = (struct item){ .head = true };
}

/*
 * Fill @items from the next bucket that has any records.
 * Return: their number; 0 at the end; -ENOMEM, or -EINTR if the reader is being killed.
 */
static int reader_refill(struct reader *reader)
{
	unsigned int need;
	int err = 0;

	reader->nr = 0;
	reader->at = 0;
	while (!err && !reader->nr && reader->target < reader->selection->nr) {
		if (mlu_epoch_cursor_is_done(&reader->cursor)) {
			reader_next_target(reader);
		} else {
			need = mlu_epoch_step(reader->selection->item[reader->target].epoch,
					      &reader->cursor, reader_copy_item, reader,
					      reader->capacity);
			err = need ? reader_grow(reader, need * 2) : 0;
		}
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err ? err : reader->nr;
}

/* The age of an allocation does not increase after the end of its target. */
static u64 reader_age_ns(const struct reader *reader, const struct item *item)
{
	u64 now = mlu_target_now(reader->selection->item[reader->target].target);

	return now > item->time_ns ? now - item->time_ns : 0;
}

/* Return: the next item to show; NULL at the end; an ERR_PTR, see reader_refill(). */
static struct item *reader_next_item(struct reader *reader)
{
	struct item *item;
	u64 older;
	int n;

	do {
		if (reader->at == reader->nr) {
			n = reader_refill(reader);
			if (n <= 0)
				return ERR_PTR(n);
		}
		item = &reader->items[reader->at++];
		older = reader->selection->item[reader->target].target->options.older_ms;
	} while (!reader->blocks && older && reader_age_ns(reader, item) < older * NSEC_PER_MSEC);
	reader->pos++;
	return item;
}

static void *reader_start(struct seq_file *m, loff_t *pos)
{
	struct reader *reader = m->private;
	struct item *item = NULL;

	if (*pos < reader->pos || !*pos) {
		reader->pos = 0;
		reader->target = 0;
		memset(&reader->cursor, 0, sizeof(reader->cursor));
		reader->nr = 0;
		reader->at = 0;
	}
	if (!*pos)
		return SEQ_START_TOKEN;
	if (*pos == reader->pos && reader->at)
		return &reader->items[reader->at - 1];
	while (reader->pos < *pos) {
		item = reader_next_item(reader);
		if (IS_ERR_OR_NULL(item))
			break;
	}
	return item;
}

static void *reader_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return reader_next_item(m->private);
}

static int allocations_show(struct seq_file *m, void *v)
{
	const struct reader *reader = m->private;
	struct pid_namespace *ns = task_active_pid_ns(current);
	const struct item *item = v;
	pid_t tid;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "memleak_user allocations 1\n");
		seq_puts(m, "# target address size age_ms thread stack kind\n");
		return 0;
	}
	/*
	 * item->tid is the number in the initial namespace, in which the thread may have ended. It
	 * is 0 if it is not visible in the reader's namespace.
	 */
	tid = item->tid;
	if (ns != &init_pid_ns) {
		rcu_read_lock();
		tid = pid_nr_ns(find_pid_ns(item->tid, &init_pid_ns), ns);
		rcu_read_unlock();
	}
	/* A million lines with seq_printf() would take seconds. */
	seq_put_decimal_ull(m, "", reader->selection->item[reader->target].target->id);
	seq_putc(m, ' ');
	mlu_seq_hex(m, item->addr, 16);
	seq_put_decimal_ull(m, " ", item->size);
	seq_put_decimal_ull(m, " ", reader_age_ns(reader, item) / NSEC_PER_MSEC);
	seq_put_decimal_ll(m, " ", tid);
	seq_put_decimal_ull(m, " ", item->stack);
	seq_putc(m, ' ');
	seq_puts(m, kind_names[item->kind]);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations allocations_ops = {
	.start = reader_start,
	.next = reader_next,
	.stop = mlu_seq_stop,
	.show = allocations_show,
};

/* The kind has two bits; brk is the fifth kind. */
static u32 block_flags(const struct item *item)
{
	u32 kind = item->kind == MLU_KIND_BRK ? MLU_KIND_SHM | MLU_BLOCK_BRK : item->kind;

	BUILD_BUG_ON(MLU_KIND_SHM != 3 || MLU_NR_KINDS != MLU_KIND_BRK + 1);
	return kind | (item->taken ? MLU_BLOCK_TAKEN : 0);
}

static int blocks_show(struct seq_file *m, void *v)
{
	const struct reader *reader = m->private;
	const struct item *item = v;

	/* The records of the target are copied after its head was shown. */
	if (v == SEQ_START_TOKEN || item->head) {
		struct mlu_blocks_head head = {
			.magic = MLU_BLOCKS_MAGIC,
			.now_ns = mlu_now_ns(),
			.record_size = sizeof(struct mlu_block),
		};

		if (reader->selection->nr)
			head.target = reader->selection->item[reader->target].target->id;
		seq_write(m, &head, sizeof(head));
	} else {
		struct mlu_block block = {
			.address = item->addr,
			.size = item->size,
			.time_ns = item->time_ns,
			.stack = item->stack,
			.flags = block_flags(item),
		};

		seq_write(m, &block, sizeof(block));
	}
	return 0;
}

static const struct seq_operations blocks_ops = {
	.start = reader_start,
	.next = reader_next,
	.stop = mlu_seq_stop,
	.show = blocks_show,
};

/* Not inlined in parts, so that the fault injection test finds its calls. */
static noinline int reader_open(struct inode *inode, struct file *file,
				const struct seq_operations *ops)
{
	struct reader *reader;
	int err = mlu_may_open(file);

	if (err)
		return err;
	reader = __seq_open_private(file, ops, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->blocks = ops == &blocks_ops;
	reader->items = &reader->place;
	reader->selection = mlu_selection_new((unsigned long)inode->i_private);
	if (!reader->selection) {
		seq_release_private(inode, file);
		return -ENOMEM;
	}
	mlu_seq_enlarge(file->private_data);
	return 0;
}

static int allocations_open(struct inode *inode, struct file *file)
{
	return reader_open(inode, file, &allocations_ops);
}

static int blocks_open(struct inode *inode, struct file *file)
{
	return reader_open(inode, file, &blocks_ops);
}

static int reader_release(struct inode *inode, struct file *file)
{
	struct reader *reader = ((struct seq_file *)file->private_data)->private;

	mlu_selection_free(reader->selection);
	reader_free_items(reader);
	return seq_release_private(inode, file);
}

const struct file_operations mlu_allocations_fops = {
	.owner = THIS_MODULE,
	.open = allocations_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = reader_release,
};

const struct file_operations mlu_blocks_fops = {
	.owner = THIS_MODULE,
	.open = blocks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = reader_release,
};
