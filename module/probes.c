// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uprobes, shared by all targets.
 *
 * Each (inode, offset) has one consumer: with one consumer per target, an event would walk
 * through all of them. The consumer's filter looks for the mm among the probe's users, so other
 * processes get no breakpoint. If one target sees a function's return by a return probe and another
 * one at the function's exits, they need consumers at different places of the function: the core
 * prepares a return probe in all processes that hit the consumer.
 *
 * The core calls the filter when a consumer is registered and when a file is mapped, but not when
 * the filter's answer changes. So to add a target to a probe, a helper consumer is registered whose
 * filter accepts that mm alone, and unregistered again: the breakpoint stays, since the shared
 * filter accepts the mm by then. A breakpoint is removed in the same way after the shared filter
 * has started to refuse the mm.
 *
 * Locks: none. Only the worker accesses the probes and their users. Registering takes the core's
 * dup_mmap_sem and the mmap_lock of each process that maps the inode, so no lock may be held
 * here. The handlers and the filter (probe_handlers.c) take no lock but RCU.
 *
 * A function that is probed because of the names of a target has a consumer for each set of names
 * (names.c), whose handlers act only for the users of the probe.
 *
 * Lifetime, as a proof: a consumer is freed in mlu_probe_sync(), after it was unregistered and
 * the core has waited for its handlers; no handler runs on it then. A use is read by the filter and
 * by handlers within rcu_read_lock() only, and is freed after it has left the list and
 * synchronize_rcu() has returned. Nothing else refers to either: a call in flight keeps the
 * prototype of its function, which is constant or belongs to the names of the target.
 *
 * The proof does not require that the target is unpublished. It is when the target ends. It is not
 * when a library has gone (late.c): events of the probe count until the core has removed it, and
 * a call that is in flight then is one of a thread that has left the library's code, as nothing of
 * it is mapped; it is removed as any other call whose return is not seen.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "arch.h"
#include "probe_handlers.h"
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

/* === The helper === */

static MLU_UPROBE_FILTER(accept_helper_mm)
{
	const struct mm_struct *only =
		container_of(to_mlu_consumer(uc), struct mlu_helper, consumer)->mm;

	return !only || mm == only;
}

/* A breakpoint is removed only if all its consumers request it, so this one leaves it to others. */
static MLU_UPROBE_HANDLER(request_removal)
{
	return UPROBE_HANDLER_REMOVE;
}

/*
 * Make the core call the shared filter for @mm, or for all if it is NULL, again: it inserts the
 * breakpoint if the filter accepts the mm, and removes it otherwise. The helper is part of the use,
 * so that removing a breakpoint allocates nothing here.
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

/* Return: true if a probe is at the @i-th place of a site. */
static bool is_at(const struct mlu_probe *probe, const struct inode *inode,
		  const struct mlu_site *site, unsigned int i)
{
	return probe->consumer.inode == inode &&
	       probe->consumer.offset == site->offset + site->places.place[i].offset;
}

/* The probe for a site, at whichever of its places was free when it was registered, or NULL. */
static struct mlu_probe *probe_find(const struct inode *inode, const struct mlu_site *site)
{
	struct mlu_probe *probe;
	unsigned int i;

	for (i = 0; i < site->places.nr; i++)
		list_for_each_entry(probe, &probes, node)
			if (is_at(probe, inode, site, i) && probe->kind == site->kind &&
			    probe->names == site->names)
				return probe;
	return NULL;
}

/* Return: true if no probe of another kind is at the @i-th place of a site. */
static bool is_place_free(const struct inode *inode, const struct mlu_site *site, unsigned int i,
			  enum mlu_probe_kind kind)
{
	const struct mlu_probe *probe;

	list_for_each_entry(probe, &probes, node)
		if (is_at(probe, inode, site, i) && probe->kind != kind)
			return false;
	return true;
}

/**
 * mlu_probe_may_be() - may a function be probed in this way, beside other targets' probes?
 * @inode: its file
 * @site: the function
 * @kind: the way
 *
 * Context: The worker.
 * Return: false if probes of other kinds take all places.
 */
bool mlu_probe_may_be(struct inode *inode, const struct mlu_site *site, enum mlu_probe_kind kind)
{
	unsigned int i;

	for (i = 0; i < site->places.nr; i++)
		if (is_place_free(inode, site, i, kind))
			return true;
	return false;
}

/* The bytes are those that the place was found with, and the target's memory has been compared. */
static void set_place(struct mlu_probe *probe, const struct mlu_site *site,
		      const struct mlu_place *place)
{
	probe->place = place->kind;
	if (place->kind == MLU_PLACE_FRAME && probe->kind == MLU_PROBE_RETURN)
		probe->place = MLU_PLACE_STEPPED;
	if (mlu_probe_is_executed(probe) &&
	    !mlu_step_decode(site->code + place->offset, site->code_len - place->offset,
			     &probe->step))
		probe->place = MLU_PLACE_STEPPED;
}

/* Not inlined, so that the fault injection test finds its call of uprobe_register(). */
static noinline struct mlu_probe *probe_register_at(struct inode *inode,
						    const struct mlu_site *site,
						    const struct mlu_place *place, loff_t ref_ctr,
						    struct mlu_use *use)
{
	struct mlu_probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	int err;

