// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting of the module's memory, its limit, and pools for handlers.
 *
 * Context: Called from handlers, which must not sleep, from the worker and from readers.
 * Locking: The counters are atomics and are read without a lock; their sum is exact. A pool's lock
 * is a leaf. A magazine is changed by its own CPU only, with preemption disabled.
 *
 * Handlers do not write the counters at each event, as all CPUs share them: each CPU keeps some
 * free objects of each pool, and charges for some more, in a magazine. What magazines keep is
 * charged, since the limit must hold for it, and is subtracted when the use is read. So a read
 * value is exact when no event is under way, and a CPU may be refused memory at the limit while
 * others keep up to MLU_MAGAZINE + MLU_MAX_SPARE objects of each pool.
 */
#include <linux/err.h>
#include <linux/mm.h>

#include "mem.h"
#include "pool.h"

static atomic_long_t used[MLU_NR_MEM];
static atomic_long_t total;
static long limit;
static LIST_HEAD(pools); /* changed by init and exit of the module only */

/*
 * The share of the limit that is reserved for calls in flight. A call that is lost at the limit is
 * still followed to its return, so that it counts once and the calls within it count as nested.
 */
#define INFLIGHT_SHARE 32

static long inflight_share(void)
{
	return limit / INFLIGHT_SHARE;
}

/* @now: the total, with @size bytes that are to be added for @kind. */
static bool is_within_limit(enum mlu_mem_kind kind, size_t size, long now)
{
	if (kind != MLU_MEM_INFLIGHT)
		return now <= limit - inflight_share();
	return now <= limit || atomic_long_read(&used[kind]) + (long)size <= inflight_share();
}

/**
 * mlu_mem_init() - set the memory limit
 * @limit_mib: MiB for everything that is charged; 0: 5 % of the machine's memory
 */
void mlu_mem_init(unsigned int limit_mib)
{
	u64 bytes = (u64)limit_mib << 20;

	if (!bytes)
		bytes = ((u64)totalram_pages() << PAGE_SHIFT) / 20;
	limit = min_t(u64, bytes, LONG_MAX / 2);
}

static void charge_unbounded(enum mlu_mem_kind kind, size_t size)
{
	atomic_long_add(size, &total);
	atomic_long_add(size, &used[kind]);
}

/**
 * mlu_mem_charge() - account for memory, within the limit
 * @kind: its use
 * @size: bytes
 *
 * A large charge that is refused is not added for a moment: another CPU's small one would then be
 * refused too, and an event be lost that the limit allows.
 *
 * Context: Any. Does not sleep.
 * Return: false if that would exceed the limit; nothing is charged then.
 */
bool mlu_mem_charge(enum mlu_mem_kind kind, size_t size)
{
	long old = atomic_long_read(&total);

	do {
		if (!is_within_limit(kind, size, old + (long)size))
			return false;
	} while (!atomic_long_try_cmpxchg(&total, &old, old + (long)size));
	atomic_long_add(size, &used[kind]);
	return true;
}

/**
 * mlu_mem_uncharge() - undo mlu_mem_charge()
 * @kind: the use
 * @size: bytes
 */
void mlu_mem_uncharge(enum mlu_mem_kind kind, size_t size)
{
	atomic_long_sub(size, &used[kind]);
	atomic_long_sub(size, &total);
}

/* Return: bytes that magazines keep charged; of pools of @kind, or of all if it is MLU_NR_MEM. */
static long bytes_in_magazines(enum mlu_mem_kind kind)
{
	const struct mlu_magazine *magazine;
	const struct mlu_pool *pool;
	long bytes = 0;
	int cpu;

	list_for_each_entry(pool, &pools, node) {
		if (kind != MLU_NR_MEM && kind != pool->kind)
			continue;
		for_each_possible_cpu(cpu) {
			magazine = per_cpu_ptr(pool->magazines, cpu);
			bytes += pool->size *
				 (READ_ONCE(magazine->nr) + READ_ONCE(magazine->spare));
		}
	}
	return bytes;
}

/**
 * mlu_mem_used() - get the memory of one use
 * @kind: the use
 *
 * Return: bytes.
 */
