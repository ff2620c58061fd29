/* SPDX-License-Identifier: GPL-2.0-only */
/* spinlock.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_SPINLOCK_H
#define MLU_SHIM_SPINLOCK_H

/* The tests have one thread. */
struct spinlock {
	int locked;
};

#define spinlock_t struct spinlock

#define spin_lock_init(lock) ((lock)->locked = 0)
#define spin_lock(lock) ((lock)->locked = 1)
#define spin_unlock(lock) ((lock)->locked = 0)

/* As in the kernel. */
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
/* As in the kernel. */
#define smp_store_release(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)

#endif /* MLU_SHIM_SPINLOCK_H */
