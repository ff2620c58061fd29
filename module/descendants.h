/* SPDX-License-Identifier: GPL-2.0-only */
/* Forked processes that have had no event yet, and processes that are not to be traced. */
#ifndef MLU_DESCENDANTS_H
#define MLU_DESCENDANTS_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/pid.h>

struct mlu_group;

/**
 * struct mlu_descendant - a process that may become a target at its first event
 * @node: in the hash by mm
 * @rcu: to free it
 * @mm: a key, without a reference: the mm may have been freed, and its address used again
 * @pid: the thread group, with a reference
 * @group: the group that it belongs to, with a reference
 * @was_refused: it was noted because it was refused; constant
 * @is_refused: it does not become a target, as there are too many
 */
struct mlu_descendant {
	struct hlist_node node;
	struct rcu_head rcu;
	const struct mm_struct *mm;
	struct pid *pid;
	struct mlu_group *group;
	bool was_refused;
	bool is_refused;
};

int mlu_descendants_follow(void);
void mlu_descendants_unfollow(void);
bool mlu_descendants_add(const struct mm_struct *mm, struct pid *pid, struct mlu_group *group,
			 bool is_refused);
struct mlu_descendant *mlu_descendant_of_mm(const struct mm_struct *mm);
void mlu_descendants_remove(const struct mm_struct *mm);
void mlu_descendants_forget(const struct mlu_group *group);
bool mlu_descendants_purge(void);
bool mlu_descendants_has(const struct mlu_group *group);

#endif /* MLU_DESCENDANTS_H */
