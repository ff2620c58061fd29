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

#endif /* MLU_MEM_H */
