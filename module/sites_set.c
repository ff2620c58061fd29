// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of sites: allocated, freed, and what readers are shown of them.
 *
 * A set belongs to the worker, which fills it in (sites.c), inserts its probes and frees it. The
 * functions that are not traced are handed over to the target, which keeps them until it is freed,
 * since open files of readers point to them.
 *
 * Context: The worker; may sleep.
 * Locks: maps->lock guards the target's list against readers.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sites.h"
#include "uses.h"

/**
 * mlu_sites_new() - allocate an empty set of sites
 * @target: the target that they will be added to, or NULL for a new one
 *
 * Context: The worker; may sleep.
 * Return: the sites, with space for as many as the target may still have; or NULL.
 */
struct mlu_sites *mlu_sites_new(const struct mlu_target *target)
{
	struct mlu_sites *sites = kvzalloc(sizeof(*sites), GFP_KERNEL);
	const struct mlu_uses *uses;

	if (!sites)
		return NULL;
	INIT_LIST_HEAD(&sites->untraced);
	sites->max = MLU_MAX_SITES;
	if (target)
		list_for_each_entry(uses, &target->uses, node)
			sites->max -= min(sites->max, uses->nr);
	return sites;
}

/**
 * mlu_sites_free() - free a set of sites
 * @sites: the sites; may be NULL
 */
void mlu_sites_free(struct mlu_sites *sites)
{
	struct mlu_untraced *untraced, *tmp;

	if (!sites)
		return;
	list_for_each_entry_safe(untraced, tmp, &sites->untraced, node)
		kfree(untraced);
	kvfree(sites);
}

static bool is_noted(const struct mlu_target *target, const struct mlu_untraced *untraced)
{
	const struct mlu_untraced *other;

	list_for_each_entry(other, &target->untraced, node)
		if (other->mapping == untraced->mapping && other->proto == untraced->proto)
			return true;
	return false;
}

/**
 * mlu_sites_note_untraced() - show the functions that are not traced to the target's readers
 * @target: the target
 * @sites: the sites, which have been probed
 *
 * A library that comes back at the same place has its functions noted already.
 *
 * Context: The worker. Takes and releases maps->lock.
 */
void mlu_sites_note_untraced(struct mlu_target *target, struct mlu_sites *sites)
{
	struct mlu_untraced *untraced, *tmp;

	spin_lock(&target->maps.lock);
	list_for_each_entry_safe(untraced, tmp, &sites->untraced, node)
		if (!is_noted(target, untraced))
			list_move_tail(&untraced->node, &target->untraced);
	spin_unlock(&target->maps.lock);
}

/**
 * mlu_sites_is_wanted() - may a mapping have sites, by object=?
 * @target: the target
 * @mapping: the mapping, with its path
 *
 * Return: false if object= names another one.
 */
bool mlu_sites_is_wanted(const struct mlu_target *target, const struct mlu_mapping *mapping)
{
	const char *object = target->options.object, *name;
	size_t len;

	name = mlu_mapping_name(mapping, &len);
	return !*object || (strlen(object) == len && !memcmp(name, object, len));
}
