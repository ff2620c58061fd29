// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the allocator of an ELF image.
 *
 * An object that defines malloc and free is an allocator. So is a static program that defines malloc
 * only: the linker has left free out, as the program never calls it. Any other object that defines
 * malloc alone forwards its calls to another allocator, which frees the blocks. All functions of the table in
 * lib/prototypes.c that it defines are probed, with two exceptions, whose calls are seen without
 * a probe: a name that has the same address as another, and a function that frees only by
 * jumping to another function of the table that frees the same argument.
 *
 * This also finds out whether the object has an operator new of its own, whose blocks are not
 * seen: frees of blocks that are not recorded are then counted separately.
 *
 * Context: The works that read files (dso.c); may sleep, does file I/O. No state.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "allocator.h"
#include "compat.h"

/* The part of a function that is examined to place its probe. */
#define CODE_MAX 8192
/* The part of operator new that is searched for a call of malloc, and the branches to follow. */
#define NEW_CODE_MAX 512
#define NEW_BRANCHES_MAX 32

/* Which other names are looked up, behind those of the table. */
enum other_name {
	OPERATOR_NEW,
	SANITIZER,
};

static const char *const other_names[] = {
	"_Znwm",
	/* A runtime of a sanitizer defines one of these, gcc's and clang's. */
	"__asan_init",
	"__hwasan_init",
	"__lsan_init",
	"__msan_init",
	"__tsan_init",
};

#define MAX_NAMES (MLU_MAX_PROTOTYPES + ARRAY_SIZE(other_names))

/* State of a search; too large for the stack. */
struct search {
	struct mlu_elf *elf;
	struct mlu_elf_symbol symbol[MAX_NAMES];
	const char *names[MAX_NAMES];
	bool sanitizer;
	unsigned int nr;
	struct mlu_allocator_function function[MLU_MAX_PROTOTYPES];
	u8 code[CODE_MAX];
};

static const struct mlu_elf_symbol *find_symbol(const struct search *search, const char *name)
{
	unsigned int i;

	for (i = 0; i < mlu_nr_prototypes; i++)
		if (!strcmp(mlu_prototypes[i].name, name))
			return search->symbol[i].found ? &search->symbol[i] : NULL;
	return NULL;
}

/*
 * A function that jumps to one of the table that frees its first argument, too, and that is probed
 * instead, or jumps on in turn. Functions that jump in a circle free nothing. free itself always
 * gets its probe.
 *
 * Return: 1 if the @i-th function, whose first @n bytes have been read, is such a jump; 0 if not;
 * or a negative errno.
 */
static int is_jump(struct search *search, unsigned int i, size_t n)
{
	const struct mlu_elf_symbol *symbol = &search->symbol[i];
	unsigned int j;
	u64 target;
	int ret;

	if (mlu_prototypes[i].type != MLU_CALL_FREE || mlu_prototypes[i].block ||
	    !strcmp(mlu_prototypes[i].name, "free"))
		return 0;
	ret = mlu_elf_jump(search->elf, symbol->value, search->code, n, &target);
	if (ret <= 0 || target == symbol->value)
		return min(ret, 0);
	for (j = 0; j < mlu_nr_prototypes; j++)
		if (search->symbol[j].found && search->symbol[j].value == target &&
		    mlu_prototypes[j].type == MLU_CALL_FREE && !mlu_prototypes[j].block)
			return 1;
	return 0;
}

/* Add a function, unless its code cannot be read. */
static int add_function(struct search *search, unsigned int i)
{
	struct mlu_allocator_function *f = &search->function[search->nr];
	const struct mlu_elf_symbol *symbol = &search->symbol[i];
	unsigned int j, last = 0;
	bool whole;
	int n, ret;

	if (!symbol->found)
		return 0;
	if (mlu_prototypes[i].sanitizer && !search->sanitizer)
		return 0;
	/* Without its return, only what it frees can be seen. */
	if (mlu_prototypes[i].throws && mlu_prototypes[i].type == MLU_CALL_ALLOC)
		return 0;
	/* Another name of the same function. */
	for (j = 0; j < i; j++)
		if (search->symbol[j].found && search->symbol[j].value == symbol->value)
			return 0;
	n = mlu_elf_code(search->elf, symbol, search->code, CODE_MAX, &whole);
	if (n < 0)
		return n == -ENOMEM ? n : 0;
	ret = is_jump(search, i, n);
	if (ret)
		return min(ret, 0);
	mlu_places_find(search->code, n, whole, mlu_kernel_emulates_nops(), &f->places);
	f->function.proto = &mlu_prototypes[i];
	f->function.size = min_t(u64, symbol->size, U32_MAX);
	f->offset = symbol->offset;
	/* Keep the bytes that determine the places, and those that the uprobe core copies. */
	for (j = 0; j < f->places.nr; j++)
		last = max_t(unsigned int, last, f->places.place[j].offset);
	f->head.len = min_t(unsigned int, n, last + MAX_UINSN_BYTES);
	memcpy(f->head.bytes, search->code, f->head.len);
	search->nr++;
	return 0;
}

