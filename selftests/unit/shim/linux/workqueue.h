/* SPDX-License-Identifier: GPL-2.0-only */
/* workqueue.h: what the module's files use of the kernel's header, for the host. */
#ifndef MLU_SHIM_WORKQUEUE_H
#define MLU_SHIM_WORKQUEUE_H

struct work_struct {
	int unused;
};

#endif /* MLU_SHIM_WORKQUEUE_H */
