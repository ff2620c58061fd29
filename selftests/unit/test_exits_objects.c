// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_exits_objects: the exits of the allocation functions of real allocators.
 *
 *	test_exits_objects [+]OBJECT...
 *
 * Prints each function's exits, or why it is refused. All returns that objdump finds in a function
 * must be exits, for all functions of the object. A plus sign: operator new of this object must be
 * accepted.
 */
#include "exits.h"
#include "image.h"
#include "oracle.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

static const char *const names[] = {
	"malloc",
	"calloc",
	"realloc",
	"posix_memalign",
	"aligned_alloc",
	"memalign",
	"valloc",
	"pvalloc",
	"reallocarray",
	"_Znwm",
	"_Znam",
	"_ZnwmRKSt9nothrow_t",
	"_ZnamRKSt9nothrow_t",
	"_ZnwmSt11align_val_t",
	"_ZnamSt11align_val_t",
	"_ZnwmSt11align_val_tRKSt9nothrow_t",
	"_ZnamSt11align_val_tRKSt9nothrow_t",
};

static struct mlu_exits_work work;

/* By enum mlu_exit_kind. */
static const char *const kinds[] = { "", "j", "l" };

static void note_exits(const char *object, const char *name, u64 value,
		       const struct mlu_exits *exits)
{
	char text[1024] = "";
	unsigned int i;

	if (exits->refusal) {
		tap_note("%s %s refused %s at %+lld (%llx)", object, name,
			 mlu_refused_exits[exits->refusal].word, exits->where - value,
			 exits->where);
		return;
	}
	for (i = 0; i < exits->nr; i++)
		sprintf(text + strlen(text), " %llx%s", exits->exit[i].vaddr,
			kinds[exits->exit[i].kind]);
	tap_note("%s %s %u exits:%s, %u ranges, %u bytes%s", object, name, exits->nr, text,
		 work.nr_ranges, work.nr_bytes, exits->interposable ? ", interposable" : "");
}

static bool is_return(const char *text)
{
	return !strncmp(text, "ret", 3) || !strncmp(text, "repz ret", 8);
}

/* objdump has a return or a jump at each exit. */
static bool are_insns(const struct oracle_text *text, const struct mlu_exits *exits)
{
	unsigned int i;

	for (i = 0; i < exits->nr; i++) {
		const struct mlu_exit *exit = &exits->exit[i];
		size_t at = oracle_insn_at(text, exit->vaddr);
		const char *insn;

		if (at == text->nr || text->insns[at].addr != exit->vaddr)
			return false;
		insn = text->insns[at].text;
		if (exit->kind != MLU_EXIT_RETURN ? strncmp(insn, "jmp", 3) : !is_return(insn))
			return false;
	}
	return true;
}

static bool is_exit(const struct mlu_exits *exits, u64 vaddr)
{
	unsigned int i;

	for (i = 0; i < exits->nr; i++)
		if (exits->exit[i].vaddr == vaddr)
			return true;
	return false;
}

/*
 * How many of objdump's returns in the entries of the closure are no exits. Compilers emit no code
 * that is not reached; but if only a part of a function jumps to another one, some of the other's
 * returns may not be reached.
 */
static unsigned int count_missed(const struct oracle_text *text, const struct mlu_exits *exits)
{
	unsigned int i, missed = 0;

	for (i = 0; i < work.nr_ranges; i++) {
		const struct mlu_exits_range *range = &work.range[i];
		size_t at = oracle_insn_at(text, range->fde.start);

		for (; at < text->nr && text->insns[at].addr < range->fde.end; at++)
			missed += is_return(text->insns[at].text) &&
				  !is_exit(exits, text->insns[at].addr);
	}
	return missed;
}

static bool is_right(const struct oracle_text *text, const char *name,
		     const struct mlu_exits *exits)
{
	unsigned int missed;

	if (exits->refusal)
		return true;
	missed = count_missed(text, exits);
	if (missed)
		tap_note("%s: %u returns are no exits", name, missed);
	return are_insns(text, exits) && (!missed || work.nr_ranges > 1);
}

/* === All functions === */

static void test_every_function(struct image *image, const struct oracle *oracle,
				const struct oracle_text *text, const char *path)
{
	unsigned int nr[MLU_EXITS_NR_REFUSALS] = {}, i;
	struct mlu_exits exits;
	bool right = true;
	size_t n;

	for (n = 0; n < oracle->nr_symbols && right; n++) {
		if (!oracle->symbols[n].function)
			continue;
		right = !mlu_exits_find(&image->elf, oracle->symbols[n].value, &work, &exits) &&
			is_right(text, oracle->symbols[n].name, &exits);
		nr[exits.refusal]++;
	}
	for (i = 0; i < MLU_EXITS_NR_REFUSALS; i++)
		tap_note("%s: %u functions: %s", path, nr[i], mlu_refused_exits[i].word);
	tap_ok(right, "%s: the exits of %zu symbols are all returns, and only these", path, n);
}

/* === Allocation functions === */

static void test_allocators(struct image *image, const struct oracle_text *text, const char *path,
			    bool new_accepted)
{
	const char *object = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct mlu_elf_symbol sym[ARRAY_SIZE(names)];
	bool right, accepted = true;
	struct mlu_exits exits;
	unsigned int i;

	right = mlu_elf_find(&image->elf, names, ARRAY_SIZE(names), sym) >= 0;
	for (i = 0; i < ARRAY_SIZE(names) && right; i++) {
		if (!sym[i].found)
			continue;
		right = !mlu_exits_find(&image->elf, sym[i].value, &work, &exits) &&
			is_right(text, names[i], &exits);
		note_exits(object, names[i], sym[i].value, &exits);
		if (!strncmp(names[i], "_Zn", 3))
			accepted &= exits.refusal == MLU_EXITS_OK && exits.nr;
	}
	tap_ok(right, "%s: the exits of the allocation functions are all returns", path);
	if (new_accepted)
		tap_ok(accepted, "%s: the exits of all forms of operator new are found", path);
}

static void test_object(const char *path, bool new_accepted)
{
	struct oracle_text text;
	struct oracle oracle;
	struct image image;

	if (!oracle_open(&oracle, path) || !image_load(&image, path) ||
	    !oracle_disassemble(&text, path) || image_open(&image, 4096)) {
		tap_ok(false, "%s: the object can be read", path);
		return;
	}
	test_allocators(&image, &text, path, new_accepted);
	test_every_function(&image, &oracle, &text, path);
	oracle_free_text(&text);
	oracle_close(&oracle);
	image_free(&image);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		test_object(argv[i] + (argv[i][0] == '+'), argv[i][0] == '+');
	return tap_end();
}