/* Return: 1 if operator new allocates without malloc, 0 if not, or a negative errno. */
static int has_own_new(struct search *search)
{
	const struct mlu_elf_symbol *symbol = &search->symbol[mlu_nr_prototypes + OPERATOR_NEW];
	const struct mlu_elf_symbol *malloc = find_symbol(search, "malloc");
	unsigned int branches = 0;
	u64 target;
	bool whole;
	int i, n, ret;

	if (!symbol->found)
		return 0;
	n = mlu_elf_code(search->elf, symbol, search->code, NEW_CODE_MAX, &whole);
	if (n < 0)
		return n == -ENOMEM ? n : 0;
	/* Search for a branch to malloc: each byte is tried as the start of an instruction. */
	for (i = 0; i < n && branches < NEW_BRANCHES_MAX; i++) {
		ret = mlu_elf_branch(search->elf, symbol->value + i, search->code + i, n - i,
				     &target);
		if (ret < 0)
			return ret;
		if (ret && target == malloc->value)
			return 0;
		branches += ret;
	}
	return 1;
}

static unsigned int fill_names(struct search *search)
{
	unsigned int i;

	BUILD_BUG_ON(MAX_NAMES > MLU_ELF_MAX_NAMES);
	for (i = 0; i < mlu_nr_prototypes; i++)
		search->names[i] = mlu_prototypes[i].name;
	memcpy(search->names + i, other_names, sizeof(other_names));
	return i + ARRAY_SIZE(other_names);
}

static bool has_sanitizer(const struct search *search)
{
	unsigned int i;

	for (i = SANITIZER; i < ARRAY_SIZE(other_names); i++)
		if (search->symbol[mlu_nr_prototypes + i].found)
			return true;
	return false;
}

static int search_image(struct mlu_allocator *allocator, struct search *search)
{
	unsigned int i, nr = fill_names(search);
	int n, err = 0;

	n = mlu_elf_find(search->elf, search->names, nr, search->symbol);
	if (n < 0)
		return n == -ENOEXEC ? 0 : n;
	if (!find_symbol(search, "malloc"))
		return 0;
	allocator->never_frees = !find_symbol(search, "free");
	if (allocator->never_frees && !search->elf->is_static)
		return 0;
	/* A program may have more of the allocator than it exports. */
	n = mlu_elf_find_rest(search->elf, search->names, nr, search->symbol);
	if (n < 0 && n != -ENOEXEC)
		return n;
	search->sanitizer = has_sanitizer(search);
	for (i = 0; i < mlu_nr_prototypes && !err; i++)
		err = add_function(search, i);
	if (err || !search->nr)
		return err;
	n = has_own_new(search);
	if (n < 0)
		return n;
	allocator->function = kmemdup(search->function, search->nr * sizeof(*search->function),
				      GFP_KERNEL);
	if (!allocator->function)
		return -ENOMEM;
	allocator->own_new = n;
	allocator->sanitizer = search->sanitizer;
	allocator->nr = search->nr;
	for (i = 0; i < allocator->nr; i++)
		allocator->function[i].function.unseen = n;
	return 0;
}

/**
 * mlu_allocator_find() - find the functions to probe in an image
 * @allocator: zeroed; filled in, in the order of the table in lib/prototypes.c
 * @image: the image
 *
 * An image with malformed headers has no allocator.
 *
 * Context: Process context. May sleep, does file I/O.
 * Return: 0, -ENOMEM, or the error of reading the file.
 */
int mlu_allocator_find(struct mlu_allocator *allocator, struct mlu_image *image)
{
	struct search *search;
	int err;

	search = kvzalloc(sizeof(*search), GFP_KERNEL);
	if (!search)
		return -ENOMEM;
	search->elf = &image->elf;
	err = search_image(allocator, search);
	kvfree(search);
	return err;
}

/**
 * mlu_allocator_release() - free what mlu_allocator_find() has allocated
 * @allocator: the allocator
 */
void mlu_allocator_release(struct mlu_allocator *allocator)
{
	kfree(allocator->function);
}
