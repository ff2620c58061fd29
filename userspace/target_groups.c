// SPDX-License-Identifier: GPL-2.0-only
/*
 * The groups of targets that the tool has attached, and what has become of their targets.
 *
 * No messages. Depends on control.c.
 */
#include "target_groups.h"

#include <stdlib.h>

#include "mem.h"

/**
 * mu_target_groups_has() - check whether a group is one of the tool
 * @groups: the groups
 * @id: id of the group, or 0
 *
 * Return: true if it is.
 */
bool mu_target_groups_has(const struct mu_target_groups *groups, uint64_t id)
{
	for (size_t i = 0; i < groups->nr; i++)
		if (groups->id[i] == id)
			return true;
	return false;
}

/**
 * mu_target_groups_add() - add a group
 * @groups: the groups
 * @id: id of the group, 0 for a target in none; may have been added
 */
void mu_target_groups_add(struct mu_target_groups *groups, uint64_t id)
{
	if (!id || mu_target_groups_has(groups, id))
		return;
	groups->id = mu_grow(groups->id, groups->nr, &groups->capacity, sizeof(*groups->id));
	groups->id[groups->nr++] = id;
}

/**
 * mu_target_groups_count() - take the numbers of processes from the control file
 * @groups: the groups
 * @control: contents of the control file
 */
void mu_target_groups_count(struct mu_target_groups *groups, const struct mu_control *control)
{
	groups->gone = 0;
	groups->untraced = 0;
	groups->lost = 0;
	for (size_t i = 0; i < groups->nr; i++) {
		const struct mu_control_group *group = mu_control_group(control, groups->id[i]);

		if (!group)
			continue;
		groups->gone += group->made > group->live ? group->made - group->live : 0;
		groups->untraced += group->untraced;
		groups->lost += group->lost;
	}
}

static bool is_in(const struct mu_control *control, uint64_t target)
{
	for (size_t i = 0; i < control->nr; i++)
		if (control->rows[i].id == target)
			return true;
	return false;
}

/**
 * mu_target_groups_end() - note that a target has ended
 * @groups: the groups
 * @target: id of the target
 *
 * Return: false if that has been noted before.
 */
bool mu_target_groups_end(struct mu_target_groups *groups, uint64_t target)
{
	for (size_t i = 0; i < groups->nr_ended; i++)
		if (groups->ended[i] == target)
			return false;
	groups->ended = mu_grow(groups->ended, groups->nr_ended, &groups->ended_capacity,
				sizeof(*groups->ended));
	groups->ended[groups->nr_ended++] = target;
	return true;
}

/**
 * mu_target_groups_forget() - forget the ended targets that the module has dropped
 * @groups: the groups
 * @control: contents of the control file
 */
void mu_target_groups_forget(struct mu_target_groups *groups, const struct mu_control *control)
{
	size_t kept = 0;

	for (size_t i = 0; i < groups->nr_ended; i++)
		if (is_in(control, groups->ended[i]))
			groups->ended[kept++] = groups->ended[i];
	groups->nr_ended = kept;
}

/**
 * mu_target_groups_free() - free the lists
 * @groups: the groups
 */
void mu_target_groups_free(struct mu_target_groups *groups)
{
	free(groups->id);
	free(groups->ended);
	*groups = (struct mu_target_groups){};
}
