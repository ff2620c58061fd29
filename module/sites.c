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
	site->names = f->names;
	site->head = &f->head;
	site->mapping = mapping;
	site->places.nr = 0;
	for (i = 0; i < f->places.nr; i++)
		if (is_offset_mapped(mapping, f->offset + f->places.place[i].offset))
			site->places.place[site->places.nr++] = f->places.place[i];
	if (site->places.nr)
		sites->nr++;
}

/* Note which functions of the target's names the object defines. */
static void note_names(struct mlu_sites *sites, const struct mlu_allocator *allocator)
{
	unsigned int i;

	sites->has_prefixed |= allocator->has_prefixed;
	sites->found |= allocator->found;
	for (i = 0; i < MLU_MAX_PAIRS; i++)
		if ((allocator->found & MLU_PAIR_BOTH(i)) == MLU_PAIR_BOTH(i))
			sites->whole |= MLU_PAIR_BOTH(i);
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
	note_names(sites, &dso->allocator);
	if (!mlu_mapping_defines_allocator(mapping, dso))
		return 0;
	mlu_maps_probe(maps, mapping);
	for (i = 0; i < dso->allocator.nr; i++)
		add_site(sites, mapping, &dso->allocator.function[i]);
	return 0;
}

/* Add the sites of all mapped files or, with object=, of those with that name. */
static int add_mappings(struct mlu_target *target, struct mlu_sites *sites, unsigned long deadline)
{
	const char *object = target->options.object, *name;
	struct mlu_mapping *mapping;
	size_t len;
	int err;

	list_for_each_entry(mapping, &target->maps.all, node) {
		if (!mapping->file)
			continue;
		if (*object && !mlu_mapping_path(mapping))
			return -ENOMEM;
		name = mlu_mapping_name(mapping, &len);
		if (*object && (strlen(object) != len || memcmp(name, object, len)))
			continue;
		sites->object_seen = true;
		err = add_mapping(&target->maps, sites, mapping, deadline);
		if (err)
			return err;
	}
	return 0;
}

/* === Refusals === */

static bool is_first_of_dso(const struct mlu_target *target, const struct mlu_mapping *mapping,
			    const struct mlu_dso *dso)
{
	const struct mlu_mapping *other;

	list_for_each_entry(other, &target->maps.all, node)
		if (mlu_mapping_dso(other) == dso)
			return other == mapping;
	return false;
}

static int refuse_object(struct mlu_request *request, struct mlu_target *target,
			 const struct mlu_sites *sites, unsigned long deadline)
{
	const struct mlu_mapping *mapping;
	char list[MLU_REASON_MAX / 2];
	size_t n = 0, len;

	/* Until now only the selected object was waited for. List those that object= may select. */
	mlu_maps_wait_until(&target->maps, deadline);
	list_for_each_entry(mapping, &target->maps.all, node) {
		const struct mlu_dso *dso = mlu_mapping_read_dso(mapping);
		const char *name = mlu_mapping_name(mapping, &len);

		if (dso && mlu_mapping_defines_allocator(mapping, dso) &&
		    is_first_of_dso(target, mapping, dso))
			n += scnprintf(list + n, sizeof(list) - n, "%s%.*s", n ? ", " : "",
				       (int)len, name);
	}
	return mlu_refuse(request, -ENOENT,
			  sites->object_seen ?
				  "%s does not define malloc and free (allocators: %s)" :
				  "no object %s is mapped (allocators: %s)",
			  target->options.object, n ? list : "none");
}

static int refuse_without_sites(struct mlu_request *request, struct mlu_target *target,
				const struct mlu_sites *sites, unsigned long deadline)
{
	const struct mlu_mapping *mapping;
	const struct mlu_dso *dso;
	const char *name;
	size_t len;

	if (sites->failed) {
		name = mlu_mapping_name(sites->failed, &len);
		return mlu_refuse(request, -ENOENT,
				  "no allocator was found, and %.*s cannot be read (%s)", (int)len,
				  name, mlu_errno_name(sites->failure));
	}
	if (*target->options.object)
		return refuse_object(request, target, sites, deadline);
	/* A program with a Go runtime may have no malloc at all. */
	list_for_each_entry(mapping, &target->maps.all, node) {
		dso = mlu_mapping_read_dso(mapping);
		if (dso && dso->has_go)
			goto has_go;
	}
	return mlu_refuse(request, -ENOENT,
			  "no allocator is mapped: no object defines malloc and free");

has_go:
	name = mlu_mapping_name(mapping, &len);
	return mlu_refuse(request, -ENOENT,
			  "no malloc is mapped: %.*s has a Go runtime, which does not use malloc",
			  (int)len, name);
}

static int refuse_pair(struct mlu_request *request, const struct mlu_pair *pair, unsigned int found,
		       const char *object)
{
	const char *missing = found & MLU_PAIR_ALLOC(0) ? pair->free : pair->alloc;

	return mlu_refuse(request, -ENOENT, "pair=%s:%u,%s:%u: no mapped object%s%s defines %s%s",
			  pair->alloc, pair->size, pair->free, pair->block, *object ? " " : "",
			  object, found == MLU_PAIR_BOTH(0) ? "both" : missing,
			  found ? "" : ", nor the other function");
}

/* Refuse names that no object, or with object= none of that name, defines. */
static int check_names(struct mlu_request *request, const struct mlu_options *options,
		       const struct mlu_sites *sites)
{
	const struct mlu_names_spec *spec = &options->names;
	unsigned int i;

	if (*spec->prefix && !sites->has_prefixed)
		return mlu_refuse(request, -ENOENT,
				  "prefix=%s: no mapped object%s%s defines %smalloc and %sfree",
				  spec->prefix, *options->object ? " " : "", options->object,
				  spec->prefix, spec->prefix);
	for (i = 0; i < spec->nr_pairs; i++)
		if (!(sites->whole & MLU_PAIR_BOTH(i)))
			return refuse_pair(request, &spec->pair[i],
					   sites->found >> (2 * i) & MLU_PAIR_BOTH(0),
					   options->object);
	return 0;
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
 * Return: 0; -ENOMEM; -ENOENT if there are no sites or no functions of the target's names; -ENOSPC
 * if there are too many; -ETIMEDOUT if a file was not read before the deadline.
 */
int mlu_sites_find(struct mlu_request *request, struct mlu_target *target, struct mlu_sites *sites,
		   unsigned long deadline)
{
	int err = add_mappings(target, sites, deadline);
	const char *object = target->options.object;
	const char *name;
	size_t len;

	if (sites->too_many)
		return mlu_refuse(request, -ENOSPC,
				  "more than %d allocator functions are mapped; use object=",
				  MLU_MAX_SITES);
	/* Without the object that is named, that is what is wrong. */
	if (!err && (!*object || sites->object_seen))
		err = check_names(request, &target->options, sites);
	if (!err && !sites->nr)
		return refuse_without_sites(request, target, sites, deadline);
	if (err != -ETIMEDOUT)
		return err;
	name = mlu_mapping_name(sites->unread, &len);
	return mlu_refuse(request, -ETIMEDOUT,
			  "timed out reading %.*s (is its server responding?); exclude it with object=",
			  (int)len, name);
}
