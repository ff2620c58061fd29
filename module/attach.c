// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach and detach, as ladders.
 *
 * Entered from the worker only, may sleep, waits for mmap_locks and for the uprobe core, and holds
 * no lock of ours over that.
 *
 * The order is what makes counts exact.  Probes of functions that free go in first, those that
 * allocate last, then the gate opens: no block is recorded whose free could be missed.  The gate
 * closes before the first probe is taken out, for the same reason.
 *
 * Detach as a proof: the gate is closed, the target unpublished, every probe unregistered or
 * refused by the shared filter, and one sync waited for: no handler runs on a freed consumer.  A
 * handler of a probe that others still use may have found the target before it was unpublished; it
 * runs within rcu_read_lock(), so after synchronize_rcu() there is none.  From then on the calls in
 * flight, the uses and the mappings' files are the worker's alone.  Deferred walks are made by a
 * work that needs the rules of the target's objects but no handler and no file: what it waits for
 * is there or given up when the maps are closed, so it ends, and then no walk of this target is
 * left that could look at the rules, and they may go.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "arch.h"
#include "attach.h"
#include "process.h"
#include "sites.h"

/* How long an attach waits for the reading of all files of its target. */
#define READ_WAIT (2 * HZ)

static bool is_traced(const struct mm_struct *mm)
{
	const struct mlu_target *target;
	bool is = false;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node)
		is |= mlu_target_is_live(target) && target->mm == mm;
	mutex_unlock(&mlu_targets_lock);
	return is;
}

static int get_process(struct mlu_request *request, struct mlu_process *process)
{
	const char *why;
	bool kernel;
	int err = 0;

	if (!mlu_process_get(process, request->pid, &kernel))
		return kernel ? mlu_refuse(request, -ENOENT, "it is a kernel thread") :
				mlu_refuse(request, -ESRCH, "the process has exited");
	if (is_traced(process->mm))
		err = mlu_refuse(request, -EBUSY, "the process is traced already");
	why = mlu_process_why_not(process);
	if (!err && why)
		err = mlu_refuse(request, -EOPNOTSUPP, "%s", why);
	if (err)
		mlu_process_put(process);
	return err;
}

static int refuse_gone(struct mlu_request *request, const struct mlu_target *target)
{
	const char *how = mlu_process_has_execed(target->pid, target->mm) ?
				  "become another program" :
				  "exited";

	return mlu_refuse(request, -ESRCH, "the process has %s", how);
}

/*
 * Read the target's memory through one of its threads.  A thread may end while its process goes
 * on, so a failure is retried until it was made with a thread that still has the memory.
 *
 * Return: 0, -EFAULT if the memory cannot be read, or -ESRCH if the process has no thread with it.
 */
static int read_target(const struct mlu_target *target, unsigned long addr, void *buf, int len)
{
	struct task_struct *task;
	bool still;
	int n;

	do {
		task = mlu_process_thread(target->pid, target->mm);
		if (!task)
			return -ESRCH;
		n = access_process_vm(task, addr, buf, len, FOLL_FORCE);
		still = READ_ONCE(task->mm) == target->mm;
		put_task_struct(task);
	} while (n != len && !still);
	return n == len ? 0 : -EFAULT;
}

/* The function's first byte in the target. */
static unsigned long address_of(const struct mlu_site *site)
{
	return site->mapping->start + (site->offset - site->mapping->offset);
}

/* A byte that is a breakpoint now, another tracer's or a debugger's, may be any in the file. */
static bool is_code_of_file(const u8 *memory, const u8 *file, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		if (memory[i] != file[i] && !mlu_arch_is_breakpoint(&memory[i]))
			return false;
	return true;
}

/*
 * The place for the breakpoint was found in the bytes of the file.  It is right for the target only
 * if the same bytes are in its memory: the file may have been written in place since it was read,
 * a server may deliver other bytes, the process may have changed its own code.  A breakpoint in
 * the middle of an instruction would end the target.
 */
