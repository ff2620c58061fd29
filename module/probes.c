// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uprobes shared by all targets.
 *
 * Each (inode, offset) has one consumer: with one for each target, an event would walk through all
 * of them.  Its filter is the look-up by mm, so that other processes get no breakpoint.  The uprobe
 * core asks the filter when a consumer is registered and when a file is mapped, not when our answer
 * changes.  So a further target gets its breakpoints by registering a helper consumer whose filter
 * accepts that mm alone, and taking it out again: the breakpoint stays, since the shared filter now
 * accepts the mm too.  In the same way it loses them when the shared filter has begun to refuse.
 *
 * The probes and their users are the worker's alone: no lock.  Registering takes the core's
 * dup_mmap_sem and the mmap_lock of every process that maps the inode, so nothing is held here.
 * Handlers and filter run in any process and look at nothing but the consumer's constant fields and
 * what RCU protects.
 *
 * Lifetime, as a proof: a consumer is freed after mlu_probe_sync(), which is called after it was
 * unregistered; no handler runs on it then.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "arch.h"
#include "events.h"
#include "probes.h"

/*
 * The reference counter that bcc's Python interface names for all its uprobes, though they have
 * none: it passes one argument less than its library takes, and the library finds a constant of
 * libffi there (iovisor/bcc#5236).  It would lie in the file's ELF header, so it is no true one.
 */
#define REF_CTR_OF_BCC 6

static LIST_HEAD(probes);
static LIST_HEAD(retired); /* unregistered, to be freed at the next sync */
static unsigned int nr_probes;
static atomic64_t foreign_hits;

static const struct mlu_function *function_of(struct uprobe_consumer *uc)
{
	return &container_of(to_mlu_consumer(uc), struct mlu_probe, consumer)->function;
}

/*
 * Called under the mmap_lock of @mm, by the core; takes nothing but RCU.
 */
static MLU_UPROBE_FILTER(accept_targets)
{
	bool accept;

	rcu_read_lock();
	accept = mlu_target_of_mm(mm);
	rcu_read_unlock();
	return accept;
}

/*
 * A process that is no target got here by fork, with its parent's breakpoints, or its target is
 * just being ended: have the breakpoint taken out of it.  A thread that was confined since the
 * attach, so that a return probe would kill it, gets none.
 */
static MLU_UPROBE_HANDLER(on_entry)
{
	const struct mlu_function *function = function_of(uc);
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = mlu_target_of_mm(current->mm);
	if (!target) {
		atomic64_inc(&foreign_hits);
		ret = UPROBE_HANDLER_REMOVE;
	} else if (mlu_prototype_has_return(function->proto) &&
		   mlu_return_probe_would_kill_current()) {
		mlu_event_unfollowed(target, function, regs);
		ret = MLU_HANDLER_NO_RETURN;
	} else {
		mlu_event_enter(target, function, regs);
	}
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_RETURN(on_return)
{
	struct mlu_target *target;

	rcu_read_lock();
	target = mlu_target_of_mm(current->mm);
	if (target)
		mlu_event_return(target, function_of(uc), regs);
	rcu_read_unlock();
	return 0;
}

/* === The helper === */

static MLU_UPROBE_FILTER(accept_one)
{
	return mm == container_of(to_mlu_consumer(uc), struct mlu_helper, consumer)->mm;
}

/* Has no say in whether a breakpoint is taken out: all consumers must ask for it. */
static MLU_UPROBE_HANDLER(say_remove)
{
	return UPROBE_HANDLER_REMOVE;
}

/*
 * Make the core look at @mm again: puts the breakpoint in if the shared filter accepts the mm,
 * takes it out if it refuses.  The helper is part of the use: taking probes out needs no memory.
 */
static int reconsider(struct mlu_probe *probe, struct mm_struct *mm, struct mlu_helper *helper)
{
	int err;

	memset(helper, 0, sizeof(*helper));
	helper->mm = mm;
	helper->consumer.uc.handler = say_remove;
	helper->consumer.uc.filter = accept_one;
	helper->consumer.inode = probe->consumer.inode;
	helper->consumer.offset = probe->consumer.offset;
	helper->consumer.ref_ctr = probe->consumer.ref_ctr;
	err = mlu_uprobe_register(&helper->consumer);
	if (!err)
		mlu_uprobe_unregister_nosync(&helper->consumer);
	return err;
}

/* === Probes and their users === */

static struct mlu_probe *probe_at(struct inode *inode, u64 offset)
{
	struct mlu_probe *probe;

	list_for_each_entry(probe, &probes, node)
		if (probe->consumer.inode == inode && probe->consumer.offset == offset)
			return probe;
	return NULL;
}

/* A function has one probe, whichever of its places was free when that was registered. */
static struct mlu_probe *probe_find(struct inode *inode, const struct mlu_site *site)
{
	struct mlu_probe *probe = NULL;
	unsigned int i;

	for (i = 0; !probe && i < site->places.nr; i++)
		probe = probe_at(inode, site->offset + site->places.place[i].offset);
	return probe;
}

static struct mlu_probe *probe_new(struct inode *inode, const struct mlu_site *site,
				   const struct mlu_place *place, loff_t ref_ctr)
{
	struct mlu_probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);

	if (!probe)
		return NULL;
	probe->consumer.uc.handler = on_entry;
	if (mlu_prototype_has_return(site->function.proto))
		probe->consumer.uc.ret_handler = on_return;
	probe->consumer.uc.filter = accept_targets;
	probe->consumer.inode = inode;
	probe->consumer.offset = site->offset + place->offset;
	probe->consumer.ref_ctr = ref_ctr;
	probe->function = site->function;
	probe->function.skipped = place->offset;
	probe->emulated = place->emulated;
	return probe;
}