	if (!probe)
		return ERR_PTR(-ENOMEM);
	probe->kind = site->kind;
	probe->names = site->names;
	probe->exit_len = site->code_len;
	set_place(probe, site, place);
	mlu_probe_set_handlers(probe);
	INIT_LIST_HEAD(&probe->uses);
	/* The filter is called while the consumer is being registered. */
	list_add_rcu(&use->node, &probe->uses);
	probe->consumer.inode = inode;
	probe->consumer.offset = site->offset + place->offset;
	probe->consumer.ref_ctr = ref_ctr;
	probe->function = site->function;
	probe->function.skipped = place->offset;
	err = mlu_uprobe_register(&probe->consumer);
	if (err) {
		/* The core has called no filter since it has returned, nor will it. */
		list_del(&use->node);
		kfree(probe);
		return ERR_PTR(err);
	}
	WRITE_ONCE(probe->is_registered, true);
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
					bool beside_bcc, struct mlu_use *use)
{
	unsigned int i;

	for (i = 0; i < site->places.nr; i++) {
		const struct mlu_place *place = &site->places.place[i];
		struct mlu_probe *probe;

		if (beside_bcc && place->offset)
			continue;
		if (!is_place_free(inode, site, i, site->kind))
			continue;
		probe = probe_register_at(inode, site, place, beside_bcc ? REF_CTR_OF_BCC : 0, use);
		/* -EINVAL: a different reference counter, or an offset beyond the file. */
		if (PTR_ERR_OR_ZERO(probe) != -EINVAL ||
		    (loff_t)(site->offset + place->offset) >= i_size_read(inode))
			return probe;
	}
	return ERR_PTR(-EADDRINUSE);
}

static bool is_there(const struct mlu_probe *probe, const struct mlu_site *site, u64 there)
{
	return there >> (probe->consumer.offset - site->offset) & 1;
}

/**
 * mlu_probe_use() - probe a function in a published target
 * @target: the target
 * @site: the function
 * @beside_bcc: use bcc's reference counter. Only allowed if this function has returned -EADDRINUSE
 *	without it, and if the target already has another tracer's breakpoint on the function's
 *	first instruction: the core changes a counter when it inserts or removes a breakpoint, and
 *	does so in that process for bcc anyway.
 * @there: bit i is set if the target is known to have the breakpoint of our probe, if there is
 *	one, at @site's byte i
 * @use: filled in; the target's maps keep the file of @site's mapping
 *
 * Context: The worker; may sleep. The caller calls mlu_probe_sync() afterwards.
 * Return: 0, -ESTALE if the probe at this place is one of another function, -EADDRINUSE if other
 * probes take all places, or the uprobe core's error. 0 does not mean that a breakpoint was
 * inserted.
 */
int mlu_probe_use(struct mlu_target *target, const struct mlu_site *site, bool beside_bcc,
		  u64 there, struct mlu_use *use)
{
	struct inode *inode = file_inode(site->mapping->held);
	struct mlu_probe *probe = probe_find(inode, site);
	int err;

	/* The file was written in place since another target's probe was inserted. */
	if (probe && mlu_probe_is_entry(site->kind) &&
	    probe->function.proto != site->function.proto)
		return -ESTALE;
	if (probe && probe->consumer.ref_ctr && !beside_bcc)
		return -EADDRINUSE;
	use->mm = target->mm;
	use->group = target->group;
	if (probe) {
		list_add_rcu(&use->node, &probe->uses);
		err = is_there(probe, site, there) ?
			      0 :
			      probe_update_mm(probe, target->mm, &use->helper);
		if (err) {
			list_del_rcu(&use->node);
			/* The caller may use the memory again at once. */
			synchronize_rcu();
		}
	} else {
		probe = probe_register(inode, site, beside_bcc, use);
		err = PTR_ERR_OR_ZERO(probe);
	}
	if (err)
		return err;
	site->mapping->used = true;
	use->probe = probe;
	use->mapping = site->mapping;
	use->nr_exits = site->nr_exits;
	use->refusal = site->refusal;
	use->addr = site->mapping->start + (probe->consumer.offset - site->mapping->offset);
	return 0;
}

/**
 * mlu_probe_leave() - let the filter of a probe refuse a target
 * @use: the use to end; the target is unpublished, or no longer maps the file of the probe
 *
 * Context: The worker. Does not sleep. The caller calls mlu_probe_unuse() afterwards.
 */
void mlu_probe_leave(struct mlu_use *use)
{
	list_del_rcu(&use->node);
}

/**
 * mlu_probe_unuse() - remove the breakpoint of a probe from a target that has left it
 * @target: the target
 * @use: the use to end
 * @mm_is_alive: the target still has an address space, with breakpoints in it
 *
 * The file is released later.
 *
 * Context: The worker; may sleep. The caller calls mlu_probe_sync() afterwards.
 */
void mlu_probe_unuse(struct mlu_target *target, struct mlu_use *use, bool mm_is_alive)
{
	struct mlu_probe *probe = use->probe;

	if (probe->is_retired)
		return;
	if (list_empty(&probe->uses)) {
		mlu_uprobe_unregister_nosync(&probe->consumer);
		probe->is_retired = true;
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