long mlu_mem_used(enum mlu_mem_kind kind)
{
	return atomic_long_read(&used[kind]) - bytes_in_magazines(kind);
}

/**
 * mlu_mem_total() - get all memory that is in use
 *
 * Return: bytes.
 */
long mlu_mem_total(void)
{
	return atomic_long_read(&total) - bytes_in_magazines(MLU_NR_MEM);
}

/**
 * mlu_mem_limit() - get the memory limit
 *
 * Return: bytes.
 */
long mlu_mem_limit(void)
{
	return limit;
}

/**
 * mlu_mem_zalloc() - allocate zeroed memory and charge it
 * @kind: its use
 * @size: bytes; the same size is passed to mlu_mem_free()
 * @gfp: MLU_GFP or GFP_KERNEL
 *
 * The limit binds handlers only: the memory of commands is charged too, but is bounded by the
 * number of targets, and clear must work at the limit. vmalloc() may sleep, so it is used for
 * commands only.
 *
 * Context: Any; may sleep if @gfp allows it.
 * Return: the memory; NULL without memory or, if @gfp does not allow to sleep, at the limit.
 */
void *mlu_mem_zalloc(enum mlu_mem_kind kind, size_t size, gfp_t gfp)
{
	bool blocking = gfpflags_allow_blocking(gfp);
	void *p;

	if (blocking)
		charge_unbounded(kind, size);
	else if (!mlu_mem_charge(kind, size))
		return NULL;
	p = blocking ? kvzalloc(size, gfp) : kzalloc(size, gfp);
	if (!p)
		mlu_mem_uncharge(kind, size);
	return p;
}

/**
 * mlu_mem_free() - free memory and uncharge it
 * @kind: its use
 * @p: the memory; may be NULL
 * @size: the size that it was allocated with
 */
void mlu_mem_free(enum mlu_mem_kind kind, void *p, size_t size)
{
	if (!p)
		return;
	kvfree(p);
	mlu_mem_uncharge(kind, size);
}

static bool reserve_put(struct mlu_pool *pool, void *object)
{
	bool put = false;

	spin_lock(&pool->lock);
	if (pool->nr < MLU_POOL_RESERVE) {
		pool->reserve[pool->nr] = object;
		WRITE_ONCE(pool->nr, pool->nr + 1);
		put = true;
	}
	spin_unlock(&pool->lock);
	return put;
}

static void *reserve_get(struct mlu_pool *pool)
{
	void *object = NULL;

	spin_lock(&pool->lock);
	if (pool->nr) {
		WRITE_ONCE(pool->nr, pool->nr - 1);
		object = pool->reserve[pool->nr];
	}
	spin_unlock(&pool->lock);
	return object;
}

static void pool_refill(struct work_struct *work)
{
	struct mlu_pool *pool = container_of(work, struct mlu_pool, refill);

	for (;;) {
		void *object = kmem_cache_alloc(pool->cache,
						GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);

		if (!object)
			return;
		if (!reserve_put(pool, object)) {
			kmem_cache_free(pool->cache, object);
			return;
		}
	}
}

/**
 * mlu_pool_init() - set up a pool of objects that handlers allocate
 * @pool: the pool
 * @name: name of its slab cache
 * @size: of an object, in bytes
 * @kind: what the objects are charged to
 *
 * The reserve is filled before this returns, so that it is full at the first event. It is not
 * charged, since it exists whether the module traces or not.
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int mlu_pool_init(struct mlu_pool *pool, const char *name, size_t size, enum mlu_mem_kind kind)
{
	pool->magazines = alloc_percpu(struct mlu_magazine);
	if (!pool->magazines)
		return -ENOMEM;
	pool->cache = kmem_cache_create(name, size, 0, 0, NULL);
	if (!pool->cache) {
		free_percpu(pool->magazines);
		return -ENOMEM;
	}
	pool->kind = kind;
	pool->size = size;
	pool->nr = 0;
	spin_lock_init(&pool->lock);
	INIT_WORK(&pool->refill, pool_refill);
	pool_refill(&pool->refill);
	list_add(&pool->node, &pools);
	return 0;
}

/**
 * mlu_pool_exit() - free a pool
 * @pool: the pool; all its objects have been freed
 *
 * Context: Process context. May sleep.
 */
