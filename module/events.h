/* SPDX-License-Identifier: GPL-2.0-only */
/* Turn the entries and returns of allocator calls into records. */
#ifndef MLU_EVENTS_H
#define MLU_EVENTS_H

#include "lib/exits.h"
#include "lib/prototypes.h"
#include "target.h"

struct pt_regs;

bool mlu_event_enter(struct mlu_target *target, const struct mlu_function *function,
		     struct pt_regs *regs);
void mlu_event_enter_by_exit(struct mlu_target *target, const struct mlu_function *function,
			     struct pt_regs *regs);
void mlu_event_unfollowed(struct mlu_target *target, const struct mlu_function *function,
			  struct pt_regs *regs);
void mlu_event_return(struct mlu_target *target, const struct mlu_function *function,
		      struct pt_regs *regs);
void mlu_event_exit(struct mlu_target *target, struct pt_regs *regs, enum mlu_exit_kind kind,
		    bool may_execute);
void mlu_event_leave(struct mlu_target *target, const struct pt_regs *regs, size_t len);

#endif /* MLU_EVENTS_H */
