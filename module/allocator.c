// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the allocator of an ELF image.
 *
 * An object that defines malloc and free is an allocator. So is a static program that defines
 * malloc only: the linker has left free out, as the program never calls it. Any other object that
 * defines malloc alone forwards its calls to another allocator, which frees the blocks.
 *
 * All functions of the table in lib/prototypes.c that an allocator defines are probed, with two
 * exceptions, whose calls are seen without a probe: a name that has the same address as another,
 * and a function that frees only by jumping to another function of the table that frees the same
 * argument.
 *
 * A target may name further functions (names.c): an object that defines malloc and free with its
 * prefix is an allocator, too, and of an object that defines both functions of a pair these two are
 * probed.
 *
 * An operator new is probed only if it allocates without calling malloc. Where the exits of a
 * function that may throw cannot be probed, its blocks are not seen: frees of blocks that are not
 * recorded are then counted separately.
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

/* Their forms have these names and further parameters. */
#define OPERATOR_NEW "_Znwm"
#define OPERATOR_NEW_ARRAY "_Znam"

/* A runtime of a sanitizer, gcc's or clang's, defines one of these. */
static const char *const sanitizer_names[] = {
	"__asan_init", "__hwasan_init", "__lsan_init", "__msan_init", "__tsan_init",
};

/* An allocator that imports one of these takes backtraces of its callers. */
static const char *const backtrace_functions[] = {
	"backtrace", "_Unwind_Backtrace", "unw_backtrace", "unw_step", "_ULx86_64_step",
};

#define MAX_FUNCTIONS (MLU_MAX_PROTOTYPES + MLU_MAX_NAMES)
#define MAX_NAMES (MAX_FUNCTIONS + ARRAY_SIZE(sanitizer_names))

/* State of a search; too large for the stack. */
struct search {
	struct mlu_elf *elf;
	const struct mlu_names *names;
	/* The functions: those of the table, then those of the names. */
	unsigned int nr_functions;
	const struct mlu_prototype *proto[MAX_FUNCTIONS];
	/* The names to look up: those of the functions, then those of sanitizers. */
	unsigned int nr_looked_up;
	const char *name[MAX_NAMES];
	struct mlu_elf_symbol symbol[MAX_NAMES];
	bool by_default; /* an allocator without the names */
	bool by_prefix;
	bool sanitizer;
	bool own_new; /* operator new allocates without calling malloc */
	unsigned int nr;
	struct mlu_allocator_function function[MAX_FUNCTIONS];
	struct mlu_exits exits;
	struct mlu_exits_work exits_work;
	u8 code[CODE_MAX];
};

static const struct mlu_elf_symbol *find_symbol(const struct search *search, const char *name)
{
	unsigned int i;

	/* Of equal names the first one is looked up. */
	for (i = 0; i < search->nr_functions; i++)
		if (!strcmp(search->name[i], name))
			return search->symbol[i].found ? &search->symbol[i] : NULL;
	return NULL;
}

static bool is_operator_new(const struct mlu_prototype *proto)
{
	return !strncmp(proto->name, OPERATOR_NEW, strlen(OPERATOR_NEW)) ||
	       !strncmp(proto->name, OPERATOR_NEW_ARRAY, strlen(OPERATOR_NEW_ARRAY));
}

/* Return: true if both functions of the pair that the @i-th function belongs to are defined. */
static bool is_of_whole_pair(const struct search *search, unsigned int i)
{
	unsigned int first = mlu_nr_prototypes + search->names->nr_prefixed;

	i -= (i - first) % 2;
	return find_symbol(search, search->name[i]) && find_symbol(search, search->name[i + 1]);
}

