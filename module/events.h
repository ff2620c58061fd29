/* SPDX-License-Identifier: GPL-2.0-only */
/* Turn the entries and returns of allocator calls into records. */
#ifndef MLU_EVENTS_H
#define MLU_EVENTS_H

#include "lib/prototypes.h"
#include "target.h"

struct pt_regs;

bool mlu_event_enter(struct mlu_target *target, const struct mlu_function *function,
		     struct pt_regs *regs);
void mlu_event_unfollowed(struct mlu_target *target, const struct mlu_function *function,
			  struct pt_regs *regs);
void mlu_event_return(struct mlu_target *target, const struct mlu_function *function,
		      struct pt_regs *regs);

#endif /* MLU_EVENTS_H */
