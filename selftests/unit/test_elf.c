// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elf: results of the ELF reader on a valid image (tiny.h).
 */
#include "elf_query.h"
#include "exercise.h"
#include "image.h"
#include "tap.h"
#include "tiny.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define HUGE (U64_MAX - 7)
#define PAST sizeof(struct tiny)

static void test_default_versions(void)
{
	static const char *const names[] = { "malloc", "memalign", "cfree", "munmap" };
	static const enum tiny_symbol expected[] = { TINY_MALLOC, TINY_MEMALIGN, TINY_OLD_CFREE,
						     TINY_MUNMAP };
	struct mlu_elf_symbol sym[4];
	struct image image;
	struct tiny tiny;
	unsigned int i;

	tiny_make(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	mlu_elf_find(&image.elf, names, 4, sym);
	for (i = 0; i < 4; i++)
		tap_ok(sym[i].found && sym[i].value == tiny_value(expected[i]) &&
			       sym[i].size == 16 &&
			       sym[i].offset == tiny_value(expected[i]) - TINY_BIAS,
		       "%s: the default version is found, else the only one", names[i]);
	image_free(&image);
}

/* The malloc found in a static program with four; one is global unless @local. */
static u64 static_malloc(bool local)
{
	const char *const names[] = { "malloc" };
	struct mlu_elf_symbol sym;
	struct image image;
	struct tiny tiny;
	enum tiny_symbol i;

	tiny_make_static(&tiny);
	for (i = TINY_MALLOC; i <= TINY_MEMALIGN; i++) {
		tiny.sym[i].st_name = tiny.sym[TINY_MALLOC].st_name;
		tiny.sym[i].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
	}
	if (!local)
		tiny.sym[TINY_FREE].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	mlu_elf_find(&image.elf, names, 1, &sym);
	image_free(&image);
	return sym.value;
}

static void test_static_duplicates(void)
{
	tap_is(static_malloc(true), tiny_value(TINY_MEMALIGN),
	       "the last of several local symbols of a static program is found");
	tap_is(static_malloc(false), tiny_value(TINY_FREE),
	       "a global symbol is preferred to local ones");
}

/* Return: true if the hidden valloc, with @bind, is found in the symbol table of a program */
static bool rest_has_valloc(u8 bind)
{
	const char *const names[] = { "malloc", "valloc" };
	struct mlu_elf_symbol sym[2];
	struct image image;
	struct tiny tiny;
	u64 exported;
	bool found;

	tiny_make(&tiny);
	tiny.sym[TINY_VALLOC].st_info = ELF64_ST_INFO(bind, STT_FUNC);
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	image.elf.interp = true;
	tap_ok(mlu_elf_find(&image.elf, names, 2, sym) == 1 && sym[0].found && !sym[1].found,
	       "a global visible symbol is exported, a hidden one is not");
	exported = sym[0].value;
	sym[0].value = 5;
	found = mlu_elf_find_rest(&image.elf, names, 2, sym) == 2;
	tap_ok(sym[0].value == 5 && exported == tiny_value(TINY_MALLOC),
	       "the second look-up leaves a symbol that was found unchanged");
	found = found && sym[1].found && sym[1].value == tiny_value(TINY_VALLOC);
	image_free(&image);
	return found;
}

/* A library: local symbols count here. */
static bool local_has_valloc(unsigned char bind)
{
	static const char *const names[] = { "malloc", "valloc" };
	struct mlu_elf_symbol sym[2];
	struct tiny tiny;
	struct image image;
	bool found;

	tiny_make(&tiny);
	tiny.sym[TINY_VALLOC].st_info = ELF64_ST_INFO(bind, STT_FUNC);
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	mlu_elf_find(&image.elf, names, 2, sym);
	sym[0].value = 5;
	found = mlu_elf_find_local(&image.elf, names, 2, sym) == 2 && sym[0].value == 5 &&
		sym[1].found && sym[1].value == tiny_value(TINY_VALLOC);
	image_free(&image);
	return found;
}

static void test_rest(void)
{
	tap_ok(local_has_valloc(STB_GLOBAL),
	       "a hidden function of a library is found in its symbol table");
	tap_ok(local_has_valloc(STB_LOCAL),
	       "a local function of a library is found in its symbol table");
	tap_ok(rest_has_valloc(STB_GLOBAL),
	       "a function that is not exported is found in the symbol table");
	tap_ok(!rest_has_valloc(STB_LOCAL), "a local function is not found in the symbol table");
}

static void test_code_stays_inside(void)
{
	const char *const names[] = { "malloc" };
	struct mlu_elf_symbol sym;
	struct image image;
	struct tiny tiny;
	u8 code[4096];
	bool whole;
	int got;

	tiny_make(&tiny);
	tiny.sym[TINY_MALLOC].st_size = HUGE;
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	mlu_elf_find(&image.elf, names, 1, &sym);
	got = mlu_elf_code(&image.elf, &sym, code, sizeof(code), &whole);
	tap_ok(got == (int)(offsetof(struct tiny, shdr) - sym.offset) && !whole,
	       "the code of a function with a size of nearly 2^64 ends at the end of its segment");
	sym.size = 16;
	got = mlu_elf_code(&image.elf, &sym, code, sizeof(code), &whole);
	tap_ok(got == 16 && whole, "the code of a function is returned completely");
	got = mlu_elf_code(&image.elf, &sym, code, 15, &whole);
	tap_ok(got == 15 && !whole,
	       "code that does not fit the buffer is cut and not marked whole");
	image_free(&image);
}

/* The target of pvalloc, which jumps to the linkage table, in an image changed by @malform. */
static int target_after(void (*malform)(struct tiny *tiny), u64 *target)
{
	struct image image;
	struct tiny tiny;
	int ret;

	*target = 1;
	tiny_make(&tiny);
	malform(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	ret = image_open(&image, MLU_ELF_MIN_SCRATCH);
	if (!ret)
		ret = query_jump(&image, TINY_PVALLOC, target);
	image_free(&image);
	return ret;
}

static void test_jumps(void)
{
	struct image image;
	struct tiny tiny;
	u64 target;

	tiny_make(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	tap_ok(query_jump(&image, TINY_MUNMAP, &target) == 1 && target == tiny_value(TINY_MALLOC),
	       "the target of a direct jump is found");
	tap_ok(query_jump(&image, TINY_PVALLOC, &target) == 1 && target == tiny_value(TINY_FREE),
	       "a jump to the linkage table leads to the function of that name");
	tap_ok(query_jump(&image, TINY_NULL, &target) == 1 && target == tiny_value(TINY_FREE),
	       "an indirect jump through the table's slot leads to the function");
	tap_ok(query_jump(&image, TINY_MALLOC, &target) == 0,
	       "a function that has another instruction first is no jump");
	image_free(&image);
}

#define MALFORM(name, assignment)        \
	static void name(struct tiny *t) \
	{                                \
		assignment;              \
	}

MALFORM(undefined, t->rela[1].r_info = ELF64_R_INFO(TINY_REALLOC, R_X86_64_JUMP_SLOT))
MALFORM(resolved_at_run_time, t->rela[1].r_info = ELF64_R_INFO(TINY_FREE, R_X86_64_IRELATIVE))
MALFORM(no_such_symbol, t->rela[1].r_info = ELF64_R_INFO(0xffffffff, R_X86_64_JUMP_SLOT))
MALFORM(no_table, t->dyn[TINY_DT_JMPREL].d_un.d_val = 0)
MALFORM(table_outside, t->dyn[TINY_DT_JMPREL].d_un.d_val = TINY_BIAS + PAST)
MALFORM(table_short, t->dyn[TINY_DT_PLTRELSZ].d_un.d_val = sizeof(t->rela) - 1)
MALFORM(table_huge, t->dyn[TINY_DT_PLTRELSZ].d_un.d_val = HUGE)

static void table_in_rela(struct tiny *t)
{
	t->dyn[TINY_DT_JMPREL].d_tag = DT_RELA;
	t->dyn[TINY_DT_PLTRELSZ].d_tag = DT_RELASZ;
}

static void test_malformed_jumps(void)
{
	static void (*const malform[])(struct tiny *) = { undefined,	  resolved_at_run_time,
							  no_such_symbol, no_table,
							  table_outside,  table_short };
	unsigned int i;
	u64 target;

	for (i = 0; i < ARRAY_SIZE(malform); i++)
		tap_ok(target_after(malform[i], &target) == 1 && !target,
		       "malformed table %u: a jump, but its target is unknown", i);
	tap_ok(target_after(table_in_rela, &target) == 1 && target == tiny_value(TINY_FREE),
	       "the table of DT_RELA is read too");
	tap_ok(target_after(table_huge, &target) == 1 && target == tiny_value(TINY_FREE),
	       "a table of nearly 2^64 bytes ends at the end of its segment");
}

static void test_addresses(void)
{
	struct image image;
	struct tiny tiny;
	u64 to;

	tiny_make(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	tap_ok(image_vaddr(&image, 5, &to) && to == TINY_BIAS + 5,
	       "an offset is converted to an address");
	tap_ok(image_offset(&image, TINY_BIAS + 5, &to) && to == 5,
	       "an address is converted to an offset");
	tap_ok(image_offset(&image, TINY_BIAS + PAST - 1, &to) && to == PAST - 1 &&
		       !image_offset(&image, TINY_BIAS + PAST, &to),
	       "the segment's last byte is converted, the byte after it is not");
	tap_ok(!image_offset(&image, TINY_BIAS - 1, &to) && !image_vaddr(&image, PAST, &to),
	       "nothing outside of the segments is converted");
	image_free(&image);
}

static int has_go(const struct tiny *tiny)
{
	struct image image;
	int ret;

	image_copy(&image, tiny, sizeof(*tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	ret = mlu_elf_has_go(&image.elf);
	image_free(&image);
	return ret;
}

static void test_go_note(void)
{
	struct tiny tiny;

	tiny_make(&tiny);
	tap_is(has_go(&tiny), 0, "an object with a GNU build-id is not Go's");
	memcpy(tiny.note.name, "Go\0", 4);
	tap_is(has_go(&tiny), 0, "another note of Go does not count");
	tiny.note.head.n_type = 4;
	tap_is(has_go(&tiny), 1, "an object with a Go build-id is Go's");
	tiny.note.head.n_descsz = 0x7fffffff;
	tap_is(has_go(&tiny), -ENOEXEC, "a note that is longer than the file is refused");
}

int main(void)
{
	test_default_versions();
	test_go_note();
	test_static_duplicates();
	test_rest();
	test_code_stays_inside();
	test_addresses();
	test_jumps();
	test_malformed_jumps();
	return tap_end();
}
