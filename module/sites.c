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
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "dso.h"
#include "sites.h"
#include "uses.h"

/*
 * Is this instruction of the file the first place of a site? A function may have several names, one
 * function may start within another, and functions share exits.
 */
static bool has_site(const struct mlu_sites *sites, struct inode *inode, bool is_entry, u64 offset)
{
	unsigned int i;

	for (i = 0; i < sites->nr; i++) {
		const struct mlu_site *site = &sites->site[i];

		if (mlu_probe_is_entry(site->kind) == is_entry &&
		    file_inode(site->mapping->held) == inode &&
		    site->offset + site->places.place[0].offset == offset)
			return true;
	}
	return false;
}

static bool is_offset_mapped(const struct mlu_mapping *mapping, u64 offset)
{
	return offset >= mapping->offset &&
	       offset - mapping->offset < mapping->end - mapping->start;
}

/* Why exit probes are not used, besides the reasons in lib/exits.h. */
static const struct mlu_refused_exits refused_unmapped = {
	"unmapped",
	"some of its code is not mapped",
};

static const struct mlu_refused_exits refused_by_kernel = {
	"unsupported",
	"this kernel executes a return again that a probe has executed",
};

static const struct mlu_refused_exits refused_by_others = {
	"busy",
	"another process is traced by return probes of it",
};

/* Return: the held mapping of the same file as @mapping that contains an offset, or NULL. */
static struct mlu_mapping *mapping_of(struct mlu_target *target, struct mlu_mapping *mapping,
				      u64 offset)
{
	struct mlu_mapping *other;

	if (is_offset_mapped(mapping, offset))
		return mapping;
	spin_lock(&target->maps.lock);
	list_for_each_entry(other, &target->maps.all, node)
		if (other->held && file_inode(other->held) == file_inode(mapping->held) &&
		    !other->gone && is_offset_mapped(other, offset))
			goto out;
	other = NULL;
out:
	spin_unlock(&target->maps.lock);
	return other;
}

static bool are_exits_mapped(struct mlu_target *target, struct mlu_mapping *mapping,
			     const struct mlu_allocator_function *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_exits; i++)
		if (!mapping_of(target, mapping, f->exits[i].offset))
			return false;
	return true;
}

/* Return: NULL if the exits of a function can be probed, or why not. */
static const struct mlu_refused_exits *exits_refusal(struct mlu_target *target,
						     const struct mlu_site *site,
						     const struct mlu_allocator_function *f,
						     bool is_harmful)
{
	if (f->exits_refusal != MLU_EXITS_OK)
		return &mlu_refused_exits[f->exits_refusal];
	/* A return probe also sees the results that are unknown at the exits. */
	if (f->exits_leave && !is_harmful)
		return &mlu_refused_exits[MLU_EXITS_LEAVES];
	if (!f->function.has_exits)
		return &refused_by_kernel;
	if (!are_exits_mapped(target, site->mapping, f))
		return &refused_unmapped;
	if (!mlu_probe_may_be(file_inode(site->mapping->held), site, MLU_PROBE_ENTRY))
		return &refused_by_others;
	return NULL;
}

/*
 * Decide how the return of a function is seen. A return probe is cheaper; exit probes are used
 * where it would harm the target, on request, and where exit probes for other targets leave no
 * place for it. A return probe harms if it would end the target, or if an exception or a backtrace
 * of the function's own object may pass its trampoline. In a library that is mapped after a thread
 * has needed exits, it would be followed by neither. It is not cheaper if the instruction under
 * the breakpoint had to be single-stepped because of it.
 *
 * Return: NULL, or why the function is not traced.
 */
static const struct mlu_refused_exits *choose_kind(struct mlu_target *target, struct mlu_site *site,
						   const struct mlu_allocator_function *f)
{
	bool is_harmful = f->function.proto->throws || target->kill_reason ||
			  READ_ONCE(target->exits_wanted) ||
			  mlu_mapping_dso(site->mapping)->allocator.takes_backtraces;
	const struct mlu_refused_exits *refusal;
	bool is_stepped = site->places.place[0].kind == MLU_PLACE_FRAME;

	site->kind = MLU_PROBE_FREE;
	if (!mlu_prototype_has_return(f->function.proto))
		return NULL;
	refusal = exits_refusal(target, site, f, is_harmful);
	site->kind = MLU_PROBE_RETURN;
	if (!is_harmful && !target->prefers_exits && !site->names && (!is_stepped || refusal) &&
	    mlu_probe_may_be(file_inode(site->mapping->held), site, MLU_PROBE_RETURN))
		return NULL;
	if (!refusal) {
		site->kind = MLU_PROBE_ENTRY;
		site->nr_exits = f->nr_exits;
		return NULL;
	}
	site->refusal = refusal->word;
	if (!is_harmful)
		return NULL;
	/* At least the block that it frees is dropped. */
	site->kind = MLU_PROBE_FREE;
	return refusal;
}

