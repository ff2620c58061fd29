/* SPDX-License-Identifier: GPL-2.0-only */
/* The handlers and the filter of the probes that targets share. */
#ifndef MLU_PROBE_HANDLERS_H
#define MLU_PROBE_HANDLERS_H

#include <linux/types.h>

struct mlu_probe;

void mlu_probe_set_handlers(struct mlu_probe *probe);
u64 mlu_foreign_hits(void);

#endif /* MLU_PROBE_HANDLERS_H */
