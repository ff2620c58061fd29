/* SPDX-License-Identifier: GPL-2.0-only */
/* Pools of objects that handlers allocate, with free ones at hand on each CPU; see mem.c. */
#ifndef MLU_POOL_H
#define MLU_POOL_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "mem.h"

#define MLU_POOL_RESERVE 128

/* Free objects and charges that one CPU keeps at most, and how many it charges at once. */
#define MLU_MAGAZINE 30
#define MLU_MAX_SPARE 32
#define MLU_BATCH 16

/**
 * struct mlu_magazine - what one CPU keeps of a pool
 * @nr: free objects in @object, each charged
 * @spare: objects that are charged and not allocated
 * @object: the free objects
 *
 * Changed by its own CPU only, with preemption disabled. Others read the two numbers.
 */
struct mlu_magazine {
	unsigned int nr;
	unsigned int spare;
	void *object[MLU_MAGAZINE];
};

/**
 * struct mlu_pool - objects of one size, with a reserve for handlers
 * @cache: the slab cache
 * @magazines: what each CPU keeps
 * @kind: what the objects are charged to
 * @size: of an object, in bytes
 * @node: in the list of all pools
 * @refill: the work that refills the reserve
 * @lock: protects @nr and @reserve
 * @nr: objects in the reserve
 * @reserve: free objects
 */
struct mlu_pool {
	struct kmem_cache *cache;
	struct mlu_magazine __percpu *magazines;
	enum mlu_mem_kind kind;
	size_t size;
	struct list_head node;
	struct work_struct refill;

	spinlock_t lock; /* a leaf */
	unsigned int nr;
	void *reserve[MLU_POOL_RESERVE];
};

int mlu_pool_init(struct mlu_pool *pool, const char *name, size_t size, enum mlu_mem_kind kind);
void mlu_pool_exit(struct mlu_pool *pool);
void *mlu_pool_alloc(struct mlu_pool *pool);
void *mlu_pool_alloc_slowly(struct mlu_pool *pool);
void mlu_pool_free(struct mlu_pool *pool, void *object);

/**
 * mlu_pool_get() - get an object in a handler, from the CPU's magazine if it has one
 * @pool: the pool
 *
 * Context: Task context. Does not sleep.
 * Return: as mlu_pool_alloc().
 */
static inline void *mlu_pool_get(struct mlu_pool *pool)
{
	struct mlu_magazine *magazine = get_cpu_ptr(pool->magazines);
	unsigned int nr = magazine->nr;
	void *object = NULL;

	if (nr) {
		object = magazine->object[nr - 1];
		WRITE_ONCE(magazine->nr, nr - 1);
	}
	put_cpu_ptr(pool->magazines);
	return object ? object : mlu_pool_alloc(pool);
}

/**
 * mlu_pool_put() - give back an object, to the CPU's magazine if that is not full
 * @pool: the pool
 * @object: the object
 *
 * Context: Task context. Does not sleep.
 */
static inline void mlu_pool_put(struct mlu_pool *pool, void *object)
{
	struct mlu_magazine *magazine = get_cpu_ptr(pool->magazines);
	unsigned int nr = magazine->nr;
	bool is_full = nr == MLU_MAGAZINE;

	if (!is_full) {
		magazine->object[nr] = object;
		WRITE_ONCE(magazine->nr, nr + 1);
	}
	put_cpu_ptr(pool->magazines);
	if (is_full)
		mlu_pool_free(pool, object);
}

#endif /* MLU_POOL_H */
