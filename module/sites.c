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
#include <linux/kernel.h>
#include <linux/string.h>

#include "dso.h"
#include "request.h"
#include "sites.h"
#include "text.h"

/* One function may have several names, and one may begin within another one. */
static bool is_there(const struct mlu_sites *sites, struct inode *inode, u64 first_place)
{
	unsigned int i;

	for (i = 0; i < sites->nr; i++) {
		const struct mlu_site *site = &sites->site[i];

		if (file_inode(site->mapping->file) == inode &&
		    site->offset + site->places.place[0].offset == first_place)
			return true;
	}
	return false;
}

static bool is_mapped(const struct mlu_mapping *mapping, u64 offset)
{
	return offset >= mapping->offset &&
	       offset - mapping->offset < mapping->end - mapping->start;
}

static void add_site(struct mlu_sites *sites, struct mlu_mapping *mapping,
		     const struct mlu_allocator_function *f)
{
	struct mlu_site *site = &sites->site[sites->nr];
	unsigned int i;

	if (!is_mapped(mapping, f->offset) ||
	    is_there(sites, file_inode(mapping->file), f->offset + f->places.place[0].offset))
		return;
	if (sites->nr == MLU_MAX_SITES) {
		sites->too_many = true;
		return;
	}
	site->function = f->function;
	site->offset = f->offset;
	site->head = &f->head;
	site->mapping = mapping;
	site->places.nr = 0;
	for (i = 0; i < f->places.nr; i++)
		if (is_mapped(mapping, f->offset + f->places.place[i].offset))
			site->places.place[site->places.nr++] = f->places.place[i];
	if (site->places.nr)
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
	if (dso->err == -ENOMEM)
		return -ENOMEM;
	if (dso->err && !sites->failed) {
		sites->failed = mapping;
		sites->failure = dso->err;
	}
	if (dso->err)
		return 0;
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

static int find_all(struct mlu_target *target, struct mlu_sites *sites, unsigned long deadline)
{
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

/* === Refusals === */

static int refuse_unread(struct mlu_request *request, const struct mlu_sites *sites)
{
	size_t len;
	const char *name = mlu_mapping_name(sites->unread, &len);

	return mlu_refuse(request, -ETIMEDOUT,
			  "timed out reading %.*s (is its server responding?); see object=",
			  (int)len, name);
}

static int refuse_failed(struct mlu_request *request, const struct mlu_sites *sites)
{
	size_t len;
	const char *name = mlu_mapping_name(sites->failed, &len);

	return mlu_refuse(request, -ENOENT, "no allocator was found, and %.*s cannot be read (%s)",
			  (int)len, name, mlu_errno_name(sites->failure));
}

static bool is_first_of_dso(const struct mlu_target *target, const struct mlu_mapping *mapping,
			    const struct mlu_dso *dso)
{
	const struct mlu_mapping *other;

	list_for_each_entry(other, &target->maps.all, node)
		if (mlu_mapping_dso(other) == dso)
			return other == mapping;
	return false;
}

/* The objects that object= could name. */
static const char *list_allocators(const struct mlu_target *target, char *list, size_t size)
{
	const struct mlu_mapping *mapping;
	size_t n = 0, len;

	list_for_each_entry(mapping, &target->maps.all, node) {
		const struct mlu_dso *dso = mlu_mapping_read_dso(mapping);
		const char *name = mlu_mapping_name(mapping, &len);

		if (dso && dso->allocator.nr && is_first_of_dso(target, mapping, dso))
			n += scnprintf(list + n, size - n, "%s%.*s", n ? ", " : "", (int)len, name);
	}
	return n ? list : "none";
}

static int refuse_object(struct mlu_request *request, struct mlu_target *target,
			 const struct mlu_sites *sites, unsigned long deadline)
{
	const char *object = target->options.object;
	char buf[MLU_REASON_MAX / 2];
	const char *list;

	/* Only the wanted object was waited for. */
	mlu_maps_wait_until(&target->maps, deadline);
	list = list_allocators(target, buf, sizeof(buf));
	if (sites->object_seen)
		return mlu_refuse(request, -ENOENT,
				  "%s does not define malloc and free (allocators: %s)", object,
				  list);
	return mlu_refuse(request, -ENOENT, "no object %s is mapped (allocators: %s)", object,
			  list);
}

/* A Go program has no allocator that could be traced, and needs to be told apart. */
static const struct mlu_mapping *find_go(const struct mlu_target *target)
{
	const struct mlu_mapping *mapping;

	list_for_each_entry(mapping, &target->maps.all, node) {
		const struct mlu_dso *dso = mlu_mapping_read_dso(mapping);

		if (dso && dso->has_go)
			return mapping;
	}
	return NULL;
}

static int refuse_go(struct mlu_request *request, const struct mlu_mapping *mapping)
{
	size_t len;
	const char *name = mlu_mapping_name(mapping, &len);

	return mlu_refuse(request, -ENOENT,
			  "no malloc is mapped: %.*s has a Go runtime, which needs none", (int)len,
			  name);
}

static int refuse_without_sites(struct mlu_request *request, struct mlu_target *target,
				const struct mlu_sites *sites, unsigned long deadline)
{
	const struct mlu_mapping *go;

	if (sites->failed)
		return refuse_failed(request, sites);
	if (*target->options.object)
		return refuse_object(request, target, sites, deadline);
	go = find_go(target);
	if (go)
		return refuse_go(request, go);
	return mlu_refuse(request, -ENOENT,
			  "no allocator is mapped: no object defines malloc and free");
}

/**
 * mlu_sites_find() - find the functions to be probed in a target
 * @request: gets the sentence of a refusal
 * @target: its maps have been read
 * @sites: zeroed; filled in the order of the table of functions, object by object
 * @deadline: until when to wait for files that are still being read, in jiffies
 *
 * An object with bad headers has no allocator.  One with a file that cannot be read is left out.
 *
 * Context: worker; may sleep.
 * Return: 0; -ENOMEM; -ENOENT if there is no allocator; -ENOSPC if there are too many functions;
 * -ETIMEDOUT if a file is still being read.
 */
int mlu_sites_find(struct mlu_request *request, struct mlu_target *target, struct mlu_sites *sites,
		   unsigned long deadline)
{
	int err = find_all(target, sites, deadline);

	if (sites->too_many)
		return mlu_refuse(request, -ENOSPC,
				  "more than %d allocator functions are mapped, see object=",
				  MLU_MAX_SITES);
	if (err == -ETIMEDOUT)
		return refuse_unread(request, sites);
	if (err || sites->nr)
		return err;
	return refuse_without_sites(request, target, sites, deadline);
}
