// SPDX-License-Identifier: GPL-2.0-only
/* oracle: an object as libelf, readelf and objdump read it, see oracle.h. */
#include "oracle.h"
#include "tap.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Make sure that element @nr fits. Exits if there is no memory. */
static void *grow_array(void *array, size_t nr, size_t size)
{
	/* The size doubles at each power of two. */
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? nr * 2 : 1) * size);
	if (!array) {
		perror("realloc");
		exit(1);
	}
	return array;
}

/* === libelf === */

static bool is_exported(const GElf_Sym *sym)
{
	int visibility = GELF_ST_VISIBILITY(sym->st_other);

	return GELF_ST_BIND(sym->st_info) != STB_LOCAL &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool is_function(const GElf_Sym *sym, GElf_Word table)
{
	int bind = GELF_ST_BIND(sym->st_info);

	return GELF_ST_TYPE(sym->st_info) == STT_FUNC &&
	       (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_LOCAL) &&
	       sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS &&
	       (table == SHT_SYMTAB || is_exported(sym));
}

static Elf_Scn *section_of_type(Elf *elf, GElf_Word type, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		if (gelf_getshdr(scn, shdr) && shdr->sh_type == type)
			return scn;
	}
	return NULL;
}

static void add_symbol(struct oracle *o, const GElf_Sym *sym, const char *name, bool function,
		       bool hidden)
{
	struct oracle_symbol *symbol;

	o->symbols = grow_array(o->symbols, o->nr_symbols, sizeof(*o->symbols));
	symbol = &o->symbols[o->nr_symbols++];
	symbol->name = strdup(name);
	symbol->value = sym->st_value;
	symbol->size = sym->st_size;
	symbol->function = function;
	symbol->local = GELF_ST_BIND(sym->st_info) == STB_LOCAL;
	symbol->hidden_version = hidden;
}

static bool is_hidden(Elf_Data *versions, int i)
{
	GElf_Versym version;

	return versions && gelf_getversym(versions, i, &version) && (version & 0x8000);
}

/* Adds the symbols of a table. Return: how many functions it defines. */
static size_t read_symbols(struct oracle *o, Elf *elf, GElf_Word type)
{
	GElf_Shdr shdr, version_shdr;
	Elf_Scn *scn = section_of_type(elf, type, &shdr);
	Elf_Scn *version_scn = section_of_type(elf, SHT_GNU_versym, &version_shdr);
	Elf_Data *versions = version_scn && type == SHT_DYNSYM ? elf_getdata(version_scn, NULL) :
								 NULL;
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	size_t functions = 0;
	GElf_Sym sym;
	int i;

	for (i = 1; data && gelf_getsym(data, i, &sym); i++) {
		functions += is_function(&sym, type);
		add_symbol(o, &sym, elf_strptr(elf, shdr.sh_link, sym.st_name),
			   is_function(&sym, type), is_hidden(versions, i));
	}
	return functions;
}

static void read_loads(struct oracle *o, Elf *elf)
{
	GElf_Phdr phdr;
	size_t i, nr = 0;

	elf_getphdrnum(elf, &nr);
	for (i = 0; i < nr && gelf_getphdr(elf, i, &phdr); i++) {
		if (phdr.p_type == PT_INTERP)
			o->interp = true;
		if (phdr.p_type == PT_LOAD && phdr.p_filesz && o->nr_loads < 64)
			o->loads[o->nr_loads++] = (struct oracle_load){ phdr.p_offset, phdr.p_vaddr,
									phdr.p_filesz,
									phdr.p_flags & PF_X };
	}
}

static void free_symbols(struct oracle *o)
{
	while (o->nr_symbols)
		free(o->symbols[--o->nr_symbols].name);
	free(o->symbols);
	o->symbols = NULL;
}

/**
 * oracle_open() - read the symbols and segments of an object
 * @oracle: is filled in
 * @path: the object
 *
 * Return: false, after a note, if the object cannot be read
 */
bool oracle_open(struct oracle *oracle, const char *path)
{
	int fd = open(path, O_RDONLY);
	Elf *elf;

	memset(oracle, 0, sizeof(*oracle));
	elf_version(EV_CURRENT);
	elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	if (!elf) {
		tap_note("%s: cannot be read", path);
		return false;
	}
	read_loads(oracle, elf);
	if (!read_symbols(oracle, elf, SHT_DYNSYM) && !oracle->interp) {
		free_symbols(oracle);
		read_symbols(oracle, elf, SHT_SYMTAB);
	}
	elf_end(elf);
	close(fd);
	return true;
}

/**
 * oracle_close() - free what oracle_open() has allocated
 * @oracle: the object
 */
void oracle_close(struct oracle *oracle)
{
	free_symbols(oracle);
}

/* === readelf and objdump === */

/* Run a program on an object. The path comes from the test scripts and needs no escaping. */
static FILE *run_on(const char *command, const char *path)
{
	char line[1024];

	snprintf(line, sizeof(line), "LC_ALL=C %s '%s' 2>/dev/null", command, path);
	return popen(line, "r");
}

