// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target of "handlers": this program, with a probe on malloc and one on free.
 *
 * It is set up by the module's own functions. uprobe_register() here keeps the consumers, whose
 * handlers are then called as the kernel calls them.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uprobes.h>

#include <asm/alternative.h>
#include <asm/cpufeatures.h>
#include <asm/text-patching.h>

#include "allocs.h"
#include "dso.h"
#include "handlers.h"
#include "inflight.h"
#include "maps_internal.h"
#include "probes.h"
#include "unwind.h"

/* What Debian's loader does to the module on a processor that needs no protected returns. */
extern s32 __start_mlu_return_sites[], __stop_mlu_return_sites[];
extern unsigned long __start___mcount_loc[], __stop___mcount_loc[];
extern struct alt_instr __start_mlu_alternatives[], __stop_mlu_alternatives[];

#define SECTION_NR(name) \
	(((unsigned long)__stop_##name - (unsigned long)__start_##name) / sizeof(*__start_##name))

static struct task_struct tasks[HANDLERS_CPUS];
static struct uprobe_task utasks[HANDLERS_CPUS];
static struct mm_struct mm;
static struct inode inode;
static struct file file = { .f_inode = &inode };
static struct mlu_target *target;
static struct uprobe_consumer *on_malloc, *on_free;
static unsigned long start_of_code;

struct uprobe *uprobe_register(struct inode *inode, loff_t offset, loff_t ref_ctr_offset,
			       struct uprobe_consumer *uc)
{
	if (uc->ret_handler)
		on_malloc = uc;
	else
		on_free = uc;
	return NULL;
}

/**
 * handlers_patch() - change the module's code as the kernel does when it loads a module
 *
 * Calls of ftrace become nops, returns are not protected, and the fences are there that keep the
 * processor from speculating with user addresses.
 */
void handlers_patch(void)
{
	static const u8 nop[] = { 0x0f, 0x1f, 0x44, 0, 0 };
	struct alt_instr *a = __start_mlu_alternatives;
	s32 *r = __start_mlu_return_sites;
	unsigned long i;

	for (i = 0; i < SECTION_NR(__mcount_loc); i++)
		memcpy((void *)__start___mcount_loc[i], nop, sizeof(nop));
	for (i = 0; i < SECTION_NR(mlu_return_sites); i++, r++)
		*(u8 *)RELOC_HIDE((void *)r, *r) = RET_INSN_OPCODE;
	for (i = 0; i < SECTION_NR(mlu_alternatives); i++, a++)
		if (a->cpuid == X86_FEATURE_LFENCE_RDTSC)
			memcpy(RELOC_HIDE((void *)&a->instr_offset, a->instr_offset),
			       RELOC_HIDE((void *)&a->repl_offset, a->repl_offset),
			       a->replacementlen);
}

/**
 * handlers_init_cpu() - fill in the per-CPU variables of the thread that calls this
 * @cpu: the number of the CPU, which is that of its task
 * @offset: the base of gs
 */
void handlers_init_cpu(unsigned int cpu, unsigned long offset)
{
	__per_cpu_offset[cpu] = offset;
	this_cpu_write(this_cpu_off, offset);
	this_cpu_write(pcpu_hot.cpu_number, cpu);
	this_cpu_write(pcpu_hot.preempt_count, PREEMPT_NEED_RESCHED);
	this_cpu_write(pcpu_hot.current_task, &tasks[cpu]);
	tasks[cpu].mm = &mm;
	tasks[cpu].utask = &utasks[cpu];
	tasks[cpu].pid = cpu + 1;
	tasks[cpu].start_time = cpu + 1;
}

/* The code of this program is one mapping of a file in which each address is its offset. */
static struct mlu_mapping *add_mapping(const struct handlers_image *image)
{
	struct mlu_mapping *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct mlu_dso *dso = kzalloc(sizeof(*dso), GFP_KERNEL);
	struct mlu_elf_load *load = kzalloc(sizeof(*load), GFP_KERNEL);

	load->offset = image->start;
	load->vaddr = image->start;
	load->filesz = image->end - image->start;
	load->exec = true;
	dso->nr_loads = 1;
	dso->loads = load;
	dso->rules = mlu_rules_of_memory(image->bytes, image->size);
	if (!dso->rules)
		return ERR_PTR(-ENOEXEC);
	dso->ready = true;
	dso->done = true;
	m->type = MLU_MAPPING_FILE;
	m->start = image->start;
	m->end = image->end;
	m->offset = image->start;
	m->program = true;
	m->file = &file;
	m->dso = dso;
	return mlu_maps_add(&target->maps, m);
}

static int use_probe(struct mlu_mapping *mapping, const char *name, unsigned int offset)
{
	struct mlu_use *use = kzalloc(sizeof(*use), GFP_KERNEL);
	struct mlu_site site = { .mapping = mapping, .places.nr = 1 };
	unsigned int i;

	for (i = 0; i < mlu_nr_prototypes && strcmp(mlu_prototypes[i].name, name); i++)
		;
	if (i == mlu_nr_prototypes)
		return -ENOENT;
	site.function.proto = &mlu_prototypes[i];
	site.function.size = 1;
	site.offset = mapping->start + offset;
	return mlu_probe_use(target, &site, false, use);
}

/* Disables and enables interrupts. Changes no register, as its callers expect. */
static void do_nothing(void)
{
}

/**
 * handlers_init() - trace this program
 * @image: the program
 *
 * Return: 0 or a negative errno.
 */
int handlers_init(const struct handlers_image *image)
{
	struct mlu_mapping *mapping;
	unsigned long *op;
	int err;

	for (op = (unsigned long *)&pv_ops; op < (unsigned long *)(&pv_ops + 1); op++)
		*op = (unsigned long)do_nothing;
	mm.start_stack = image->stack;
	mlu_mem_init(64);
	if (mlu_allocs_pool_init() || mlu_inflight_pool_init() || mlu_unwind_init())
		return -ENOMEM;
	target = mlu_target_new(NULL, current, &mlu_default_options);
	if (IS_ERR(target))
		return PTR_ERR(target);
	target->mm = &mm;
	if (mlu_inflight_bucket(target->inflight, &tasks[0]) ==
	    mlu_inflight_bucket(target->inflight, &tasks[1]))
		return -EEXIST;
	mapping = add_mapping(image);
	if (IS_ERR(mapping))
		return PTR_ERR(mapping);
	start_of_code = image->start;
	mlu_target_publish(target);
	err = use_probe(mapping, "free", 1);
	if (!err)
		err = use_probe(mapping, "malloc", 0);
	mlu_target_set_gate(target, true);
	return err;
}

/**
 * handlers_pair() - handle the entry and the return of malloc(), and free()
 * @regs: the registers at the entry of both functions; changed
 * @block: the block that malloc() returns
 */
void handlers_pair(struct pt_regs *regs, unsigned long block)
{
	unsigned long sp = regs->sp;

	regs->ip = start_of_code;
	regs->di = 64;
	on_malloc->handler(on_malloc, regs);
	regs->ip = *(unsigned long *)sp;
	regs->sp = sp + sizeof(long);
	regs->ax = block;
	on_malloc->ret_handler(on_malloc, start_of_code, regs);
	regs->ip = start_of_code + 1;
	regs->sp = sp;
	regs->di = block;
	on_free->handler(on_free, regs);
}

/**
 * handlers_read_counts() - read what the handlers have counted
 * @counts: set to that
 */
void handlers_read_counts(struct handlers_counts *counts)
{
	struct mlu_epoch *epoch = rcu_dereference_raw(target->epoch);
	struct mlu_counters sum = {};
	unsigned int i;

	mlu_counters_add(&sum, epoch->counters);
	counts->stacks = atomic_read(&epoch->stacks.last_id);
	counts->allocated = sum.n[MLU_COUNT_allocated];
	counts->freed = sum.n[MLU_COUNT_freed];
	counts->walks = sum.n[MLU_COUNT_walk_end];
	counts->frames = sum.n[MLU_COUNT_frames_by_rule];
	counts->others = -counts->allocated - counts->freed - counts->walks - counts->frames;
	for (i = 0; i < MLU_NR_COUNTERS; i++)
		counts->others += sum.n[i];
}
