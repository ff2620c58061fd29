// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the sites of a target.
 *
 * A site is one allocator function in one file that the target has mapped: which function it is,
 * its offset in the file, and the places in it where a breakpoint may go. mlu_probe_use() turns
 * each site into a probe.
 *
 * Nothing is looked up by path: the sites come from the mapped files themselves, so containers,
 * deleted files and preloaded allocators need no special care.
 *
 * Context: The worker, at an attach, when the target's mappings have been read and still hold
 * their files; may sleep. Waits for files to be read, but not beyond the deadline: other targets
 * wait for the worker.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "dso.h"
#include "request.h"
#include "sites.h"
#include "text.h"

/* A function may have several names, and one function may start within another. */
static bool has_site(const struct mlu_sites *sites, struct inode *inode, u64 first_place)
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

static bool is_offset_mapped(const struct mlu_mapping *mapping, u64 offset)
{
	return offset >= mapping->offset &&
	       offset - mapping->offset < mapping->end - mapping->start;
}

static void add_site(struct mlu_sites *sites, struct mlu_mapping *mapping,
		     const struct mlu_allocator_function *f)
{
	struct mlu_site *site = &sites->site[sites->nr];
	unsigned int i;

	if (!is_offset_mapped(mapping, f->offset) ||
	    has_site(sites, file_inode(mapping->file), f->offset + f->places.place[0].offset))
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
		if (is_offset_mapped(mapping, f->offset + f->places.place[i].offset))
			site->places.place[site->places.nr++] = f->places.place[i];
	if (site->places.nr)
		sites->nr++;
}

static int add_mapping(struct mlu_maps *maps, struct mlu_sites *sites, struct mlu_mapping *mapping,
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

/* Return: 1 if the mapping matches object=, 0 if not, -ENOMEM if its name is not known. */
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

/* Add the sites of all mapped files. */
static int add_mappings(struct mlu_target *target, struct mlu_sites *sites, unsigned long deadline)
{
	struct mlu_mapping *mapping;
	int ret;

	list_for_each_entry(mapping, &target->maps.all, node) {
		if (!mapping->file)
			continue;
		ret = is_wanted(mapping, target->options.object);
		if (!ret)
			continue;
		sites->object_seen = true;
		if (ret > 0)
			ret = add_mapping(&target->maps, sites, mapping, deadline);
		if (ret)
			return ret;
	}
	return 0;
}

/* === Refusals === */

static int refuse_unread(struct mlu_request *request, const struct mlu_sites *sites)
{
	size_t len;
	const char *name = mlu_mapping_name(sites->unread, &len);

	return mlu_refuse(request, -ETIMEDOUT,
			  "timed out reading %.*s (is its server responding?); exclude it with object=",
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

/* The names of the objects that object= may select. */
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

	/* Until now only the selected object was waited for. */
	mlu_maps_wait_until(&target->maps, deadline);
	list = list_allocators(target, buf, sizeof(buf));
	if (sites->object_seen)
		return mlu_refuse(request, -ENOENT,
				  "%s does not define malloc and free (allocators: %s)", object,
				  list);
	return mlu_refuse(request, -ENOENT, "no object %s is mapped (allocators: %s)", object,
			  list);
}

/* A program with a Go runtime may have no malloc at all; its refusal says so. */
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

static int refuse_without_sites(struct mlu_request *request, struct mlu_target *target,
				const struct mlu_sites *sites, unsigned long deadline)
{
	const struct mlu_mapping *go;
	const char *name;
	size_t len;

	if (sites->failed)
		return refuse_failed(request, sites);
	if (*target->options.object)
		return refuse_object(request, target, sites, deadline);
	go = find_go(target);
	if (!go)
		return mlu_refuse(request, -ENOENT,
				  "no allocator is mapped: no object defines malloc and free");
	name = mlu_mapping_name(go, &len);
	return mlu_refuse(request, -ENOENT,
			  "no malloc is mapped: %.*s has a Go runtime, which does not use malloc",
			  (int)len, name);
}

/**
 * mlu_sites_find() - find the sites of a target
 * @request: the request; gets the reason of a refusal
 * @target: the target; its maps have been read
 * @sites: zeroed; filled in object by object, each in the order of the table of functions
 * @deadline: when to stop waiting for files to be read, in jiffies
 *
 * An object with malformed headers has no sites. An object whose file cannot be read is skipped.
 *
 * Context: The worker; may sleep.
 * Return: 0; -ENOMEM; -ENOENT if there are no sites; -ENOSPC if there are too many; -ETIMEDOUT
 * if a file was not read before the deadline.
 */
int mlu_sites_find(struct mlu_request *request, struct mlu_target *target, struct mlu_sites *sites,
		   unsigned long deadline)
{
	int err = add_mappings(target, sites, deadline);

	if (sites->too_many)
		return mlu_refuse(request, -ENOSPC,
				  "more than %d allocator functions are mapped; use object=",
				  MLU_MAX_SITES);
	if (err == -ETIMEDOUT)
		return refuse_unread(request, sites);
	if (err)
		return err;
	if (!sites->nr)
		return refuse_without_sites(request, target, sites, deadline);
	return 0;
}
