// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the allocators of a target: the sites of its probes.
 *
 * Nothing is looked up by path: what the mappings' own files define is what is probed, so that
 * containers, deleted files and preloaded allocators need no care.
 *
 * Entered from the worker at attach, when the target's mappings have been read and still hold
 * their files.  Waits for the files' reading, for a bounded time: the worker has others to serve.
 */
#include <linux/jiffies.h>
#include <linux/string.h>

#include "dso.h"
#include "sites.h"

/* For all files of a target together. */
#define READ_WAIT (2 * HZ)

static bool is_there(const struct mlu_sites *sites, struct inode *inode, u64 offset)
{
	unsigned int i;

	for (i = 0; i < sites->nr; i++)
		if (file_inode(sites->site[i].mapping->file) == inode &&
		    sites->site[i].offset == offset)
			return true;
	return false;
}

static void add_site(struct mlu_sites *sites, struct mlu_mapping *mapping,
		     const struct mlu_allocator_function *f)
{
	struct mlu_site *site = &sites->site[sites->nr];

	if (f->offset < mapping->offset ||
	    f->offset - mapping->offset >= mapping->end - mapping->start ||
	    is_there(sites, file_inode(mapping->file), f->offset))
		return;
	if (sites->nr == MLU_MAX_SITES) {
		sites->too_many = true;
		return;
	}
	site->function = f->function;
	site->offset = f->offset;
	site->emulated = f->emulated;
	site->mapping = mapping;
	sites->nr++;
}

static int look_into(struct mlu_maps *maps, struct mlu_sites *sites, struct mlu_mapping *mapping,
		     unsigned long deadline)
{
	struct mlu_dso *dso = mlu_mapping_dso(mapping);
	unsigned int i;

	if (!dso)
		return -ENOMEM;
	if (!mlu_dso_wait(dso, deadline)) {
		sites->unread = mapping;
		return -ETIMEDOUT;
	}
	if (dso->err)
		return dso->err == -ENOMEM ? -ENOMEM : 0;
	if (dso->allocator.nr)
		mlu_maps_probe(maps, mapping);
	for (i = 0; i < dso->allocator.nr; i++)
		add_site(sites, mapping, &dso->allocator.function[i]);
	return 0;
}

/* 0: no; 1: yes; -ENOMEM: its name was not to be had. */
static int is_wanted(const struct mlu_mapping *mapping, const char *object)
{
	size_t len;
	const char *name = mlu_mapping_name(mapping, &len);

	if (!*object)
		return 1;
	if (!mlu_mapping_path(mapping))
		return -ENOMEM;
	return strlen(object) == len && !memcmp(name, object, len);
}

/**
 * mlu_sites_find() - all that is to be probed in a target
 * @target: its maps have been read
 * @sites: zeroed
 *
 * An object whose headers lie, or whose file gives an I/O error, is one without allocator.
 *
 * Return: 0, -ENOMEM, or -ETIMEDOUT if a file is still being read; the functions stand in the order
 * of their table, object by object.
 */
int mlu_sites_find(struct mlu_target *target, struct mlu_sites *sites)
{
	unsigned long deadline = jiffies + READ_WAIT;
	struct mlu_mapping *mapping;
	int err = 0;

	list_for_each_entry(mapping, &target->maps.all, node) {
		int wanted = mapping->file ? is_wanted(mapping, target->options.object) : 0;

		if (!wanted)
			continue;
		sites->object_seen = true;
		err = wanted < 0 ? wanted : look_into(&target->maps, sites, mapping, deadline);
		if (err)
			break;
	}
	return err;
}