static int check_code(struct mlu_request *request, const struct mlu_target *target,
		      const struct mlu_site *site)
{
	const struct mlu_mapping *mapping = site->mapping;
	unsigned long addr = address_of(site);
	unsigned int n = min_t(unsigned long, site->head->len, mapping->end - addr);
	u8 memory[MLU_CODE_HEAD];
	size_t len;
	const char *name = mlu_mapping_name(mapping, &len);
	int err;

	err = read_target(target, addr, memory, n);
	if (err == -ESRCH)
		return refuse_gone(request, target);
	if (err)
		return mlu_refuse(request, err, "the code of %s of %.*s cannot be read in memory",
				  site->function.proto->name, (int)len, name);
	if (is_code_of_file(memory, site->head->bytes, n))
		return 0;
	return mlu_refuse(request, -EFAULT,
			  "the code of %s of %.*s in memory differs from its file",
			  site->function.proto->name, (int)len, name);
}

static bool has_breakpoint(const struct mlu_target *target, unsigned long addr)
{
	u8 bytes[UPROBE_SWBP_INSN_SIZE];

	return !read_target(target, addr, bytes, sizeof(bytes)) && mlu_arch_is_breakpoint(bytes);
}

static int refuse_taken(struct mlu_request *request, const char *function, int len,
			const char *object)
{
	return mlu_refuse(request, -EADDRINUSE,
			  "%s of %.*s: another tracer's probe with a reference counter is there",
			  function, len, object);
}

static int put_probe(struct mlu_request *request, struct mlu_target *target,
		     const struct mlu_site *site)
{
	struct mlu_use *use = &target->uses[target->nr_uses];
	size_t len;
	const char *name = mlu_mapping_name(site->mapping, &len);
	int err;

	err = check_code(request, target, site);
	if (err)
		return err;
	err = mlu_probe_use(target, site, false, use);
	if (err == -EADDRINUSE && has_breakpoint(target, address_of(site)))
		err = mlu_probe_use(target, site, true, use);
	if (err == -EADDRINUSE)
		return refuse_taken(request, site->function.proto->name, (int)len, name);
	if (err)
		return mlu_refuse(request, err, "%s of %.*s cannot be probed",
				  site->function.proto->name, (int)len, name);
	target->nr_uses++;
	return 0;
}

static int put_probes(struct mlu_request *request, struct mlu_target *target,
		      const struct mlu_sites *sites)
{
	unsigned int i, pass;
	int err;

	target->uses = kvcalloc(sites->nr, sizeof(*target->uses), GFP_KERNEL);
	if (!target->uses)
		return -ENOMEM;
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < sites->nr; i++) {
			const struct mlu_site *site = &sites->site[i];

			if (mlu_prototype_is_free(site->function.proto) != !pass)
				continue;
			err = put_probe(request, target, site);
			if (err)
				return err;
		}
	}
	return 0;
}

static int check_probe(struct mlu_request *request, const struct mlu_target *target,
		       const struct mlu_use *use)
{
	u8 bytes[UPROBE_SWBP_INSN_SIZE];
	size_t len;
	const char *name = mlu_mapping_name(use->mapping, &len);
	int err = read_target(target, use->addr, bytes, sizeof(bytes));

	if (err == -ESRCH)
		return refuse_gone(request, target);
	if (!err && mlu_arch_is_breakpoint(bytes))
		return 0;
	return mlu_refuse(request, -EFAULT,
			  "no breakpoint went into %s of %.*s: shared or writable?",
			  use->probe->function.proto->name, (int)len, name);
}

/* Registering succeeds in silence where no breakpoint was put in. */
static int check_probes(struct mlu_request *request, struct mlu_target *target)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < target->nr_uses; i++) {
		const struct mlu_prototype *proto = target->uses[i].probe->function.proto;

		if (!strcmp(proto->name, "malloc") || proto->type == MLU_CALL_FREE)
			err = check_probe(request, target, &target->uses[i]);
	}
	return err;
}

