// SPDX-License-Identifier: GPL-2.0-only
/*
 * One bug of each type that a test machine must detect. "insmod planted.ko bug=NAME" commits the
 * bug in the context of insmod and fails with ECANCELED, so that the module does not stay loaded.
 * selftests/vm/harness-test loads it in a throwaway virtual machine with a debug kernel; it damages
 * any other kernel.
 *
 * Lockdep turns itself off after its own first report, after KASAN's and after a bad page: to plant
 * several bugs in one boot, plant those that need lockdep first.
 */
#include <linux/delay.h>
#include <linux/kmemleak.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

/* Duration of a delay that a watchdog must report; the watchdogs' limits are set to less. */
#define TOO_LONG_SECONDS 8

static char *bug = "";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "name of the bug to commit");

static volatile int one = 1;

static void plant_warning(void)
{
	WARN_ON(one);
}

/*
 * Copies more bytes than a block has to user space: hardened usercopy calls BUG(). If that does not
 * panic, this function never returns and the module stays half loaded: plant it last. The block is
 * static, so that kmemleak does not report it.
 */
static void plant_usercopy(void)
{
	static char *block;
	void __user *program = (void __user *)current->mm->start_stack;

	block = kmalloc(64, GFP_KERNEL);
	/* Hide the size from the compiler, which would refuse to build this. */
	OPTIMIZER_HIDE_VAR(block);
	if (block && copy_to_user(program, block, 80 * (unsigned long)one))
		pr_info("copy_to_user() failed\n");
	kfree(block);
}

static void plant_null(void)
{
	unsigned long nowhere = one - 1;

	*(volatile int *)nowhere = 1;
}

static void plant_slab_bounds(void)
{
	volatile char *block = kmalloc(24, GFP_KERNEL);

	if (block)
		(void)block[24 * one];
	kfree((void *)block);
}

static void plant_use_after_free(void)
{
	volatile char *block = kmalloc(24, GFP_KERNEL);

	kfree((void *)block);
	(void)block[0];
}

static void plant_vmalloc_bounds(void)
{
	volatile char *block = vmalloc(PAGE_SIZE - 64);

	if (block)
		(void)block[(PAGE_SIZE - 32) * one];
	vfree((void *)block);
}

static void plant_ubsan_bounds(void)
{
	static volatile int row[4];
	volatile int at = 4 * one;

	(void)row[at];
}

static void plant_ubsan_shift(void)
{
	volatile int by = 32 * one;

	one = 1 | (one << by);
	one = 1;
}

static void plant_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void plant_rcu_use(void)
{
	static int value;
	static int __rcu *pointer = (int __rcu *)&value;

	(void)*rcu_dereference(pointer);
}

static void plant_refcount(void)
{
	refcount_t refs = REFCOUNT_INIT(0);

	refcount_inc(&refs);
}

static void plant_list(void)
{
	static LIST_HEAD(head);
	static struct list_head entry;

	head.prev = &entry;
	list_add_tail(&entry, &head);
	INIT_LIST_HEAD(&head);
}

static void unused_timer(struct timer_list *unused)
{
}

static void plant_live_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, unused_timer, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static void plant_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	page->mapping = (void *)0x100;
	__free_page(page);
}

static void plant_cache(void)
{
	struct kmem_cache *cache = kmem_cache_create("planted", 64, 0, SLAB_NO_MERGE, NULL);
	void *block = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;

	kmem_cache_destroy(cache);
	kmemleak_ignore(block);
}

static void plant_leak(void)
{
	void *volatile block = kmalloc(3000, GFP_KERNEL);

	block = NULL;
	(void)block;
}

static void plant_rcu_stall(void)
{
	rcu_read_lock();
	preempt_disable();
	mdelay(1000 * TOO_LONG_SECONDS);
	preempt_enable();
	rcu_read_unlock();
}

static void plant_hung_task(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(TOO_LONG_SECONDS * HZ);
}

static void run_long_work(struct work_struct *unused)
{
	mdelay(1000 * TOO_LONG_SECONDS);
}

static void run_empty_work(struct work_struct *unused)
{
}

/* The watchdog reports a work item that waits behind a long one on the same CPU. */
static void plant_stuck_work(void)
{
	static DECLARE_WORK(first, run_long_work);
	static DECLARE_WORK(second, run_empty_work);

	schedule_work_on(0, &first);
	schedule_work_on(0, &second);
	flush_work(&first);
	cancel_work_sync(&second);
}

static void plant_lockdep(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

/* Incremented by two CPUs without synchronization. */
static unsigned long raced;

static void count_racily(struct work_struct *unused)
{
	unsigned long end = jiffies + 2 * HZ;

	while (time_before(jiffies, end)) {
		raced++;
		barrier();
	}
}

static void plant_race(void)
{
	static DECLARE_WORK(other, count_racily);

	queue_work(system_unbound_wq, &other);
	count_racily(NULL);
	flush_work(&other);
}

static const struct {
	const char *name;
	void (*plant)(void);
} bugs[] = {
	{ "warning", plant_warning },
	{ "usercopy", plant_usercopy },
	{ "null", plant_null },
	{ "slab_bounds", plant_slab_bounds },
	{ "use_after_free", plant_use_after_free },
	{ "vmalloc_bounds", plant_vmalloc_bounds },
	{ "ubsan_bounds", plant_ubsan_bounds },
	{ "ubsan_shift", plant_ubsan_shift },
	{ "sleep", plant_sleep },
	{ "rcu_use", plant_rcu_use },
	{ "refcount", plant_refcount },
	{ "list", plant_list },
	{ "live_timer", plant_live_timer },
	{ "page", plant_page },
	{ "cache", plant_cache },
	{ "leak", plant_leak },
	{ "rcu_stall", plant_rcu_stall },
	{ "hung_task", plant_hung_task },
	{ "stuck_work", plant_stuck_work },
	{ "lockdep", plant_lockdep },
	{ "race", plant_race },
};

static int __init planted_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (strcmp(bug, bugs[i].name))
			continue;
		bugs[i].plant();
		return -ECANCELED;
	}
	return -EINVAL;
}
module_init(planted_init);

MODULE_DESCRIPTION("Bugs that the test machines must detect");
MODULE_LICENSE("GPL");