/* Return: true if the @i-th function is defined, and is to be probed in this image. */
static bool is_wanted(const struct search *search, unsigned int i)
{
	const struct mlu_prototype *proto = search->proto[i];

	if (!search->symbol[i].found || (proto->sanitizer && !search->sanitizer))
		return false;
	if (is_operator_new(proto) && !search->own_new)
		return false;
	if (i < mlu_nr_prototypes)
		return search->by_default || search->by_prefix;
	if (i < mlu_nr_prototypes + search->names->nr_prefixed)
		return search->by_prefix;
	return is_of_whole_pair(search, i);
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

	/* The functions of the names are shown with probes of their own. */
	if (i >= mlu_nr_prototypes || search->proto[i]->type != MLU_CALL_FREE ||
	    search->proto[i]->block || !strcmp(search->name[i], "free"))
		return 0;
	ret = mlu_elf_jump(search->elf, symbol->value, search->code, n, &target);
	if (ret <= 0 || target == symbol->value)
		return min(ret, 0);
	for (j = 0; j < search->nr_functions; j++)
		if (search->symbol[j].value == target && is_wanted(search, j) &&
		    search->proto[j]->type == MLU_CALL_FREE && !search->proto[j]->block)
			return 1;
	return 0;
}

/* Find the exits of a function whose return is of interest. */
static int find_exits(struct search *search, struct mlu_allocator_function *f,
		      const struct mlu_elf_symbol *symbol)
{
	struct mlu_exits *exits = &search->exits;
	int err;

	if (!mlu_prototype_has_return(f->function.proto))
		return 0;
	err = mlu_exits_find(search->elf, symbol->value, &search->exits_work, exits);
	if (err)
		return err;
	f->exits_refusal = exits->refusal;
	if (exits->refusal != MLU_EXITS_OK)
		return 0;
	f->exits = kmemdup(exits->exit, exits->nr * sizeof(*exits->exit), GFP_KERNEL);
	if (!f->exits)
		return -ENOMEM;
	f->nr_exits = exits->nr;
	f->exits_leave = exits->leaves;
	f->function.has_exits = mlu_kernel_skips_moved_ip();
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

	if (!is_wanted(search, i))
		return 0;
	/* Another name of the same function. */
	for (j = 0; j < i; j++)
		if (search->symbol[j].value == symbol->value && is_wanted(search, j))
			return 0;
	n = mlu_elf_code(search->elf, symbol, search->code, CODE_MAX, &whole);
	if (n < 0)
		return n == -ENOMEM ? n : 0;
	ret = is_jump(search, i, n);
	if (ret)
		return min(ret, 0);
	mlu_places_find(search->code, n, whole, mlu_kernel_emulates_nops(),
			mlu_kernel_skips_moved_ip(), &f->places);
	f->function.proto = search->proto[i];
	f->names = i >= mlu_nr_prototypes || !search->by_default ? search->names : NULL;
	f->function.size = min_t(u64, symbol->size, U32_MAX);
	f->offset = symbol->offset;
	ret = find_exits(search, f, symbol);
	if (ret)
		return ret;
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
	const struct mlu_elf_symbol *symbol = find_symbol(search, OPERATOR_NEW);
	const struct mlu_elf_symbol *malloc = find_symbol(search, "malloc");
	unsigned int branches = 0;
	u64 target;
	bool whole;
	int i, n, ret;

	if (!symbol || !malloc)
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

static void fill_names(struct search *search)
{
	unsigned int i;

	BUILD_BUG_ON(MAX_NAMES > MLU_ELF_MAX_NAMES);
	for (i = 0; i < mlu_nr_prototypes; i++)
		search->proto[i] = &mlu_prototypes[i];
	for (i = 0; search->names && i < search->names->nr; i++)
		search->proto[mlu_nr_prototypes + i] = &search->names->prototype[i];
	search->nr_functions = mlu_nr_prototypes + i;
	for (i = 0; i < search->nr_functions; i++)
		search->name[i] = search->proto[i]->name;
	memcpy(search->name + i, sanitizer_names, sizeof(sanitizer_names));
	search->nr_looked_up = i + ARRAY_SIZE(sanitizer_names);
}

static bool has_sanitizer(const struct search *search)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sanitizer_names); i++)
		if (search->symbol[search->nr_functions + i].found)
			return true;
	return false;
}

/* Look up the functions of the names in the symbol table, too: a program need not export them. */
static int find_names(struct search *search)
{
	const struct mlu_names *names = search->names;
	int n;

	if (!names)
		return 0;
	n = mlu_elf_find_local(search->elf, search->name + mlu_nr_prototypes, names->nr,
			       search->symbol + mlu_nr_prototypes);
	if (n < 0 && n != -ENOEXEC)
		return n;
	search->by_prefix = names->nr_prefixed && find_symbol(search, names->prototype[0].name) &&
			    find_symbol(search, names->prototype[1].name);
	return 0;
}