static struct mlu_probe *probe_register_at(struct inode *inode, const struct mlu_site *site,
					   const struct mlu_place *place, loff_t ref_ctr)
{
	struct mlu_probe *probe = probe_new(inode, site, place, ref_ctr);
	int err;

	if (!probe)
		return ERR_PTR(-ENOMEM);
	err = mlu_uprobe_register(&probe->consumer);
	if (err) {
		kfree(probe);
		return ERR_PTR(err);
	}
	list_add(&probe->node, &probes);
	WRITE_ONCE(nr_probes, nr_probes + 1);
	return probe;
}

/* The core gives one errno for a reference counter that is another one and for no such offset. */
static bool is_taken(struct inode *inode, const struct mlu_site *site,
		     const struct mlu_place *place, const struct mlu_probe *probe)
{
	return PTR_ERR_OR_ZERO(probe) == -EINVAL &&
	       (loff_t)(site->offset + place->offset) < i_size_read(inode);
}

/*
 * All uprobes on one instruction must have the same reference counter, and ours have none: where
 * another tracer's has one, the next place serves as well.
 *
 * Return: the probe, or -EADDRINUSE if each place is taken, or what the core said.
 */
static struct mlu_probe *probe_register(struct inode *inode, const struct mlu_site *site)
{
	unsigned int i;

	for (i = 0; i < site->places.nr; i++) {
		const struct mlu_place *place = &site->places.place[i];
		struct mlu_probe *probe = probe_register_at(inode, site, place, 0);

		if (!is_taken(inode, site, place, probe))
			return probe;
	}
	return ERR_PTR(-EADDRINUSE);
}

/* Beside bcc's probe, on the function's first instruction. */
static struct mlu_probe *probe_register_beside_bcc(struct inode *inode, const struct mlu_site *site)
{
	unsigned int i;

	for (i = 0; i < site->places.nr; i++) {
		const struct mlu_place *place = &site->places.place[i];
		struct mlu_probe *probe;

		if (place->offset)
			continue;
		probe = probe_register_at(inode, site, place, REF_CTR_OF_BCC);
		if (!is_taken(inode, site, place, probe))
			return probe;
	}
	return ERR_PTR(-EADDRINUSE);
}

static void probe_unregister(struct mlu_probe *probe)
{
	mlu_uprobe_unregister_nosync(&probe->consumer);
	list_move(&probe->node, &retired);
	WRITE_ONCE(nr_probes, nr_probes - 1);
}

/*
 * mlu_probe_use() - put a probe into a published target
 * @beside_bcc: have the reference counter that bcc has.  To be asked for only where this function
 *	has said -EADDRINUSE without it, and where the target has another tracer's breakpoint on
 *	the function's first instruction already: the core changes a counter when it puts a
 *	breakpoint in or takes it out, and does so in that process for bcc anyway.
 * @use: to be filled in; keeps the file of @site's mapping
 *
 * Context: worker; mlu_probe_sync() is to follow.
 * Return: 0, -ESTALE if the probe there is one of another function, -EADDRINUSE if another tracer's
 * probes are in the way, or the uprobe core's error; 0 does not mean that a breakpoint is there.
 */
int mlu_probe_use(struct mlu_target *target, const struct mlu_site *site, bool beside_bcc,
		  struct mlu_use *use)
{
	struct inode *inode = file_inode(site->mapping->file);
	struct mlu_probe *probe = probe_find(inode, site);
	int err;

	/* The file was written in place since another target's probe went in. */
	if (probe && probe->function.proto != site->function.proto)
		return -ESTALE;
	if (probe && probe->consumer.ref_ctr && !beside_bcc)
		return -EADDRINUSE;
	if (probe) {
		err = reconsider(probe, target->mm, &use->helper);
	} else {
		probe = beside_bcc ? probe_register_beside_bcc(inode, site) :
				     probe_register(inode, site);
		err = PTR_ERR_OR_ZERO(probe);
	}
	if (err)
		return err;
	probe->users++;
	mlu_maps_keep(&target->maps, site->mapping);
	use->probe = probe;
	use->mapping = site->mapping;
	use->addr = site->mapping->start + (probe->consumer.offset - site->mapping->offset);
	return 0;
}

/*
 * mlu_probe_unuse() - take a probe out of a target that is no longer published
 * @mm_is_alive: it still has an address space for breakpoints to be in
 *
 * The file is let go with the target's maps, later.
 *
 * Context: worker; mlu_probe_sync() is to follow.
 */
void mlu_probe_unuse(struct mlu_target *target, struct mlu_use *use, bool mm_is_alive)
{
	struct mlu_probe *probe = use->probe;

	if (!--probe->users)
		probe_unregister(probe);
	else if (mm_is_alive && reconsider(probe, target->mm, &use->helper))
		pr_warn_once("breakpoints stay in a process until it hits them: no memory\n");
}

/** mlu_probe_sync() - wait until no unregistered consumer is entered any more, free the probes */
void mlu_probe_sync(void)
{
	struct mlu_probe *probe, *tmp;

	mlu_uprobe_sync();
	list_for_each_entry_safe(probe, tmp, &retired, node) {
		list_del(&probe->node);
		kfree(probe);
	}
}

unsigned int mlu_nr_probes(void)
{
	return READ_ONCE(nr_probes);
}

/** mlu_foreign_hits() - events of processes that are no target */
u64 mlu_foreign_hits(void)
{
	return atomic64_read(&foreign_hits);
}
