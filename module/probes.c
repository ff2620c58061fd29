// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uprobes, shared by all targets.
 *
 * Each (inode, offset) has one consumer: with one consumer per target, an event would walk
 * through all of them. The consumer's filter looks the mm up, so other processes get no
 * breakpoint. The uprobe core calls the filter when a consumer is registered and when a file is
 * mapped, but not when the filter's answer changes. So to add a target to a probe, a helper
 * consumer is registered whose filter accepts that mm alone, and unregistered again: the
 * breakpoint stays, since the shared filter accepts the mm by then. A breakpoint is removed in
 * the same way after the shared filter has started to refuse the mm.
 *
 * A function that is probed because of the names of a target has a consumer for each set of names
 * (names.c), whose filter and handlers act only for targets with that set.
 *
 * Locks: none. Only the worker accesses the probes and their users. Registering takes the core's
 * dup_mmap_sem and the mmap_lock of each process that maps the inode, so no lock may be held
 * here. Handlers and the filter run in any process; they access only the consumer's constant
 * members and what RCU protects.
 *
 * Lifetime, as a proof: a consumer is freed in mlu_probe_sync(), after it was unregistered and
 * the core has waited for its handlers; no handler runs on it then.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "arch.h"
#include "events.h"
#include "frees.h"
#include "probes.h"

/*
 * The offset of a reference counter that bcc's Python interface passes for all its uprobes,
 * although they have none: it passes one argument less than its library takes, and the library
 * reads a constant of libffi instead (iovisor/bcc#5236). The offset is inside the file's ELF
 * header, so it is not a real counter.
 */
#define REF_CTR_OF_BCC 6

static LIST_HEAD(probes);
static LIST_HEAD(retired); /* unregistered; freed by the next mlu_probe_sync() */
static unsigned int nr_probes;
static atomic64_t foreign_hits;

static const struct mlu_function *consumer_function(struct uprobe_consumer *uc)
{
	return &container_of(to_mlu_consumer(uc), struct mlu_probe, consumer)->function;
}

/* Called by the core under the mmap_lock of @mm; takes no lock but RCU. */
static MLU_UPROBE_FILTER(accept_targets)
{
	bool accept;

	rcu_read_lock();
	accept = mlu_target_of_mm(mm);
	rcu_read_unlock();
	return accept;
}

/*
 * A process that is not a target was forked with its parent's breakpoints, or its target is just
 * being ended: have the core remove the breakpoint from it.
 */
static int refuse_foreign(void)
{
	atomic64_inc(&foreign_hits);
	return UPROBE_HANDLER_REMOVE;
}

/*
 * Context: The traced task, in process context; must not sleep.
 *
 * A thread that a return probe would kill, because of a change since the attach, gets none.
 */
static MLU_UPROBE_HANDLER(on_entry)
{
	const struct mlu_function *function = consumer_function(uc);
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = mlu_target_of_mm(current->mm);
	if (!target) {
		ret = refuse_foreign();
	} else if (mlu_return_probe_would_kill_current()) {
		mlu_event_unfollowed(target, function, regs);
		ret = MLU_HANDLER_NO_RETURN;
	} else if (!mlu_event_enter(target, function, regs) && MLU_CAN_DECLINE_RETURN) {
		ret = MLU_HANDLER_NO_RETURN;
	}
	rcu_read_unlock();
	return ret;
}

/* Context: The traced task, in process context; must not sleep. */
static MLU_UPROBE_HANDLER(on_free)
{
	struct mlu_target *target;
	int ret = 0;

	rcu_read_lock();
	target = mlu_target_of_mm(current->mm);
	if (target)
		mlu_event_free(target, consumer_function(uc), regs);
	else
		ret = refuse_foreign();
	rcu_read_unlock();
	return ret;
}

/* Context: The traced task, in process context; must not sleep. */
static MLU_UPROBE_RETURN(on_return)
{
	struct mlu_target *target;

	rcu_read_lock();
	target = mlu_target_of_mm(current->mm);
	if (target)
		mlu_event_return(target, consumer_function(uc), regs);
	rcu_read_unlock();
	return 0;
}

/* === Functions that only some targets name === */

/* Return: true if @mm is that of a target with the names of the probe. Within rcu_read_lock(). */
static bool is_named_by(struct uprobe_consumer *uc, const struct mm_struct *mm)
{
	const struct mlu_target *target = mlu_target_of_mm(mm);

	return target &&
	       target->maps.names ==
		       container_of(to_mlu_consumer(uc), struct mlu_probe, consumer)->names;
}