/* No event of the target begins any more, and its probes are on their way out. */
static void disarm(struct mlu_target *target)
{
	bool mm_is_alive = !READ_ONCE(target->end_state);
	unsigned int i;

	mlu_target_gate(target, false);
	mlu_target_unpublish(target);
	/* Readers of control see the uses, and through them probes, under the lock only. */
	mutex_lock(&mlu_targets_lock);
	target->old_uses = target->uses;
	i = target->nr_uses;
	target->uses = NULL;
	target->nr_uses = 0;
	mutex_unlock(&mlu_targets_lock);
	while (i-- > 0)
		mlu_probe_unuse(target, &target->old_uses[i], mm_is_alive);
}

/* Undoes publish and all that came after it, as far as it came; one wait is enough for all. */
static void take_out(struct mlu_target *const *targets, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		disarm(targets[i]);
	mlu_probe_sync();
	synchronize_rcu();
	for (i = 0; i < nr; i++) {
		kvfree(targets[i]->old_uses);
		targets[i]->old_uses = NULL;
		mlu_target_drain(targets[i]);
		mlu_target_unwatch(targets[i]);
	}
}

static int probe(struct mlu_request *request, struct mlu_target *target,
		 const struct mlu_sites *sites)
{
	int err = put_probes(request, target, sites);

	mlu_probe_sync();
	if (!err)
		err = check_probes(request, target);
	if (READ_ONCE(target->end_state))
		err = mlu_refuse(request, -ESRCH, "the process has exited");
	return err;
}

static int read_maps(struct mlu_request *request, struct mlu_target *target, struct mm_struct *mm)
{
	int err = mlu_maps_read(&target->maps, mm);

	if (err == -ENOSPC)
		mlu_refuse(request, err, "the process has more than %d mappings of code",
			   MLU_MAX_MAPPINGS);
	return err;
}

static int attach(struct mlu_request *request, struct mlu_target *target, struct mm_struct *mm,
		  struct mlu_sites *sites, void (*ended)(struct work_struct *),
		  struct workqueue_struct *wq)
{
	/* First be told of what is unmapped, then look at what is mapped. */
	int err = mlu_target_watch(target, mm, ended, wq);
	unsigned long deadline;

	if (err)
		return err;
	deadline = jiffies + READ_WAIT;
	err = read_maps(request, target, mm);
	if (!err)
		err = mlu_sites_find(request, target, sites, deadline);
	if (!err) {
		/* What has not come by then is waited for by the walks that need it. */
		mlu_maps_wait_until(&target->maps, deadline);
		mlu_target_publish(target);
		err = probe(request, target, sites);
	}
	if (!err)
		return 0;
	take_out(&target, 1);
	return err;
}

/* Nothing of the target runs any more, and no probe is in. */
static void let_go(struct mlu_target *target)
{
	mlu_maps_close(&target->maps);
	mlu_deferred_finish(&target->deferred);
	mlu_maps_retire(&target->maps);
	mmdrop(target->mm);
}

/*
 * mlu_attach() - make a process a target, with its gate still closed
 * @ended: the work to be done when the process has ended, on @wq
 *
 * Return: the target with a reference, or NULL and the request's error.
 */
struct mlu_target *mlu_attach(struct mlu_request *request, void (*ended)(struct work_struct *),
			      struct workqueue_struct *wq)
{
	struct mlu_sites *sites = kvzalloc(sizeof(*sites), GFP_KERNEL);
	struct mlu_target *target = NULL;
	struct mlu_process process;

	request->err = sites ? get_process(request, &process) : -ENOMEM;
	if (request->err)
		goto out;
	target = mlu_target_new(process.pid, process.task->group_leader, &request->options);
	request->err = -ENOMEM;
	if (target) {
		mmgrab(process.mm);
		target->mm = process.mm;
		request->err = attach(request, target, process.mm, sites, ended, wq);
	}
	if (target && request->err) {
		let_go(target);
		mlu_target_put(target);
		target = NULL;
	}
	mlu_process_put(&process);
out:
	kvfree(sites);
	return target;
}

/*
 * mlu_detach() - take everything of ours out of processes, or what is left of them
 *
 * Context: worker; may sleep.
 */
void mlu_detach(struct mlu_target *const *targets, unsigned int nr)
{
	unsigned int i;

	take_out(targets, nr);
	for (i = 0; i < nr; i++)
		let_go(targets[i]);
}
