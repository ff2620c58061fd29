// SPDX-License-Identifier: GPL-2.0-only
/*
 * Insert probes into a target, and check that they are there.
 *
 * The place of a breakpoint was found in the bytes of a file. It is only right if the target's
 * memory has the same bytes: the file may have been written in place since it was read, a server
 * may return other bytes, the process may have changed its own code. A breakpoint in the middle of
 * an instruction would crash the target. So the bytes are compared first.
 *
 * Context: The worker; may sleep. Waits for mmap_locks and for the uprobe core, and holds no lock
 * of the module meanwhile. Readers do not see the uses before they are complete.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "arch.h"
#include "insert.h"
#include "process.h"

/* The memory is not what it was: perhaps the target has closed the library since it was read. */
static void note_stale(struct mlu_request *request, const struct mlu_mapping *mapping)
{
	if (request)
		request->is_stale = READ_ONCE(mapping->gone);
}

static int refuse_ended(struct mlu_request *request, const struct mlu_target *target)
{
	if (mlu_process_has_execed(target->pid, target->mm))
		return mlu_refuse(request, -ESRCH, "the process has executed another program");
	return mlu_refuse(request, -ESRCH, "the process has exited");
}

/*
 * Read the target's memory through one of its threads. A thread may exit while its process
 * continues, so a failed read is repeated unless its thread still had the memory afterwards.
 *
 * Return: 0, -EFAULT if the memory cannot be read, or -ESRCH if no thread has it any more.
 */
static int read_memory(const struct mlu_target *target, unsigned long addr, void *buf, int len)
{
	struct task_struct *task;
	bool has_mm;
	int n;

	do {
		task = mlu_process_thread(target->pid, target->mm);
		if (!task)
			return -ESRCH;
		n = access_process_vm(task, addr, buf, len, FOLL_FORCE);
		has_mm = READ_ONCE(task->mm) == target->mm;
		put_task_struct(task);
	} while (n != len && !has_mm);
	return n == len ? 0 : -EFAULT;
}

/* Return: 0 if there is a breakpoint, -EFAULT if not, or -ESRCH if no thread has the memory. */
static int check_breakpoint(const struct mlu_target *target, unsigned long addr)
{
	u8 bytes[UPROBE_SWBP_INSN_SIZE];
	int err = read_memory(target, addr, bytes, sizeof(bytes));

	return err || mlu_arch_is_breakpoint(bytes) ? err : -EFAULT;
}

static int refuse_probe(struct mlu_request *request, const struct mlu_site *site, int err)
{
	const char *function = site->function.proto->name, *name;
	size_t len;

	name = mlu_mapping_name(site->mapping, &len);
	if (err == -EADDRINUSE)
		return mlu_refuse(request, err,
				  "%s of %.*s has another tracer's probe with a reference counter",
				  function, (int)len, name);
	return mlu_refuse(request, err, "cannot probe %s of %.*s", function, (int)len, name);
}

/* For every process that maps the file: their memory cannot be compared. */
static int use_everywhere(struct mlu_request *request, struct mlu_target *template,
			  const struct mlu_site *site, struct mlu_uses *uses)
{
	int err = mlu_probe_use(template, site, false, 0, &uses->use[uses->nr]);

	if (err)
		return refuse_probe(request, site, err);
	uses->nr++;
	return 0;
}

/**
 * mlu_insert_probe() - compare the code of a site with that of its file, then probe it
 * @request: the request; gets the reason of a refusal; may be NULL
 * @target: the target, published; or the template of a group, which has no mm
 * @site: the site
 * @uses: the use is added here; it has space for it
 *
 * Context: The worker; may sleep. The caller calls mlu_probe_sync() afterwards.
 * Return: 0 or a negative errno. 0 does not mean that a breakpoint was inserted.
 */
