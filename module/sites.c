// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the allocators of a target.
 *
 * Every mapped ELF object that defines malloc and free is one, and has all its functions of the
 * table in funcs.c probed, those it has.  Nothing is looked up by path: the mapping's own file is
 * read, so containers, deleted files and preloaded allocators need no care.
 *
 * Entered from the worker at attach, when the target's mappings have been read and still hold
 * their files.  May sleep, does file I/O.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "dso.h"
#include "elf.h"
#include "place.h"
#include "sites.h"

/* As much of a function as is looked at to place its probe. */
#define CODE_MAX 8192
#define MAX_FUNCS 24

/* What is needed to look into one object. */
struct search {
	struct mlu_dso_image image;
	struct mlu_elf_symbol symbol[MAX_FUNCS];
	const char *names[MAX_FUNCS];
	u8 code[CODE_MAX];
};

static struct mlu_elf_symbol *symbol_of(struct search *search, const char *name)
{
	unsigned int i;

	for (i = 0; i < mlu_nr_funcs; i++)
		if (!strcmp(mlu_funcs[i].name, name))
			return &search->symbol[i];
	return NULL;
}

static bool is_allocator(struct search *search)
{
	return symbol_of(search, "malloc")->found && symbol_of(search, "free")->found;
}

static bool is_there(const struct mlu_sites *sites, struct inode *inode, u64 offset)
{
	unsigned int i;

	for (i = 0; i < sites->nr; i++)
		if (file_inode(sites->site[i].mapping->file) == inode &&
		    sites->site[i].offset == offset)
			return true;
	return false;
}

static int place(struct search *search, const struct mlu_elf_symbol *symbol,
		 struct mlu_place *where)
{
	bool whole;
	int n = mlu_elf_code(&search->image.elf, symbol, search->code, CODE_MAX, &whole);

	if (n < 0)
		return n;
	mlu_place_find(search->code, n, whole, mlu_kernel_emulates_nops(), where);
	return 0;
}

static void add_site(struct mlu_sites *sites, struct search *search, struct mlu_mapping *mapping,
		     unsigned int i)
{
	const struct mlu_elf_symbol *symbol = &search->symbol[i];
	struct mlu_site *site = &sites->site[sites->nr];
	struct mlu_place where;
	u64 size = mapping->end - mapping->start;

	if (!symbol->found || place(search, symbol, &where))
		return;
	if (sites->nr == MLU_MAX_SITES) {
		sites->too_many = true;
		return;
	}
	site->function.func = &mlu_funcs[i];
	site->function.skipped = where.offset;
	site->function.size = min_t(u64, symbol->size, U32_MAX);
	site->mapping = mapping;
	site->offset = symbol->offset + where.offset;
	site->emulated = where.emulated;
	if (site->offset < mapping->offset || site->offset - mapping->offset >= size)
		return;
	if (!is_there(sites, file_inode(mapping->file), site->offset))
		sites->nr++;
}

static void look_into(struct mlu_sites *sites, struct search *search, struct mlu_mapping *mapping)
{
	unsigned int i;

	if (mlu_dso_image_open(&search->image, mapping->file))
		return;
	if (mlu_elf_find(&search->image.elf, search->names, mlu_nr_funcs, search->symbol) > 0 &&
	    is_allocator(search)) {
		mapping->allocator = true;
		for (i = 0; i < mlu_nr_funcs; i++)
			add_site(sites, search, mapping, i);
	}
	mlu_dso_image_close(&search->image);
}

static bool is_wanted(const struct mlu_mapping *mapping, const char *object)
{
	size_t len;
	const char *name = mlu_mapping_name(mapping, &len);

	return !*object || (strlen(object) == len && !memcmp(name, object, len));
}

/**
 * mlu_sites_find() - all that is to be probed in a target
 * @target: its maps have been read
 * @sites: zeroed
 *
 * An object that cannot be read, or whose headers lie, is one without allocator.
 *
 * Return: 0 or -ENOMEM; the functions stand in the order of their table, object by object.
 */
int mlu_sites_find(struct mlu_target *target, struct mlu_sites *sites)
{
	struct search *search = kvmalloc(sizeof(*search), GFP_KERNEL);
	struct mlu_mapping *mapping;
	unsigned int i;

	if (!search || WARN_ON_ONCE(mlu_nr_funcs > MAX_FUNCS)) {
		kvfree(search);
		return -ENOMEM;
	}
	for (i = 0; i < mlu_nr_funcs; i++)
		search->names[i] = mlu_funcs[i].name;
	list_for_each_entry(mapping, &target->maps.all, node) {
		if (!mapping->file || !is_wanted(mapping, target->options.object))
			continue;
		sites->object_seen = true;
		look_into(sites, search, mapping);
	}
	kvfree(search);
	return 0;
}
