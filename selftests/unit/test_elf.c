// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elf: results of the ELF reader on a valid image (tiny.h), its limits on an image of
 * practically unlimited size, and its handling of read errors.
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

/* === Limits and errors === */

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

/* === Results === */

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
	test_many_loads();
	test_small_scratch();
	test_names();
	test_read_errors(OPEN, "open");
	test_read_errors(FIND, "find");
	test_read_errors(BUILD_ID, "build-id");
	test_read_errors(JUMP, "jump");
	test_jumps();
	test_malformed_jumps();
	test_endless_chain();
	test_endless_symtab();
	return tap_end();
}