/* See struct mlu_allocator. */
static u16 found_of_pairs(const struct search *search)
{
	const struct mlu_names *names = search->names;
	unsigned int i;
	u16 found = 0;

	for (i = 0; names && i < names->spec.nr_pairs; i++) {
		found |= find_symbol(search, names->spec.pair[i].alloc) ? MLU_PAIR_ALLOC(i) : 0;
		found |= find_symbol(search, names->spec.pair[i].free) ? MLU_PAIR_FREE(i) : 0;
	}
	return found;
}

static int look_up(struct mlu_allocator *allocator, struct search *search)
{
	int n;

	fill_names(search);
	n = mlu_elf_find(search->elf, search->name, search->nr_looked_up, search->symbol);
	if (n < 0)
		return n;
	n = find_names(search);
	if (n < 0)
		return n;
	if (find_symbol(search, "malloc")) {
		allocator->never_frees = !find_symbol(search, "free");
		search->by_default = !allocator->never_frees || search->elf->is_static;
	}
	allocator->has_prefixed = search->by_prefix;
	allocator->found = found_of_pairs(search);
	if (!search->by_default && !search->by_prefix)
		return 0;
	/* A program may have more of the allocator than it exports. */
	n = mlu_elf_find_rest(search->elf, search->name, search->nr_looked_up, search->symbol);
	if (n < 0 && n != -ENOEXEC)
		return n;
	search->sanitizer = has_sanitizer(search);
	return 0;
}

/* The blocks of a function that may throw are not recorded where its exits cannot be probed. */
static bool has_unseen_blocks(const struct search *search)
{
	unsigned int i;

	for (i = 0; i < search->nr; i++)
		if (search->function[i].function.proto->throws &&
		    !search->function[i].function.has_exits)
			return true;
	return false;
}

static int search_image(struct mlu_allocator *allocator, struct search *search)
{
	unsigned int i;
	bool unseen;
	int n, err;

	err = look_up(allocator, search);
	if (err)
		return err == -ENOEXEC ? 0 : err;
	n = has_own_new(search);
	if (n < 0)
		return n;
	search->own_new = n;
	for (i = 0; i < search->nr_functions && !err; i++)
		err = add_function(search, i);
	if (err || !search->nr)
		return err;
	n = mlu_elf_imports(search->elf, backtrace_functions, ARRAY_SIZE(backtrace_functions));
	if (n < 0 && n != -ENOEXEC)
		return n;
	allocator->takes_backtraces = n > 0 || search->sanitizer;
	allocator->function = kmemdup(search->function, search->nr * sizeof(*search->function),
				      GFP_KERNEL);
	if (!allocator->function)
		return -ENOMEM;
	allocator->nr = search->nr;
	unseen = has_unseen_blocks(search);
	for (i = 0; i < allocator->nr; i++)
		allocator->function[i].function.unseen = unseen;
	return 0;
}

static void free_exits(struct mlu_allocator_function *function, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		kfree(function[i].exits);
}

/**
 * mlu_allocator_find() - find the functions to probe in an image
 * @allocator: zeroed; filled in, in the order of the table in lib/prototypes.c and of the names
 * @image: the image
 * @names: the names of further functions, or NULL; they must exist as long as the allocator
 *
 * An image with malformed headers has no allocator.
 *
 * Context: Process context. May sleep, does file I/O.
 * Return: 0, -ENOMEM, or the error of reading the file.
 */
int mlu_allocator_find(struct mlu_allocator *allocator, struct mlu_image *image,
		       const struct mlu_names *names)
{
	struct search *search;
	int err;

	search = kvzalloc(sizeof(*search), GFP_KERNEL);
	if (!search)
		return -ENOMEM;
	search->elf = &image->elf;
	search->names = names;
	err = search_image(allocator, search);
	if (!allocator->nr)
		free_exits(search->function, search->nr);
	kvfree(search);
	return err;
}

/**
 * mlu_allocator_release() - free what mlu_allocator_find() has allocated
 * @allocator: the allocator
 */
void mlu_allocator_release(struct mlu_allocator *allocator)
{
	free_exits(allocator->function, allocator->nr);
	kfree(allocator->function);
}
