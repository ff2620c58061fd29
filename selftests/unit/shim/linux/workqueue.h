/* SPDX-License-Identifier: GPL-2.0-only */
/* workqueue.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_WORKQUEUE_H
#define MLU_SHIM_WORKQUEUE_H

struct work_struct {
	int unused;
};

#endif /* MLU_SHIM_WORKQUEUE_H */
