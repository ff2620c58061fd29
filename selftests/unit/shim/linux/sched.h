/* SPDX-License-Identifier: GPL-2.0-only */
/* sched.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_SCHED_H
#define MLU_SHIM_SCHED_H

static inline int cond_resched(void)
{
	return 0;
}

#endif /* MLU_SHIM_SCHED_H */
