// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers for walks of stacks: a struct mlu_walk is too large for the kernel's stack.
 *
 * One is cached per CPU: allocate if the slot is empty, free ours if it has been refilled
 * meanwhile. The exchange is atomic on its CPU, so there is no lock, and the task may migrate
 * between get and put.
 *
 * Context: Called from handlers. Does not sleep, but for init and exit.
 */
#include <linux/percpu.h>

#include "mem.h"
#include "unwind.h"

static struct mlu_walk *__percpu *spare_walks;

/**
 * mlu_unwind_init() - set up the buffers for walks and the caches of their frames
 * @cache: use caches
 *
 * Return: 0, or -ENOMEM.
 */
int mlu_unwind_init(bool cache)
{
	spare_walks = alloc_percpu(struct mlu_walk *);
	if (!spare_walks)
		return -ENOMEM;
	if (!cache || !mlu_walk_cache_init())
		return 0;
	free_percpu(spare_walks);
	return -ENOMEM;
}

/**
 * mlu_unwind_exit() - free the buffers and the caches
 *
 * No handler runs any more.
 */
void mlu_unwind_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(*per_cpu_ptr(spare_walks, cpu));
	free_percpu(spare_walks);
	mlu_walk_cache_exit();
}

/**
 * mlu_walk_get() - get a buffer for a walk in a handler
 *
 * Context: Task context. Does not sleep.
 * Return: the buffer, not initialized, or NULL without memory.
 */
struct mlu_walk *mlu_walk_get(void)
{
	struct mlu_walk *walk = this_cpu_xchg(*spare_walks, NULL);

	return walk ? walk : kmalloc(sizeof(*walk), MLU_GFP);
}

/**
 * mlu_walk_put() - give back a buffer
 * @walk: what mlu_walk_get() returned
 *
 * Context: Task context. Does not sleep.
 */
void mlu_walk_put(struct mlu_walk *walk)
{
	kfree(this_cpu_xchg(*spare_walks, walk));
}