void mlu_pool_exit(struct mlu_pool *pool)
{
	struct mlu_magazine *magazine;
	void *object;
	int cpu;

	cancel_work_sync(&pool->refill);
	for_each_possible_cpu(cpu) {
		magazine = per_cpu_ptr(pool->magazines, cpu);
		mlu_mem_uncharge(pool->kind, pool->size * (magazine->nr + magazine->spare));
		while (magazine->nr)
			kmem_cache_free(pool->cache, magazine->object[--magazine->nr]);
	}
	while ((object = reserve_get(pool)))
		kmem_cache_free(pool->cache, object);
	list_del(&pool->node);
	kmem_cache_destroy(pool->cache);
	free_percpu(pool->magazines);
}

/* Charge one object, from what this CPU has charged already. Return: false at the limit. */
static bool pool_charge(struct mlu_pool *pool)
{
	struct mlu_magazine *magazine = get_cpu_ptr(pool->magazines);
	unsigned int spare = magazine->spare;
	bool charged = true;

	if (spare)
		WRITE_ONCE(magazine->spare, spare - 1);
	else if (mlu_mem_charge(pool->kind, pool->size * MLU_BATCH))
		WRITE_ONCE(magazine->spare, MLU_BATCH - 1);
	else
		charged = mlu_mem_charge(pool->kind, pool->size);
	put_cpu_ptr(pool->magazines);
	return charged;
}

static void pool_uncharge(struct mlu_pool *pool)
{
	struct mlu_magazine *magazine = get_cpu_ptr(pool->magazines);
	unsigned int spare = magazine->spare + 1;

	if (spare > MLU_MAX_SPARE) {
		mlu_mem_uncharge(pool->kind, pool->size * MLU_BATCH);
		spare -= MLU_BATCH;
	}
	WRITE_ONCE(magazine->spare, spare);
	put_cpu_ptr(pool->magazines);
}

/**
 * mlu_pool_alloc() - allocate an object in a handler whose CPU has none in its magazine
 * @pool: the pool
 *
 * Context: Task context. Does not sleep.
 * Return: the object, not zeroed; ERR_PTR(-ENOSPC) at the memory limit, ERR_PTR(-ENOMEM) without
 * memory.
 */
void *mlu_pool_alloc(struct mlu_pool *pool)
{
	void *object;

	if (!pool_charge(pool))
		return ERR_PTR(-ENOSPC);
	object = kmem_cache_alloc(pool->cache, MLU_GFP);
	if (!object) {
		object = reserve_get(pool);
		queue_work(system_unbound_wq, &pool->refill);
	}
	if (object)
		return object;
	pool_uncharge(pool);
	return ERR_PTR(-ENOMEM);
}

/**
 * mlu_pool_alloc_slowly() - allocate an object in process context, not from the reserve
 * @pool: the pool
 *
 * Context: Process context. May sleep.
 * Return: as mlu_pool_alloc().
 */
void *mlu_pool_alloc_slowly(struct mlu_pool *pool)
{
	void *object;

	if (!pool_charge(pool))
		return ERR_PTR(-ENOSPC);
	object = kmem_cache_alloc(pool->cache, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (object)
		return object;
	pool_uncharge(pool);
	return ERR_PTR(-ENOMEM);
}

/**
 * mlu_pool_free() - free an object to the reserve or, if that is full, to the slab cache
 * @pool: the pool
 * @object: the object
 *
 * The count of the reserve is read without the lock and may be old: then the cache gets an object
 * that the reserve could have taken.
 *
 * Context: Task context. Does not sleep. Takes and releases pool->lock.
 */
void mlu_pool_free(struct mlu_pool *pool, void *object)
{
	if (READ_ONCE(pool->nr) == MLU_POOL_RESERVE || !reserve_put(pool, object))
		kmem_cache_free(pool->cache, object);
	pool_uncharge(pool);
}