/* As refuse_foreign(), also for a target without the names. Within rcu_read_lock(). */
static int refuse_unnamed(void)
{
	return mlu_target_of_mm(current->mm) ? UPROBE_HANDLER_REMOVE : refuse_foreign();
}

/* As accept_targets(). */
static MLU_UPROBE_FILTER(accept_named)
{
	bool accept;

	rcu_read_lock();
	accept = is_named_by(uc, mm);
	rcu_read_unlock();
	return accept;
}

/*
 * The target that is found is the one that the other handlers find: no other can be published for
 * the mm before rcu_read_unlock().
 */
static MLU_UPROBE_HANDLER(on_named_entry)
{
	int ret;

	rcu_read_lock();
	ret = is_named_by(uc, current->mm) ? on_entry(MLU_HANDLER_ARGS) : refuse_unnamed();
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_HANDLER(on_named_free)
{
	int ret;

	rcu_read_lock();
	ret = is_named_by(uc, current->mm) ? on_free(MLU_HANDLER_ARGS) : refuse_unnamed();
	rcu_read_unlock();
	return ret;
}

static MLU_UPROBE_RETURN(on_named_return)
{
	rcu_read_lock();
	if (is_named_by(uc, current->mm))
		on_return(MLU_RETURN_ARGS);
	rcu_read_unlock();
	return 0;
}

/* === The helper === */

static MLU_UPROBE_FILTER(accept_helper_mm)
{
	return mm == container_of(to_mlu_consumer(uc), struct mlu_helper, consumer)->mm;
}

/* A breakpoint is removed only if all its consumers request it, so this one leaves it to others. */
static MLU_UPROBE_HANDLER(request_removal)
{
	return UPROBE_HANDLER_REMOVE;
}

/*
 * Make the core call the shared filter for @mm again: it inserts the breakpoint if the filter
 * accepts the mm, and removes it otherwise. The helper is part of the use, so that removing a
 * breakpoint allocates nothing here.
 */
static int probe_update_mm(struct mlu_probe *probe, struct mm_struct *mm, struct mlu_helper *helper)
{
	int err;

	memset(helper, 0, sizeof(*helper));
	helper->mm = mm;
	helper->consumer.uc.handler = request_removal;
	helper->consumer.uc.filter = accept_helper_mm;
	helper->consumer.inode = probe->consumer.inode;
	helper->consumer.offset = probe->consumer.offset;
	helper->consumer.ref_ctr = probe->consumer.ref_ctr;
	err = mlu_uprobe_register(&helper->consumer);
	if (!err)
		mlu_uprobe_unregister_nosync(&helper->consumer);
	return err;
}

/* === Probes and their users === */

/* A function has one probe, at whichever of its places was free when it was registered. */
static struct mlu_probe *probe_find(struct inode *inode, const struct mlu_site *site)
{
	struct mlu_probe *probe;
	unsigned int i;

	for (i = 0; i < site->places.nr; i++)
		list_for_each_entry(probe, &probes, node)
			if (probe->consumer.inode == inode && probe->names == site->names &&
			    probe->consumer.offset == site->offset + site->places.place[i].offset)
				return probe;
	return NULL;
}

static void probe_set_handlers(struct mlu_probe *probe, const struct mlu_site *site)
{
	struct uprobe_consumer *uc = &probe->consumer.uc;

	uc->filter = site->names ? accept_named : accept_targets;
	if (!mlu_prototype_has_return(site->function.proto)) {
		uc->handler = site->names ? on_named_free : on_free;
		return;
	}
	uc->handler = site->names ? on_named_entry : on_entry;
	uc->ret_handler = site->names ? on_named_return : on_return;
}

/* Not inlined, so that the fault injection test finds its call of uprobe_register(). */
static noinline struct mlu_probe *probe_register_at(struct inode *inode,
						    const struct mlu_site *site,
						    const struct mlu_place *place, loff_t ref_ctr)
{
	struct mlu_probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	int err;

	if (!probe)
		return ERR_PTR(-ENOMEM);
	probe_set_handlers(probe, site);
	probe->consumer.inode = inode;
	probe->consumer.offset = site->offset + place->offset;
	probe->consumer.ref_ctr = ref_ctr;
	probe->function = site->function;
	probe->names = site->names;
	probe->function.skipped = place->offset;
	probe->emulated = place->emulated;
	err = mlu_uprobe_register(&probe->consumer);
	if (err) {
		kfree(probe);
		return ERR_PTR(err);
	}
	list_add(&probe->node, &probes);
	WRITE_ONCE(nr_probes, nr_probes + 1);
	return probe;
}

/*
 * All uprobes on one instruction must have the same reference counter, and ours have none. Where
 * another tracer's uprobe has one, use the next place. Beside bcc, register with its reference
 * counter, and only on the function's first instruction.
 *
 * Return: the probe, ERR_PTR(-EADDRINUSE) if all places are taken, or the core's error.
 */
static struct mlu_probe *probe_register(struct inode *inode, const struct mlu_site *site,
					bool beside_bcc)
{
	unsigned int i;

	for (i = 0; i < site->places.nr; i++) {
		const struct mlu_place *place = &site->places.place[i];
		struct mlu_probe *probe;

		if (beside_bcc && place->offset)
			continue;
		probe = probe_register_at(inode, site, place, beside_bcc ? REF_CTR_OF_BCC : 0);
		/* -EINVAL: a different reference counter, or an offset beyond the file. */
		if (PTR_ERR_OR_ZERO(probe) != -EINVAL ||
		    (loff_t)(site->offset + place->offset) >= i_size_read(inode))
			return probe;
	}
	return ERR_PTR(-EADDRINUSE);
}

/**
 * mlu_probe_use() - probe a function in a published target
 * @target: the target
 * @site: the function
 * @beside_bcc: use bcc's reference counter. Only allowed if this function has returned -EADDRINUSE
 *	without it, and if the target already has another tracer's breakpoint on the function's
 *	first instruction: the core changes a counter when it inserts or removes a breakpoint, and
 *	does so in that process for bcc anyway.
 * @use: filled in; the target's maps keep the file of @site's mapping
 *
 * Context: The worker; may sleep. The caller calls mlu_probe_sync() afterwards.
 * Return: 0, -ESTALE if the probe at this place is one of another function, -EADDRINUSE if
 * another tracer's probes take all places, or the uprobe core's error. 0 does not mean that a
 * breakpoint was inserted.
 */
int mlu_probe_use(struct mlu_target *target, const struct mlu_site *site, bool beside_bcc,
		  struct mlu_use *use)
{
	struct inode *inode = file_inode(site->mapping->file);
	struct mlu_probe *probe = probe_find(inode, site);
	int err;

	/* The file was written in place since another target's probe was inserted. */
	if (probe && probe->function.proto != site->function.proto)
		return -ESTALE;
	if (probe && probe->consumer.ref_ctr && !beside_bcc)
		return -EADDRINUSE;
	if (probe) {
		err = probe_update_mm(probe, target->mm, &use->helper);
	} else {
		probe = probe_register(inode, site, beside_bcc);
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

/**
 * mlu_probe_unuse() - remove a probe from a target that is no longer published
 * @target: the target
 * @use: the use to end
 * @mm_is_alive: the target still has an address space, with breakpoints in it
 *
 * The file is released later, with the target's maps.
 *
 * Context: The worker; may sleep. The caller calls mlu_probe_sync() afterwards.
 */
void mlu_probe_unuse(struct mlu_target *target, struct mlu_use *use, bool mm_is_alive)
{
	struct mlu_probe *probe = use->probe;

	if (!--probe->users) {
		mlu_uprobe_unregister_nosync(&probe->consumer);
		list_move(&probe->node, &retired);
		WRITE_ONCE(nr_probes, nr_probes - 1);
	} else if (mm_is_alive && probe_update_mm(probe, target->mm, &use->helper)) {
		pr_warn_once("out of memory: breakpoints stay in a process until it hits them\n");
	}
}

/**
 * mlu_probe_sync() - wait for the handlers of unregistered consumers, then free these
 *
 * Context: The worker; may sleep.
 */
void mlu_probe_sync(void)
{
	struct mlu_probe *probe, *tmp;

	mlu_uprobe_sync();
	list_for_each_entry_safe(probe, tmp, &retired, node) {
		list_del(&probe->node);
		kfree(probe);
	}
}

/**
 * mlu_nr_probes() - the number of registered probes
 *
 * Return: the number.
 */
unsigned int mlu_nr_probes(void)
{
	return READ_ONCE(nr_probes);
}

/**
 * mlu_foreign_hits() - the number of events in processes that are not targets
 *
 * Return: the number.
 */
u64 mlu_foreign_hits(void)
{
	return atomic64_read(&foreign_hits);
}
