// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elf_objects: the ELF reader's results on real objects, compared with libelf's and readelf's.
 *
 *	test_elf_objects OBJECT...
 *
 * All symbols of an object are looked up, not only the allocation functions.
 */
#include "image.h"
#include "oracle.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

#include <linux/kernel.h>

#define BATCH 16

/* Global symbols are preferred to local ones, the default version to other ones. */
static bool is_better(const struct oracle_symbol *a, const struct oracle_symbol *b)
{
	if (!b || (b->local && !a->local))
		return true;
	if (a->local && b->local)
		return true; /* the last one is taken */
	return !a->local && b->hidden_version && !a->hidden_version;
}

/* The symbol that the look-up of @name must find, or NULL. */
static const struct oracle_symbol *expected_symbol(const struct oracle *o, const char *name)
{
	const struct oracle_symbol *best = NULL;
	size_t i;

	for (i = 0; i < o->nr_symbols; i++) {
		if (o->symbols[i].function && !strcmp(o->symbols[i].name, name) &&
		    is_better(&o->symbols[i], best))
			best = &o->symbols[i];
	}
	return best;
}

static bool is_right(const struct oracle *o, const char *name, const struct mlu_elf_symbol *sym)
{
	const struct oracle_symbol *right = expected_symbol(o, name);
	bool good;

	if (right && sym->found)
		good = sym->value == right->value && sym->size == right->size;
	else
		good = !right && !sym->found;
	if (!good)
		tap_note("%s: seen: found %d at %#llx size %llu; expected: %#llx size %llu", name,
			 sym->found, sym->value, sym->size, right ? right->value : 0,
			 right ? right->size : 0);
	return good;
}

static bool try_batch(struct image *image, const struct oracle *o, const char *const *names,
		      unsigned int nr)
{
	struct mlu_elf_symbol sym[BATCH];
	bool good = mlu_elf_find(&image->elf, names, nr, sym) >= 0;
	unsigned int i;

	for (i = 0; i < nr && good; i++)
		good = is_right(o, names[i], &sym[i]);
	return good;
}

/* Undefined symbols, objects and IFUNCs are looked up too, and must not be found. */
static void test_every_symbol(struct image *image, const struct oracle *o, const char *path)
{
	const char *names[BATCH];
	unsigned int nr = 0;
	bool good = true;
	size_t i;

	for (i = 0; i < o->nr_symbols && good; i++) {
		if (*o->symbols[i].name && strlen(o->symbols[i].name) <= MLU_ELF_MAX_NAME)
			names[nr++] = o->symbols[i].name;
		if (nr < BATCH && i + 1 < o->nr_symbols)
			continue;
		good = try_batch(image, o, names, nr);
		nr = 0;
	}
	tap_ok(good, "%s: each of %zu symbols is found as libelf finds it", path, o->nr_symbols);
}

static void test_absent(struct image *image, const char *path)
{
	static const char *const names[] = { "mallo", "malloc_", "no_such_function" };
	struct mlu_elf_symbol sym[ARRAY_SIZE(names)];

	tap_ok(mlu_elf_find(&image->elf, names, ARRAY_SIZE(names), sym) == 0,
	       "%s: names that it does not define are not found", path);
}

static void test_build_id(struct image *image, const char *path)
{
	char right[2 * MLU_ELF_MAX_BUILD_ID + 1], got[2 * MLU_ELF_MAX_BUILD_ID + 1] = "";
	u8 id[MLU_ELF_MAX_BUILD_ID];
	int i, len = mlu_elf_build_id(&image->elf, id, sizeof(id));

	for (i = 0; i < len; i++)
		sprintf(got + 2 * i, "%02x", id[i]);
	if (!oracle_build_id(path, right, sizeof(right))) {
		tap_ok(false, "%s: readelf prints the notes", path);
		return;
	}
	tap_ok(len >= 0 && !strcmp(got, right), "%s: the build-id equals readelf's: '%s'", path,
	       right);
}

/* Without a section table the end of .eh_frame is unknown, its start is in .eh_frame_hdr. */
static void test_unwind_alone(struct image *image, const struct mlu_elf_unwind *right,
			      const char *path)
{
	struct mlu_elf_unwind unwind;
	u64 header_addr, header_offset, header_size;

	oracle_section(path, ".eh_frame_hdr", &header_addr, &header_offset, &header_size);
	image->elf.shnum = 0;
	tap_ok(!mlu_elf_unwind(&image->elf, &unwind) &&
		       (header_size ?
				unwind.offset == right->offset && unwind.vaddr == right->vaddr &&
					unwind.size >= right->size :
				!unwind.size),
	       "%s: .eh_frame is found without a section table if there is .eh_frame_hdr", path);
}

static void test_unwind(struct image *image, const char *path)
{
	struct mlu_elf_unwind unwind, right;

	if (!oracle_section(path, ".eh_frame", &right.vaddr, &right.offset, &right.size)) {
		tap_ok(false, "%s: readelf prints the sections", path);
		return;
	}
	tap_ok(!mlu_elf_unwind(&image->elf, &unwind) && unwind.size == right.size &&
		       unwind.offset == right.offset && unwind.vaddr == right.vaddr,
	       "%s: .eh_frame has readelf's place: %#llx bytes at %#llx", path, right.size,
	       right.offset);
	test_unwind_alone(image, &right, path);
}

static bool is_mapped(const struct image *image, u64 offset, u64 vaddr)
{
	u64 to_vaddr, to_offset;

	return image_vaddr(image, offset, &to_vaddr) && to_vaddr == vaddr &&
	       image_offset(image, vaddr, &to_offset) && to_offset == offset;
}

static void test_addresses(const struct image *image, const struct oracle *o, const char *path)
{
	const struct oracle_load *load;
	bool good = image->elf.nr_loads == o->nr_loads && o->nr_loads;
	u64 last, to;
	size_t i;

	for (i = 0; i < o->nr_loads && good; i++) {
		load = &o->loads[i];
		last = load->filesz - 1;
		good = is_mapped(image, load->offset, load->vaddr) &&
		       is_mapped(image, load->offset + last, load->vaddr + last) &&
		       (!image_offset(image, load->vaddr + last + 1, &to) ||
			to != load->offset + last + 1 || i + 1 < o->nr_loads);
	}
	tap_ok(good && image->elf.interp == o->interp,
	       "%s: addresses and offsets of %zu segments are converted", path, o->nr_loads);
}

static void test_object(const char *path)
{
	struct oracle oracle;
	struct image image;

	if (!oracle_open(&oracle, path) || !image_load(&image, path)) {
		tap_ok(false, "%s: the object can be read", path);
		return;
	}
	if (tap_ok(!image_open(&image, 4096), "%s: the object is accepted", path)) {
		test_every_symbol(&image, &oracle, path);
		test_absent(&image, path);
		test_build_id(&image, path);
		test_addresses(&image, &oracle, path);
		test_unwind(&image, path);
	}
	image_free(&image);
	oracle_close(&oracle);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		test_object(argv[i]);
	return tap_end();
}
