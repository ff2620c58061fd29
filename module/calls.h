/* SPDX-License-Identifier: GPL-2.0-only */
/* Find out which calls in flight are alive and which calls are nested. */
#ifndef MLU_CALLS_H
#define MLU_CALLS_H

#include "lib/prototypes.h"
#include "target.h"

struct pt_regs;

struct mlu_call *mlu_call_outer(struct mlu_target *target, struct mlu_epoch *epoch,
				unsigned long sp, bool at_return);
bool mlu_call_is_nested(struct mlu_target *target, struct mlu_epoch *epoch,
			const struct mlu_call *outer, const struct mlu_call *call,
			const struct pt_regs *regs);
bool mlu_call_by_free(struct mlu_target *target, struct mlu_epoch *epoch,
		      const struct mlu_call *call, const struct mlu_last_free *last);
bool mlu_call_is_inside_free(struct mlu_target *target, const struct mlu_call *call);
bool mlu_call_by_unseen(struct mlu_target *target, struct mlu_epoch *epoch,
			const struct mlu_call *call);
struct mlu_call *mlu_call_returning(struct mlu_target *target, struct mlu_epoch *epoch,
				    const struct mlu_prototype *proto, unsigned long sp);

#endif /* MLU_CALLS_H */
