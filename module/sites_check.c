// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refuse an attach to a target in which too little can be traced, with the reason.
 *
 * Context: The worker, at an attach, when the sites have been found; may sleep. Waits for files to
 * be read, but not beyond the deadline.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "dso.h"
#include "request.h"
#include "sites.h"
#include "text.h"

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

/* A report without the blocks of malloc would be worse than none. */
static int refuse_untraced_malloc(struct mlu_request *request, const struct mlu_target *target,
				  const struct mlu_sites *sites)
{
	const struct mlu_untraced *function;
	const char *name;
	size_t len;

	list_for_each_entry(function, &sites->untraced, node) {
		if (strcmp(function->proto->name, "malloc"))
			continue;
		name = mlu_mapping_name(function->mapping, &len);
		return mlu_refuse(request, -EOPNOTSUPP,
				  "%s; the exits of malloc of %.*s are unknown, since %s",
				  target->kill_reason, (int)len, name, function->refusal->sentence);
	}
	return 0;
}

/**
 * mlu_sites_check() - refuse an attach that cannot trace what it is to trace
 * @request: the request; gets the reason of a refusal
 * @target: the target
 * @sites: the sites that were found
 * @err: the error of finding them, or 0
 * @deadline: when to stop waiting for files to be read, in jiffies
 *
 * Context: The worker; may sleep.
 * Return: as mlu_sites_find().
 */
int mlu_sites_check(struct mlu_request *request, struct mlu_target *target,
		    const struct mlu_sites *sites, int err, unsigned long deadline)
{
	const char *object = target->options.object, *name;
	size_t len;

	if (sites->too_many)
		return mlu_refuse(request, -ENOSPC,
				  "more than %d allocator functions are mapped; use object=",
				  MLU_MAX_SITES);
	/* Without the object that is named, that is what is wrong. */
	if (!err && (!*object || sites->object_seen))
		err = check_names(request, &target->options, sites);
	if (!err && target->kill_reason)
		err = refuse_untraced_malloc(request, target, sites);
	if (!err && !sites->nr)
		return refuse_without_sites(request, target, sites, deadline);
	if (err != -ETIMEDOUT)
		return err;
	name = mlu_mapping_name(sites->unread, &len);
	return mlu_refuse(request, -ETIMEDOUT,
			  "timed out reading %.*s: try again, or exclude it with object=", (int)len,
			  name);
}
