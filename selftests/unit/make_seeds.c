// SPDX-License-Identifier: GPL-2.0-only
/*
 * make_seeds: writes the fuzzers' first inputs.
 *
 *	make_seeds ELF_DIR PLACE_DIR CFI_DIR INSN_DIR EXITS_DIR [OBJECT...]
 *
 * ELF_DIR gets the handmade images and the small OBJECTs; PLACE_DIR the code of the allocation
 * functions of all OBJECTs, once for each combination of flags; CFI_DIR the beginning of their
 * unwind data, in several lengths; INSN_DIR that code; EXITS_DIR that code, with one unwind entry
 * and with two, of which one has an exception handler.
 */
#include "exercise.h"
#include "tiny.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define SMALL 40000
#define MAX_CODE 4096

static unsigned int seeds;

static void write_seed(const char *dir, int first, const void *bytes, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%u", dir, seeds++);
	file = fopen(path, "wb");
	if (!file) {
		perror(path);
		exit(1);
	}
	if (first >= 0)
		fputc(first, file);
	fwrite(bytes, 1, len, file);
	fclose(file);
}

/* The static and the dynamic image, and the latter without a GNU hash, without versions and cut. */
static void write_tiny(const char *dir)
{
	struct tiny tiny;

	tiny_make_static(&tiny);
	write_seed(dir, -1, &tiny, sizeof(tiny));
	tiny_make(&tiny);
	write_seed(dir, -1, &tiny, sizeof(tiny));
	tiny.dyn[TINY_DT_GNU_HASH].d_tag = DT_DEBUG;
	write_seed(dir, -1, &tiny, sizeof(tiny));
	tiny.dyn[TINY_DT_VERSYM].d_tag = DT_DEBUG;
	write_seed(dir, -1, &tiny, sizeof(tiny) - 1);
}

static void write_code_for_exits(const char *dir, const u8 *code, u16 len)
{
	struct {
		u8 flags, nr;
		u16 parts[6];
		u8 code[MAX_CODE];
	} __packed seed = { .flags = len & 3, .nr = 1, .parts = { 0, len, 0 } };

	memcpy((u8 *)&seed + 8, code, len);
	write_seed(dir, -1, &seed, 8 + len);
	seed.nr = 2;
	seed.parts[1] = len / 2;
	seed.parts[2] = len / 3;
	seed.parts[3] = len / 2;
	seed.parts[4] = len - len / 2;
	seed.parts[5] = 0;
	memcpy(seed.code, code, len);
	write_seed(dir, -1, &seed, 14 + len);
}

static void write_code(char **dirs, struct image *image)
{
	struct mlu_elf_symbol sym[16];
	u8 code[MAX_CODE];
	unsigned int i;
	bool whole;
	int len, flags;

	if (image_open(image, 4096) ||
	    mlu_elf_find(&image->elf, exercise_names, exercise_nr_names, sym) <= 0)
		return;
	for (i = 0; i < exercise_nr_names; i++) {
		if (!sym[i].found)
			continue;
		len = mlu_elf_code(&image->elf, &sym[i], code, sizeof(code), &whole);
		for (flags = 0; flags < 4 && len > 0; flags++)
			write_seed(dirs[2], flags, code, len);
		if (len <= 0)
			continue;
		write_seed(dirs[4], -1, code, len);
		write_code_for_exits(dirs[5], code, len);
	}
}

/* Short: the first entries have most of the variety. */
static void write_unwind(const char *dir, struct image *image)
{
	static const size_t lengths[] = { 200, 1000, 4000 };
	struct mlu_elf_unwind unwind;
	unsigned int i;

	if (image_open(image, 4096) || mlu_elf_unwind(&image->elf, &unwind))
		return;
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		write_seed(dir, -1, image->bytes + unwind.offset,
			   min_t(u64, lengths[i], unwind.size));
}

int main(int argc, char **argv)
{
	struct image image;
	int i;

	if (argc < 6) {
		fputs("usage: make_seeds ELF_DIR PLACE_DIR CFI_DIR INSN_DIR EXITS_DIR [OBJECT...]\n",
		      stderr);
		return 2;
	}
	write_tiny(argv[1]);
	for (i = 6; i < argc; i++) {
		if (!image_load(&image, argv[i]))
			continue;
		if (image.src.size <= SMALL)
			write_seed(argv[1], -1, image.bytes, image.src.size);
		write_code(argv, &image);
		write_unwind(argv[3], &image);
		image_free(&image);
	}
	return 0;
}