/**
 * oracle_build_id() - get the build-id as readelf -n prints it
 * @path: the object
 * @hex: is set to the build-id; to "" if it has no build-id
 * @len: size of @hex
 *
 * Return: false if readelf failed
 */
bool oracle_build_id(const char *path, char *hex, size_t len)
{
	static const char mark[] = "Build ID: ";
	FILE *out = run_on("readelf -n", path);
	char line[1024], *at;

	if (!out)
		return false;
	*hex = 0;
	while (fgets(line, sizeof(line), out)) {
		at = strstr(line, mark);
		if (!at || *hex)
			continue;
		at += strlen(mark);
		at[strcspn(at, " \n")] = 0;
		snprintf(hex, len, "%s", at);
	}
	return pclose(out) == 0;
}

/**
 * oracle_section() - get a section's place as readelf -S prints it
 * @path: the object
 * @name: the section's name
 * @addr: is set to its address
 * @offset: is set to its offset in the file
 * @size: is set to its size; all three are 0 if there is no such section
 *
 * A line of readelf:
 * "  [18] .eh_frame         PROGBITS        0000000000002068 002068 0000b0 00   A  0   0  8"
 *
 * Return: false if readelf failed
 */
bool oracle_section(const char *path, const char *name, u64 *addr, u64 *offset, u64 *size)
{
	FILE *out = run_on("readelf -SW", path);
	char line[1024], word[64], type[64];

	if (!out)
		return false;
	*addr = *offset = *size = 0;
	while (fgets(line, sizeof(line), out)) {
		const char *at = strchr(line, ']');
		u64 a, o, s;

		if (at &&
		    sscanf(at + 1, " %63s %63s %llx %llx %llx", word, type, &a, &o, &s) == 5 &&
		    !strcmp(word, name) && strcmp(type, "NOBITS")) {
			*addr = a;
			*offset = o;
			*size = s;
		}
	}
	return pclose(out) == 0;
}

/* Only a direct branch has this form: "je     98f08 <cfree@@GLIBC_2.2.5+0x18>". */
static u64 branch_target(const char *text)
{
	const char *at = strstr(text, " <"), *comment = strchr(text, '#');
	const char *begin = at;

	if (!at || (comment && comment < at))
		return 0;
	while (begin > text && strchr("0123456789abcdef", begin[-1]))
		begin--;
	return begin > text && begin[-1] == ' ' ? strtoull(begin, NULL, 16) : 0;
}

/* Return: "free" for "<free@plt>" and "<free@GLIBC_2.2.5@plt>", NULL for other texts */
static char *linkage_name(const char *text)
{
	const char *name = strchr(text, '<') + 1;

	return strstr(name, "@plt>") ? strndup(name, strcspn(name, "@")) : NULL;
}

/* A line of objdump: "   98ef3:\tje     98f08 <...>" */
static void add_insn(struct oracle_text *text, char *line)
{
	struct oracle_insn *insn;
	char *end;
	u64 addr = strtoull(line, &end, 16);

	if (end == line || end[0] != ':' || end[1] != '\t')
		return;
	text->insns = grow_array(text->insns, text->nr, sizeof(*text->insns));
	insn = &text->insns[text->nr++];
	end += 2;
	end[strcspn(end, "\n")] = 0;
	insn->addr = addr;
	insn->target = branch_target(end);
	insn->linkage = insn->target ? linkage_name(end) : NULL;
	end[strcspn(end, "#<")] = 0;
	snprintf(insn->text, sizeof(insn->text), "%.*s", (int)sizeof(insn->text) - 1, end);
}

static int compare_insns(const void *a, const void *b)
{
	const struct oracle_insn *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/**
 * oracle_disassemble() - disassemble an object by objdump
 * @text: is set to all instructions by address
 * @path: the object
 *
 * Return: false if objdump failed or there are no instructions
 */
bool oracle_disassemble(struct oracle_text *text, const char *path)
{
	FILE *out = run_on("objdump -d --no-show-raw-insn", path);
	char line[1024];

	memset(text, 0, sizeof(*text));
	if (!out)
		return false;
	while (fgets(line, sizeof(line), out))
		add_insn(text, line);
	if (text->nr)
		qsort(text->insns, text->nr, sizeof(*text->insns), compare_insns);
	return pclose(out) == 0 && text->nr;
}

/**
 * oracle_free_text() - free a disassembly
 * @text: the disassembly
 */
void oracle_free_text(struct oracle_text *text)
{
	size_t i;

	for (i = 0; i < text->nr; i++)
		free(text->insns[i].linkage);
	free(text->insns);
	memset(text, 0, sizeof(*text));
}

/**
 * oracle_insn_at() - find an instruction by its address
 * @text: the disassembly
 * @addr: the address
 *
 * Return: index of the first instruction at or after @addr
 */
size_t oracle_insn_at(const struct oracle_text *text, u64 addr)
{
	size_t low = 0, high = text->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (text->insns[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
