// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elf_limits: limits of the ELF reader on an image of practically unlimited size, and its
 * handling of read errors.
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

/* A sparse file: the image's bytes are followed by zeros. */
static int read_endless(const struct mlu_elf_source *src, u64 off, void *buf, size_t len)
{
	struct image *image = (struct image *)src;
	u64 present = off < image->len ? image->len - off : 0;

	image->reads++;
	present = min_t(u64, present, len);
	memset(buf, 0, len);
	if (present)
		memcpy(buf, image->bytes + off, present);
	return 0;
}

static void test_endless_chain(void)
{
	struct image image;
	struct tiny tiny;
	int got;

	tiny_make(&tiny);
	tiny.phdr[TINY_DATA].p_filesz = 1ULL << 61;
	tiny.phdr[TINY_DATA].p_memsz = 1ULL << 61;
	tiny.dyn[TINY_DT_GNU_HASH].d_un.d_val = TINY_VADDR(strings);
	memset(tiny.strings, 0, sizeof(tiny.strings));
	memcpy(tiny.strings, &tiny.gnu, offsetof(struct tiny_gnu_hash, chain));
	image_copy(&image, &tiny, sizeof(tiny));
	image.src.read = read_endless;
	image.src.size = 1ULL << 62;
	got = query_elf(&image, FIND);
	tap_ok(got == -ENOEXEC && image.reads < 16 * 16384,
	       "a hash chain without an end in a file of 2^62 bytes is refused (%d after %lu reads)",
	       got, image.reads);
	image_free(&image);
}

static void test_endless_symtab(void)
{
	struct {
		struct tiny tiny;
		Elf64_Sym sym[TINY_SYMBOLS];
	} file;
	struct image image;
	int got;

	tiny_make_static(&file.tiny);
	memcpy(file.sym, file.tiny.sym, sizeof(file.sym));
	file.tiny.shdr[TINY_SYMTAB].sh_offset = sizeof(file.tiny);
	file.tiny.shdr[TINY_SYMTAB].sh_size = 1ULL << 61;
	image_copy(&image, &file, sizeof(file));
	image.src.read = read_endless;
	image.src.size = 1ULL << 62;
	got = query_elf(&image, FIND);
	tap_ok(got == ALL_STATIC && image.reads < 4 * 1024 * 1024 / 8,
	       "a symbol table of 2^61 bytes is read up to a limit (%d after %lu reads)", got,
	       image.reads);
	image_free(&image);
}

static void add_loads(struct tiny *tiny, Elf64_Phdr *phdr, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		phdr[i] = tiny->phdr[TINY_LOAD];
	tiny->ehdr.e_phoff = sizeof(*tiny);
	tiny->ehdr.e_phnum = nr;
}

static int open_with_loads(unsigned int nr)
{
	struct {
		struct tiny tiny;
		Elf64_Phdr phdr[MLU_ELF_MAX_LOADS + 1];
	} file;
	struct image image;
	int got;

	tiny_make(&file.tiny);
	add_loads(&file.tiny, file.phdr, nr);
	image_copy(&image, &file, sizeof(file));
	got = query_elf(&image, OPEN);
	image_free(&image);
	return got;
}

static void test_many_loads(void)
{
	int most = MLU_ELF_MAX_LOADS;

	tap_is(open_with_loads(most), 0, "%d segments, as many as Linux loads, are accepted", most);
	tap_is(open_with_loads(most + 1), -ENOEXEC, "%d segments are refused", most + 1);
}

/* Let the first read fail, then the second, and so on up to the last one. */
static void test_read_errors(enum query query, const char *what)
{
	struct image image;
	struct tiny tiny;
	unsigned long at;
	bool good = true;

	tiny_make(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	for (at = 1; good; at++) {
		image.fail_at = at;
		image.reads = 0;
		if (query_elf(&image, query) >= 0 && image.reads < at)
			break;
		image.reads = 0;
		good = query_elf(&image, query) == -EIO;
	}
	tap_ok(good, "%s: an error in any of %lu reads is returned", what, at - 1);
	image_free(&image);
}

static void test_small_scratch(void)
{
	struct image image;
	struct tiny tiny;

	tiny_make(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	tap_is(image_open(&image, MLU_ELF_MIN_SCRATCH - 1), -EINVAL,
	       "a scratch buffer that is too small is refused");
	image_free(&image);
}

static void test_names(void)
{
	char longest[MLU_ELF_MAX_NAME + 2];
	const char *const names[] = { longest };
	struct mlu_elf_symbol sym;
	struct image image;
	struct tiny tiny;

	tiny_make(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	image_open(&image, MLU_ELF_MIN_SCRATCH);
	memset(longest, 'x', sizeof(longest));
	longest[MLU_ELF_MAX_NAME + 1] = 0;
	tap_ok(mlu_elf_find(&image.elf, names, 1, &sym) == -EINVAL,
	       "a name that is too long is refused");
	longest[MLU_ELF_MAX_NAME] = 0;
	tap_ok(mlu_elf_find(&image.elf, names, 1, &sym) == 0,
	       "a name of the maximum length is accepted");
	longest[0] = 0;
	tap_ok(mlu_elf_find(&image.elf, names, 1, &sym) == -EINVAL, "an empty name is refused");
	tap_ok(mlu_elf_find(&image.elf, names, MLU_ELF_MAX_NAMES + 1, &sym) == -EINVAL,
	       "too many names are refused");
	image_free(&image);
}

int main(void)
{
	test_many_loads();
	test_small_scratch();
	test_names();
	test_read_errors(OPEN, "open");
	test_read_errors(FIND, "find");
	test_read_errors(BUILD_ID, "build-id");
	test_read_errors(JUMP, "jump");
	test_endless_chain();
	test_endless_symtab();
	return tap_end();
}
