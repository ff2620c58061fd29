/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's memory: accounted by its use, bounded as a whole, and allocated in handlers.
 *
 * Handlers allocate with MLU_GFP: they never reclaim and never wait, since the module is used on
 * machines that are running out of memory. What every event needs comes from pools with a reserve
 * that a work refills.
 */
#ifndef MLU_MEM_H
#define MLU_MEM_H

#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define MLU_GFP (GFP_NOWAIT | __GFP_NOWARN)

enum mlu_mem_kind {
	MLU_MEM_RECORDS,
	MLU_MEM_STACKS,
	MLU_MEM_INFLIGHT,
	MLU_MEM_TABLES,
	MLU_MEM_MAPPINGS,
	MLU_MEM_UNWIND,
	MLU_NR_MEM
};

void mlu_mem_init(unsigned int limit_mib);
bool mlu_mem_charge(enum mlu_mem_kind kind, size_t size) __must_check;
void mlu_mem_uncharge(enum mlu_mem_kind kind, size_t size);
long mlu_mem_used(enum mlu_mem_kind kind);
long mlu_mem_total(void);
long mlu_mem_limit(void);

void *mlu_mem_zalloc(enum mlu_mem_kind kind, size_t size, gfp_t gfp);
void mlu_mem_free(enum mlu_mem_kind kind, void *p, size_t size);

#define MLU_POOL_RESERVE 128

/**
 * struct mlu_pool - objects of one size, with a reserve for handlers
 * @cache: the slab cache
 * @kind: what the objects are charged to
 * @size: of an object, in bytes
 * @refill: the work that refills the reserve
 * @lock: protects @nr and @reserve
 * @nr: objects in the reserve
 * @reserve: free objects
 */
struct mlu_pool {
	struct kmem_cache *cache;
	enum mlu_mem_kind kind;
	size_t size;
	struct work_struct refill;

	spinlock_t lock; /* a leaf */
	unsigned int nr;
	void *reserve[MLU_POOL_RESERVE];
};

int mlu_pool_init(struct mlu_pool *pool, const char *name, size_t size, enum mlu_mem_kind kind);
void mlu_pool_exit(struct mlu_pool *pool);
void *mlu_pool_alloc(struct mlu_pool *pool);
void mlu_pool_free(struct mlu_pool *pool, void *object);

#endif /* MLU_MEM_H */
