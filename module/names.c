// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of names: the functions that a target traces besides those of lib/prototypes.c.
 *
 * They are made of the keys prefix= and pair= of an attach. Equal ones share a set, so that sets
 * can be compared by their address. NULL is the empty set.
 *
 * A set is part of the identity of what depends on it: a file that is searched for other names is
 * another dso, and a function that is probed because of a set has a probe for each set (probes.c).
 *
 * Lifetime, as a proof: a set is freed with its last reference. A target holds one until it is
 * freed itself. The prototypes of a set are used by
 * - the dsos that were searched for it, which hold a reference each;
 * - the sites of an attach, which are in mappings of the target, and these hold their dsos;
 * - probes because of the set: these are used by targets with the set only, and a probe is freed
 *   when its last target is detached, before that target drops its reference. The handlers and the
 *   filter of such a probe act for these targets alone;
 * - calls in flight: the handlers of a probe add them to such a target alone, which drains them
 *   when it is detached.
 *
 * Context: Process context; may sleep.
 * Locks: names_lock (mutex) guards the list; a leaf.
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "names.h"

static DEFINE_MUTEX(names_lock);
static LIST_HEAD(all_names);

/* Functions with the prefix of another library, and those that libraries do not rename. */
static bool takes_prefix(const struct mlu_prototype *proto)
{
	static const char *const others[] = { "_", "je_", "mi_", "tc_" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (str_has_prefix(proto->name, others[i]))
			return false;
	return !mlu_prototype_is_mapping(proto) && !proto->sanitizer;
}

static void add_name(struct mlu_names *names, const struct mlu_prototype *proto, const char *prefix,
		     const char *name)
{
	if (WARN_ON_ONCE(names->nr == MLU_MAX_NAMES))
		return;
	snprintf(names->text[names->nr], sizeof(names->text[0]), "%s%s", prefix, name);
	names->prototype[names->nr] = *proto;
	names->prototype[names->nr].name = names->text[names->nr];
	names->nr++;
}

static void add_prefixed(struct mlu_names *names)
{
	unsigned int i;

	/* The table begins with malloc and free. */
	for (i = 0; i < mlu_nr_prototypes && *names->spec.prefix; i++)
		if (takes_prefix(&mlu_prototypes[i]))
			add_name(names, &mlu_prototypes[i], names->spec.prefix,
				 mlu_prototypes[i].name);
	names->nr_prefixed = names->nr;
}

static void add_pair(struct mlu_names *names, const struct mlu_pair *pair)
{
	const struct mlu_prototype alloc = {
		.type = MLU_CALL_ALLOC,
		.size = pair->size - 1,
		.times = MLU_NO_ARG,
		.block = MLU_NO_ARG,
	};
	const struct mlu_prototype free = {
		.type = MLU_CALL_FREE,
		.size = MLU_NO_ARG,
		.times = MLU_NO_ARG,
		.block = pair->block - 1,
	};

	add_name(names, &alloc, "", pair->alloc);
	add_name(names, &free, "", pair->free);
}

static struct mlu_names *names_find(const struct mlu_names_spec *spec)
{
	struct mlu_names *names;

	list_for_each_entry(names, &all_names, node)
		if (!memcmp(&names->spec, spec, sizeof(*spec)))
			return mlu_names_share(names);
	return NULL;
}

/**
 * mlu_names_get() - get the set of names of an attach command
 * @spec: the names
 *
 * Context: Process context. May sleep. Takes and releases names_lock.
 * Return: the set with a reference for the caller, NULL if there are no names, or ERR_PTR(-ENOMEM).
 */
struct mlu_names *mlu_names_get(const struct mlu_names_spec *spec)
{
	struct mlu_names *names;
	unsigned int i;

	if (!*spec->prefix && !spec->nr_pairs)
		return NULL;
	mutex_lock(&names_lock);
	names = names_find(spec);
	if (names)
		goto out;
	names = kzalloc(sizeof(*names), GFP_KERNEL);
	if (!names) {
		names = ERR_PTR(-ENOMEM);
		goto out;
	}
	refcount_set(&names->refs, 1);
	memcpy(&names->spec, spec, sizeof(*spec));
	add_prefixed(names);
	for (i = 0; i < spec->nr_pairs; i++)
		add_pair(names, &spec->pair[i]);
	list_add(&names->node, &all_names);
out:
	mutex_unlock(&names_lock);
	return names;
}

/**
 * mlu_names_put() - drop a reference on a set of names
 * @names: the set; may be NULL
 *
 * Context: Process context. May sleep. Takes and releases names_lock.
 */
void mlu_names_put(struct mlu_names *names)
{
	/* A set in the list has a reference, so names_find() need not check. */
	if (!names || !refcount_dec_and_mutex_lock(&names->refs, &names_lock))
		return;
	list_del(&names->node);
	mutex_unlock(&names_lock);
	kfree(names);
}
