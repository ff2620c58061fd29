// SPDX-License-Identifier: GPL-2.0-only
/* exercise: the module's calls on an ELF image and on a function's code, see exercise.h. */
#include "exercise.h"
#include "place.h"
#include "step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define MAX_NAMES 16
/* Bytes of a function at which a branch is decoded. */
#define MAX_BRANCHES 8

const char *const exercise_names[] = {
	"malloc",
	"calloc",
	"realloc",
	"reallocarray",
	"posix_memalign",
	"aligned_alloc",
	"memalign",
	"valloc",
	"pvalloc",
	"free",
	"cfree",
	"free_sized",
	"free_aligned_sized",
	"mmap",
	"mmap64",
	"munmap",
};

const unsigned int exercise_nr_names = ARRAY_SIZE(exercise_names);

#define must(condition) must_hold(condition, #condition, __LINE__)

static void must_hold(bool holds, const char *condition, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, line, condition);
	abort();
}

/*
 * A bound that does not depend on the file's contents: the hash chains of 16 names with at most
 * three reads per entry, the file's size in symbols and headers, and for each branch two tables of
 * relocations, of which one read returns ten.
 */
static void check_read_count(const struct image *image)
{
	must(image->reads < 1000 + 16UL * 3 * 16384 + image->src.size / 8 +
				    16UL * MAX_BRANCHES * 2 * (image->src.size / 240 + 8));
}

static void exercise_branches(struct image *image, u64 value, const u8 *code, int len)
{
	u64 target;
	int i, ret = mlu_elf_jump(&image->elf, value, code, len, &target);

	must(ret == 0 || ret == 1);
	for (i = 1; i < len && i < MAX_BRANCHES; i++) {
		ret = mlu_elf_branch(&image->elf, value + i, code + i, len - i, &target);
		must(ret == 0 || ret == 1);
	}
}

static void exercise_code(struct image *image, const struct mlu_elf_symbol *sym)
{
	bool whole;
	u8 code[64];
	int len;

	len = mlu_elf_code(&image->elf, sym, code, sizeof(code), &whole);
	must(len > 0 && len <= (int)sizeof(code));
	must(!whole || sym->size == (u64)len);
	must((u64)len <= image->src.size - sym->offset);
	must(!memcmp(code, image->bytes + sym->offset, len));
	exercise_place(code, len, whole, false, true);
	exercise_insn(code, len);
	exercise_branches(image, sym->value, code, len);
}

static void exercise_symbols(struct image *image)
{
	struct mlu_elf_symbol sym[MAX_NAMES];
	unsigned int i, found = 0;
	u64 offset;
	int ret;

	ret = mlu_elf_find(&image->elf, exercise_names, exercise_nr_names, sym);
	must(ret == -ENOEXEC || (ret >= 0 && ret <= (int)exercise_nr_names));
	for (i = 0; i < exercise_nr_names && ret >= 0; i++) {
		if (!sym[i].found)
			continue;
		found++;
		must(image_offset(image, sym[i].value, &offset));
		must(sym[i].offset < image->src.size);
		exercise_code(image, &sym[i]);
	}
	must(ret < 0 || ret == (int)found);
	if (ret < 0)
		return;
	ret = mlu_elf_find_rest(&image->elf, exercise_names, exercise_nr_names, sym);
	must(ret == -ENOEXEC || (ret >= (int)found && ret <= (int)exercise_nr_names));
	ret = mlu_elf_find_local(&image->elf, exercise_names, exercise_nr_names, sym);
	must(ret == -ENOEXEC || (ret >= (int)found && ret <= (int)exercise_nr_names));
}

/* exercise_exits() has its own bound of the number of reads. */
static void exercise_exits_of(struct image *image)
{
	struct mlu_elf_symbol sym[MAX_NAMES];
	unsigned int i;

	if (mlu_elf_find(&image->elf, exercise_names, exercise_nr_names, sym) < 0)
		return;
	for (i = 0; i < exercise_nr_names; i++)
		if (sym[i].found)
			exercise_exits(image, sym[i].value);
	exercise_exits(image, image->elf.load[0].vaddr);
	must(mlu_elf_imports(&image->elf, exercise_names, exercise_nr_names) <= 1);
}