static int add_untraced(struct mlu_sites *sites, struct mlu_mapping *mapping,
			const struct mlu_prototype *proto, const struct mlu_refused_exits *refusal)
{
	struct mlu_untraced *untraced = kmalloc(sizeof(*untraced), GFP_KERNEL);

	if (!untraced)
		return -ENOMEM;
	untraced->mapping = mapping;
	untraced->proto = proto;
	untraced->refusal = refusal;
	list_add_tail(&untraced->node, &sites->untraced);
	return 0;
}

/* Return: the next site to fill in, or NULL if there are too many. */
static struct mlu_site *next_site(struct mlu_sites *sites)
{
	if (sites->nr < sites->max)
		return &sites->site[sites->nr];
	sites->too_many = true;
	return NULL;
}

static void add_exit(struct mlu_target *target, struct mlu_sites *sites,
		     struct mlu_mapping *mapping, const struct mlu_allocator_function *f,
		     const struct mlu_exit *exit)
{
	struct mlu_site *site = next_site(sites);

	mapping = mapping_of(target, mapping, exit->offset);
	if (!site || !mapping || has_site(sites, file_inode(mapping->held), false, exit->offset))
		return;
	memset(site, 0, sizeof(*site));
	site->kind = MLU_PROBE_EXIT + exit->kind;
	site->function = f->function;
	site->mapping = mapping;
	site->offset = exit->offset;
	site->places.nr = 1;
	site->places.place[0].kind = MLU_PLACE_EMULATED;
	site->code = exit->bytes;
	site->code_len = exit->len;
	sites->nr++;
}

