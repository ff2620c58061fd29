// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the allocator in an ELF image.
 *
 * An object that defines malloc and free is one, and has all its functions of the table in funcs.c
 * probed, those it has.
 *
 * Entered from the reader's works, may sleep, does file I/O; no state.
 */
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "allocator.h"
#include "compat.h"

/* As much of a function as is looked at to place its probe. */
#define CODE_MAX 8192

/* What is needed for it; too large for a stack. */
struct search {
	struct mlu_elf *elf;
	struct mlu_elf_symbol symbol[MLU_ALLOCATOR_MAX];
	const char *names[MLU_ALLOCATOR_MAX];
	u8 code[CODE_MAX];
};

static bool has(const struct search *search, const char *name)
{
	unsigned int i;

	for (i = 0; i < mlu_nr_funcs; i++)
		if (!strcmp(mlu_funcs[i].name, name))
			return search->symbol[i].found;
	return false;
}

/* A function whose code cannot be read is left out. */
static int add(struct mlu_allocator *allocator, struct search *search, unsigned int i)
{
	struct mlu_allocator_function *f = &allocator->function[allocator->nr];
	const struct mlu_elf_symbol *symbol = &search->symbol[i];
	struct mlu_place place;
	bool whole;
	int n;

	if (!symbol->found)
		return 0;
	n = mlu_elf_code(search->elf, symbol, search->code, CODE_MAX, &whole);
	if (n < 0)
		return n == -ENOMEM ? n : 0;
	mlu_place_find(search->code, n, whole, mlu_kernel_emulates_nops(), &place);
	f->function.func = &mlu_funcs[i];
	f->function.skipped = place.offset;
	f->function.size = min_t(u64, symbol->size, U32_MAX);
	f->offset = symbol->offset + place.offset;
	f->emulated = place.emulated;
	f->head.len = min_t(int, n, place.offset + MAX_UINSN_BYTES);
	memcpy(f->head.bytes, search->code, f->head.len);
	allocator->nr++;
	return 0;
}

static int search_all(struct mlu_allocator *allocator, struct search *search)
{
	unsigned int i;
	int n, err = 0;

	for (i = 0; i < mlu_nr_funcs; i++)
		search->names[i] = mlu_funcs[i].name;
	n = mlu_elf_find(search->elf, search->names, mlu_nr_funcs, search->symbol);
	if (n < 0)
		return n == -ENOEXEC ? 0 : n;
	if (!has(search, "malloc") || !has(search, "free"))
		return 0;
	for (i = 0; i < mlu_nr_funcs && !err; i++)
		err = add(allocator, search, i);
	return err;
}

/*
 * mlu_allocator_find() - all that is to be probed in an image
 * @allocator: zeroed; filled in the order of funcs.c
 *
 * An image whose headers lie is one without allocator.
 *
 * Return: 0, or why that could not be found out: -ENOMEM, or what reading the file said.
 */
int mlu_allocator_find(struct mlu_allocator *allocator, struct mlu_image *image)
{
	struct search *search;
	int err;

	if (WARN_ON_ONCE(mlu_nr_funcs > MLU_ALLOCATOR_MAX))
		return -EINVAL;
	search = kvmalloc(sizeof(*search), GFP_KERNEL);
	if (!search)
		return -ENOMEM;
	search->elf = &image->elf;
	err = search_all(allocator, search);
	kvfree(search);
	return err;
}