static void exercise_build_id(struct image *image)
{
	u8 id[MLU_ELF_MAX_BUILD_ID];
	int len = mlu_elf_build_id(&image->elf, id, sizeof(id));

	must(len == -ENOEXEC || (len >= 0 && len <= (int)sizeof(id)));
	must(mlu_elf_build_id(&image->elf, id, 1) <= 1);
	must(mlu_elf_has_go(&image->elf) <= 1);
}

/* Convert there and back, at both ends of the file. */
static void exercise_addresses(const struct image *image)
{
	u64 offsets[] = { 0, 1, 64, image->src.size - 1, image->src.size, U64_MAX };
	u64 vaddr, back;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		if (!image_vaddr(image, offsets[i], &vaddr))
			continue;
		must(offsets[i] < image->src.size);
		must(image_offset(image, vaddr, &back));
		must(back < image->src.size);
	}
	must(!image_offset(image, U64_MAX, &back) || back < image->src.size);
}

static void exercise_unwind(struct image *image)
{
	struct mlu_elf_unwind unwind;

	must(!mlu_elf_unwind(&image->elf, &unwind));
	must(unwind.size <= image->src.size && unwind.offset <= image->src.size - unwind.size);
}

/**
 * exercise_elf() - call all functions of elf.h on an image; abort if an invariant is broken
 * @image: the image
 * @scratch_len: size of the reader's buffer
 *
 * Also aborts if the calls needed more reads than check_read_count() allows.
 */
void exercise_elf(struct image *image, size_t scratch_len)
{
	int err;

	image->reads = 0;
	err = image_open(image, scratch_len);
	must(err == 0 || err == -ENOEXEC || err == -EOPNOTSUPP);
	if (!err) {
		must(image->elf.nr_loads > 0 && image->elf.nr_loads <= MLU_ELF_MAX_LOADS);
		exercise_addresses(image);
		exercise_build_id(image);
		exercise_symbols(image);
		exercise_unwind(image);
	}
	check_read_count(image);
	if (!err)
		exercise_exits_of(image);
}

/* The code from a place on has that place at 0: its first instruction. */
static void check_place_as_first(const u8 *code, size_t len, bool nop_emulated, bool executes,
				 u8 kind)
{
	struct mlu_places places;

	mlu_places_find(code, len, false, nop_emulated, executes, &places);
	must(places.nr == 1 && places.place[0].offset == 0);
	must(places.place[0].kind == kind);
}

/* The better kind comes first; among equals the function's first instruction comes last. */
static bool is_better(const struct mlu_place *a, const struct mlu_place *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->offset && (!b->offset || a->offset < b->offset);
}

/**
 * exercise_place() - call mlu_places_find(); abort if a place breaks an invariant of place.h
 * @code: a function's code
 * @len: its length
 * @whole: @code is the whole function
 * @nop_emulated: the kernel emulates multi-byte nops
 * @executes: the kernel skips an instruction that the handler has executed
 */
void exercise_place(const u8 *code, size_t len, bool whole, bool nop_emulated, bool executes)
{
	struct mlu_places places;
	struct mlu_step_insn step;
	unsigned int i;

	mlu_places_find(code, len, whole, nop_emulated, executes, &places);
	must(places.nr > 0 && places.nr <= MLU_PLACES_MAX);
	for (i = 0; i < places.nr; i++) {
		const struct mlu_place *place = &places.place[i];
		bool executed = place->kind == MLU_PLACE_EXECUTED || place->kind == MLU_PLACE_FRAME;

		must(place->offset <= MLU_PLACE_MAX);
		must(place->offset == 0 || whole);
		must(place->offset < len || (!len && place->kind == MLU_PLACE_STEPPED));
		must(i == 0 || is_better(place - 1, place));
		must(!executed || executes);
		must(!executed ||
		     mlu_step_decode(code + place->offset, len - place->offset, &step));
		check_place_as_first(code + place->offset, len - place->offset, nop_emulated,
				     executes, place->kind);
	}
}