static int add_site(struct mlu_target *target, struct mlu_sites *sites, struct mlu_mapping *mapping,
		    const struct mlu_allocator_function *f)
{
	const struct mlu_refused_exits *refusal;
	struct mlu_site *site;
	unsigned int i;

	if (!is_offset_mapped(mapping, f->offset) ||
	    has_site(sites, file_inode(mapping->held), true, f->offset + f->places.place[0].offset))
		return 0;
	site = next_site(sites);
	if (!site)
		return 0;
	memset(site, 0, sizeof(*site));
	site->function = f->function;
	site->names = f->names;
	site->offset = f->offset;
	site->code = f->head.bytes;
	site->code_len = f->head.len;
	site->mapping = mapping;
	for (i = 0; i < f->places.nr; i++)
		if (is_offset_mapped(mapping, f->offset + f->places.place[i].offset))
			site->places.place[site->places.nr++] = f->places.place[i];
	if (!site->places.nr)
		return 0;
	refusal = choose_kind(target, site, f);
	if (!refusal || f->function.proto->type == MLU_CALL_REALLOC)
		sites->nr++;
	if (refusal)
		return add_untraced(sites, mapping, f->function.proto, refusal);
	for (i = 0; i < site->nr_exits; i++)
		add_exit(target, sites, mapping, f, &f->exits[i]);
	return 0;
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

/* Add the sites of a mapping whose file defines an allocator. */
static int add_functions(struct mlu_target *target, struct mlu_sites *sites,
			 struct mlu_mapping *mapping, const struct mlu_dso *dso)
{
	unsigned int i;
	int err = 0;

	if (!mlu_mapping_defines_allocator(mapping, dso))
		return 0;
	mlu_maps_set_probed(&target->maps, mapping);
	for (i = 0; i < dso->allocator.nr && !err; i++)
		err = add_site(target, sites, mapping, &dso->allocator.function[i]);
	return err;
}

static int add_mapping(struct mlu_target *target, struct mlu_sites *sites,
		       struct mlu_mapping *mapping, unsigned long deadline)
{
	struct mlu_dso *dso = mlu_mapping_dso(mapping);

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
	return add_functions(target, sites, mapping, dso);
}

/* Add the sites of all mapped files or, with object=, of those with that name. */
static int add_mappings(struct mlu_target *target, struct mlu_sites *sites, unsigned long deadline)
{
	struct mlu_mapping *mapping;
	int err;

	list_for_each_entry(mapping, &target->maps.all, node) {
		if (!mapping->held)
			continue;
		if (*target->options.object && !mlu_mapping_path(mapping))
			return -ENOMEM;
		if (!mlu_sites_is_wanted(target, mapping))
			continue;
		sites->object_seen = true;
		err = add_mapping(target, sites, mapping, deadline);
		if (err)
			return err;
	}
	return 0;
}

/*
 * A return probe would end the backtraces that an allocator takes of its callers. Files that are
 * not read by the deadline are not regarded.
 */
static bool takes_backtraces(struct mlu_target *target, unsigned long deadline)
{
	struct mlu_mapping *mapping;
	const struct mlu_dso *dso;

	mlu_maps_wait_until(&target->maps, deadline);
	list_for_each_entry(mapping, &target->maps.all, node) {
		dso = mlu_mapping_read_dso(mapping);
		if (dso && dso->allocator.takes_backtraces)
			return true;
	}
	return false;
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
 * if there are too many; -EOPNOTSUPP if malloc cannot be traced without harm; -ETIMEDOUT if a file
 * was not read before the deadline.
 */
int mlu_sites_find(struct mlu_request *request, struct mlu_target *target, struct mlu_sites *sites,
		   unsigned long deadline)
{
	int err;

	target->prefers_exits = target->options.exits == MLU_EXITS_ALWAYS || target->kill_reason ||
				takes_backtraces(target, deadline);
	err = add_mappings(target, sites, deadline);
	return mlu_sites_check(request, target, sites, err, deadline);
}

/**
 * mlu_sites_find_in() - find the sites of a library that was mapped after the attach
 * @target: the target; the mappings of the library are pending and held
 * @dso: the library, ready, with an allocator
 * @sites: new; filled in
 *
 * Context: The worker; may sleep. Waits for nothing.
 * Return: 0; -ENOMEM; -ENOSPC if the target would have too many.
 */
int mlu_sites_find_in(struct mlu_target *target, const struct mlu_dso *dso, struct mlu_sites *sites)
{
	struct mlu_mapping *mapping;
	int err;

	list_for_each_entry(mapping, &target->late.pending, pending_node) {
		if (mlu_mapping_dso(mapping) != dso || READ_ONCE(mapping->gone))
			continue;
		err = add_functions(target, sites, mapping, dso);
		if (err)
			return err;
	}
	return sites->too_many ? -ENOSPC : 0;
}

/* Return: the function of a use, or NULL. */
static const struct mlu_allocator_function *function_of(const struct mlu_use *use)
{
	const struct mlu_dso *dso = mlu_mapping_read_dso(use->mapping);
	const struct mlu_probe *probe = use->probe;
	unsigned int i;

	for (i = 0; dso && i < dso->allocator.nr; i++)
		if (dso->allocator.function[i].offset ==
		    probe->consumer.offset - probe->function.skipped)
			return &dso->allocator.function[i];
	return NULL;
}

static bool find_exits_of(struct mlu_target *target, const struct mlu_uses *uses,
			  struct mlu_sites *sites)
{
	const struct mlu_allocator_function *f;
	unsigned int i, exit;

	for (i = 0; i < uses->nr; i++) {
		struct mlu_mapping *mapping = uses->use[i].mapping;

		if (uses->use[i].probe->kind != MLU_PROBE_RETURN)
			continue;
		f = function_of(&uses->use[i]);
		if (f && !are_exits_mapped(target, mapping, f))
			return false;
		for (exit = 0; f && exit < f->nr_exits; exit++)
			add_exit(target, sites, mapping, f, &f->exits[exit]);
	}
	return true;
}

/**
 * mlu_sites_find_exits() - find the exits of functions that have return probes in a target
 * @target: the target
 * @sites: zeroed; filled in
 *
 * Context: The worker.
 * Return: false if some of them are not mapped.
 */
bool mlu_sites_find_exits(struct mlu_target *target, struct mlu_sites *sites)
{
	const struct mlu_uses *uses;

	list_for_each_entry(uses, &target->uses, node)
		if (uses->kind == MLU_USES_FUNCTIONS && !find_exits_of(target, uses, sites))
			return false;
	return true;
}
