/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's memory: counted by what it is for, bounded as a whole, and to be had in a handler.
 *
 * Handlers allocate with MLU_GFP: the machine may be running out of memory, that is why we are
 * here, so they never reclaim and never wait.  What every event needs comes from pools with a
 * reserve that a worker refills.
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

/*
 * Charged and zeroed; NULL without memory or, if @gfp may not sleep, at the limit.  The size comes
 * back at the free.
 */
void *mlu_mem_zalloc(enum mlu_mem_kind kind, size_t size, gfp_t gfp);
void mlu_mem_free(enum mlu_mem_kind kind, void *p, size_t size);

#define MLU_POOL_RESERVE 128

struct mlu_pool {
	struct kmem_cache *cache;
	enum mlu_mem_kind kind;
	size_t size;
	struct work_struct refill;
	/* Guards the two below; a leaf. */
	spinlock_t lock;
	unsigned int nr;
	void *reserve[MLU_POOL_RESERVE];
};

int mlu_pool_init(struct mlu_pool *pool, const char *name, size_t size, enum mlu_mem_kind kind);
void mlu_pool_exit(struct mlu_pool *pool);
void *mlu_pool_alloc(struct mlu_pool *pool);
void mlu_pool_free(struct mlu_pool *pool, void *object);

#endif /* MLU_MEM_H */