int mlu_insert_probe(struct mlu_request *request, struct mlu_target *target,
		     const struct mlu_site *site, struct mlu_uses *uses)
{
	struct mlu_use *use = &uses->use[uses->nr];
	unsigned long addr = site->mapping->start + (site->offset - site->mapping->offset);
	unsigned int i, n = min_t(unsigned long, site->code_len, site->mapping->end - addr);
	u8 memory[MLU_CODE_HEAD];
	u64 there = 0;
	size_t len;
	const char *name = mlu_mapping_name(site->mapping, &len);
	const char *function = site->function.proto->name;
	int err;

	if (!target->mm)
		return use_everywhere(request, target, site, uses);
	err = read_memory(target, addr, memory, n);
	if (err == -ESRCH)
		return refuse_ended(request, target);
	if (err) {
		note_stale(request, site->mapping);
		return mlu_refuse(request, err, "cannot read the code of %s of %.*s from memory",
				  function, (int)len, name);
	}
	/* A breakpoint, of another tracer or a debugger, may replace any byte of the file. */
	for (i = 0; i < n; i++)
		if (memory[i] != site->code[i] && !mlu_arch_is_breakpoint(&memory[i])) {
			note_stale(request, site->mapping);
			return mlu_refuse(request, -EFAULT,
					  "the code of %s of %.*s in memory differs from its file",
					  function, (int)len, name);
		}
	/* A copy of another target's memory: what our probes need is there, if a breakpoint is. */
	BUILD_BUG_ON(MLU_CODE_HEAD > BITS_PER_LONG_LONG);
	for (i = 0; target->inherits && i < n; i++)
		there |= (u64)mlu_arch_is_breakpoint(&memory[i]) << i;
	err = mlu_probe_use(target, site, false, there, use);
	if (err == -EADDRINUSE && !check_breakpoint(target, addr))
		err = mlu_probe_use(target, site, true, there, use);
	if (err)
		return refuse_probe(request, site, err);
	uses->nr++;
	return 0;
}

/**
 * mlu_insert_pass() - probe the functions that free, or all others
 * @request: the request; gets the reason of a refusal; may be NULL
 * @target: the target, published
 * @sites: the sites
 * @frees: probe those that free
 * @uses: the uses are added here
 *
 * Context: The worker; may sleep. The caller calls mlu_probe_sync() afterwards.
 * Return: as mlu_insert_probe().
 */
int mlu_insert_pass(struct mlu_request *request, struct mlu_target *target,
		    const struct mlu_sites *sites, bool frees, struct mlu_uses *uses)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < sites->nr; i++)
		if (mlu_prototype_is_free(sites->site[i].function.proto) == frees)
			err = mlu_insert_probe(request, target, &sites->site[i], uses);
	return err;
}

/**
 * mlu_insert_check() - check that the breakpoints of malloc, frees and exits are there
 * @request: the request; gets the reason of a refusal; may be NULL
 * @target: the target
 * @uses: the uses of its probes
 *
 * Registering a uprobe succeeds even if no breakpoint could be inserted.
 *
 * Context: The worker; may sleep.
 * Return: 0, -EFAULT if one is missing, or -ESRCH if the process has ended.
 */
int mlu_insert_check(struct mlu_request *request, const struct mlu_target *target,
		     const struct mlu_uses *uses)
{
	const struct mlu_prototype *proto;
	const struct mlu_use *use;
	const char *name;
	size_t len;
	int err;

	for (use = uses->use; use < uses->use + uses->nr; use++) {
		proto = use->probe->function.proto;
		if (strcmp(proto->name, "malloc") && proto->type != MLU_CALL_FREE &&
		    !use->probe->names && mlu_probe_is_entry(use->probe->kind))
			continue;
		err = check_breakpoint(target, use->addr);
		if (err == -ESRCH)
			return refuse_ended(request, target);
		if (err)
			goto err_missing;
	}
	return 0;

err_missing:
	note_stale(request, use->mapping);
	name = mlu_mapping_name(use->mapping, &len);
	return mlu_refuse(request, err,
			  "no breakpoint was inserted into %s of %.*s (shared or writable mapping?)",
			  proto->name, (int)len, name);
}
