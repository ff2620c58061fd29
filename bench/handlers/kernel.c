// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's half of "handlers": what the module's code needs of the kernel.
 *
 * Compiled against the kernel's headers. What handlers call at each event is as the kernel has it:
 * spinlocks, RCU's counts, the read of a user's word. The rest is as simple as possible and
 * executed a few times only, since the module's magazines and caches exist for that: memory is
 * taken from an array of the CPU and never given back, tables do not grow. Functions of the kernel
 * that are not defined here are never called; they are undefined symbols.
 *
 * main.c has a per-CPU area for each of two threads, and sets the base of gs to it.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "handlers.h"

/* === Variables of the kernel === */

DEFINE_PER_CPU_ALIGNED(struct pcpu_hot, pcpu_hot);
DEFINE_PER_CPU_READ_MOSTLY(unsigned long, this_cpu_off);
DEFINE_PER_CPU(int, numa_node);
unsigned long __per_cpu_offset[NR_CPUS];
struct cpumask __cpu_possible_mask = { .bits = { BIT(HANDLERS_CPUS) - 1 } };
struct cpumask __cpu_online_mask = { .bits = { BIT(HANDLERS_CPUS) - 1 } };
unsigned int nr_cpu_ids = HANDLERS_CPUS;
unsigned long USER_PTR_MAX = BIT(47) - PAGE_SIZE;
unsigned long volatile jiffies = INITIAL_JIFFIES;
kmem_buckets kmalloc_caches[NR_KMALLOC_TYPES];
struct paravirt_patch_template pv_ops;

/* === Locks and user memory, as the kernel has them === */

void __lockfunc _raw_spin_lock(raw_spinlock_t *lock)
{
	int val = 0;

	preempt_disable();
	while (!atomic_try_cmpxchg_acquire(&lock->raw_lock.val, &val, _Q_LOCKED_VAL)) {
		cpu_relax();
		val = 0;
	}
}

void __lockfunc _raw_spin_unlock(raw_spinlock_t *lock)
{
	/* As native_queued_spin_unlock(). */
	smp_store_release(&lock->raw_lock.locked, 0);
	preempt_enable();
}

void __rcu_read_lock(void)
{
	WRITE_ONCE(current->rcu_read_lock_nesting, READ_ONCE(current->rcu_read_lock_nesting) + 1);
	barrier();
}

void __rcu_read_unlock(void)
{
	struct task_struct *t = current;
	int nesting;

	barrier();
	nesting = READ_ONCE(t->rcu_read_lock_nesting) - 1;
	WRITE_ONCE(t->rcu_read_lock_nesting, nesting);
	if (!nesting && unlikely(READ_ONCE(t->rcu_read_unlock_special.s)))
		__builtin_trap();
}

/*
 * Of __get_user_nocheck_8(), the argument is in rax, the word is returned in rdx, and the error in
 * rax; stac and clac are missing. The others are called while the target is set up.
 */
/* clang-format off */
asm(".pushsection .text\n"
	".globl __get_user_nocheck_8\n"
	"__get_user_nocheck_8:\n"
	"	lfence\n"
	"	mov	(%rax), %rdx\n"
	"	xor	%eax, %eax\n"
	"	ret\n"
	".globl __SCT__might_resched, __SCT__cond_resched\n"
	"__SCT__might_resched:\n"
	"__SCT__cond_resched:\n"
	"	xor	%eax, %eax\n"
	"	ret\n"
	".globl __x86_indirect_thunk_rax, __x86_indirect_thunk_rdx\n"
	"__x86_indirect_thunk_rax:\n"
	"	jmp	*%rax\n"
	"__x86_indirect_thunk_rdx:\n"
	"	jmp	*%rdx\n"
	".popsection\n");
/* clang-format on */

/* === Memory === */

#define ARENA (8UL << 20)
#define PERCPU_ARENA (64UL << 10)

static char arena[HANDLERS_CPUS][ARENA] __aligned(PAGE_SIZE);
static size_t arena_used[HANDLERS_CPUS];
static DEFINE_PER_CPU(char[PERCPU_ARENA], percpu_arena) __aligned(SMP_CACHE_BYTES);
static size_t percpu_used;

/* As with slabs, objects of two CPUs do not share a cache line. */
static void *take_memory(size_t size, size_t align)
{
	unsigned int cpu = raw_smp_processor_id();
	size_t at = ALIGN(arena_used[cpu], align);

	if (at + size > ARENA)
		return NULL;
	arena_used[cpu] = at + size;
	return arena[cpu] + at;
}

static void *take_block(size_t size)
{
	return take_memory(size, size >= PAGE_SIZE ? PAGE_SIZE : roundup_pow_of_two(size));
}

void *__kmalloc_noprof(size_t size, gfp_t flags)
{
	return take_block(size);
}

void *__kmalloc_large_noprof(size_t size, gfp_t flags)
{
	return take_block(size);
}

void *__kmalloc_cache_noprof(struct kmem_cache *s, gfp_t flags, size_t size)
{
	return take_block(size);
}

void *__kvmalloc_node_noprof(DECL_BUCKET_PARAMS(size, b), gfp_t flags, int node)
{
	return take_block(size);
}

void kfree(const void *p)
{
}

void kvfree(const void *p)
{
}

/* A cache is its objects' size. */
struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size,
					    struct kmem_cache_args *args, slab_flags_t flags)
{
	return (struct kmem_cache *)(unsigned long)size;
}

void *kmem_cache_alloc_noprof(struct kmem_cache *cache, gfp_t flags)
{
	return take_memory((size_t)cache, sizeof(long));
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
}

void __percpu *pcpu_alloc_noprof(size_t size, size_t align, bool reserved, gfp_t gfp)
{
	size_t at = ALIGN(percpu_used, max_t(size_t, align, sizeof(long)));

	if (at + size > PERCPU_ARENA)
		return NULL;
	percpu_used = at + size;
	return (char __percpu *)&percpu_arena + at;
}

/* === Other functions that are called while the target is set up === */

int rhashtable_init_noprof(struct rhashtable *ht, const struct rhashtable_params *params)
{
	const unsigned int nr = 64;
	struct bucket_table *table = take_block(struct_size(table, buckets, nr));
	unsigned int i;

	if (!table)
		return -ENOMEM;
	ht->p = *params;
	ht->key_len = params->key_len;
	ht->max_elems = nr;
	table->size = nr;
	for (i = 0; i < nr; i++)
		INIT_RHT_NULLS_HEAD(table->buckets[i]);
	RCU_INIT_POINTER(ht->tbl, table);
	return 0;
}

unsigned long _find_next_bit(const unsigned long *addr, unsigned long nr, unsigned long start)
{
	while (start < nr && !(addr[start / BITS_PER_LONG] >> start % BITS_PER_LONG & 1))
		start++;
	return start;
}

u64 get_random_u64(void)
{
	return GOLDEN_RATIO_64;
}

void get_random_bytes(void *buf, size_t len)
{
	memset(buf, 0x5a, len);
}

u64 jiffies64_to_nsecs(u64 j)
{
	return j;
}

char *__get_task_comm(char *to, size_t len, struct task_struct *task)
{
	return to;
}

bool __list_add_valid_or_report(struct list_head *new, struct list_head *prev,
				struct list_head *next)
{
	return true;
}
