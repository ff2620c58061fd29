/* SPDX-License-Identifier: GPL-2.0-only */
/* The listed targets: added, ended and forgotten. */
#ifndef MLU_TARGET_LIST_H
#define MLU_TARGET_LIST_H

#include "request.h"

/**
 * struct mlu_list_ops - notifications about the list of targets
 * @target_added: the target is about to be in the list
 * @target_removed: the target is no longer in the list
 *
 * Both are called in the worker, without a lock.
 */
struct mlu_list_ops {
	void (*target_added)(struct mlu_target *target);
	void (*target_removed)(struct mlu_target *target);
};

void mlu_list_init(const struct mlu_list_ops *ops, unsigned int max_ended);
void mlu_list_target(struct mlu_target *target);
bool mlu_target_is_ended(const struct mlu_target *target);
void mlu_forget_target(struct mlu_target *target);
void mlu_forget_excess_targets(void);
void mlu_end_targets(struct mlu_target **targets, unsigned int nr);
void mlu_end_bound_targets(const struct mlu_session *session);
void mlu_forget_bound_targets(const struct mlu_session *session);

#endif /* MLU_TARGET_LIST_H */
