// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines and inlined functions, by libdw.
 *
 * The innermost function is at the line of the address itself; each further one is where the one
 * before it was called, which that one's DIE says (DWARF 5, 3.3.8.2).
 */
#include "source.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "mem.h"
#include "words.h"

/* Where the code of one function goes on in the next one. */
struct place {
	const char *file;
	int line;
};

static struct place place_of(Dwfl_Module *module, Dwarf_Addr address)
{
	struct place place = { .file = NULL };
	Dwfl_Line *line = dwfl_module_getsrc(module, address);

	if (line)
		place.file = dwfl_lineinfo(line, NULL, &place.line, NULL, NULL, NULL);
	return place;
}

static Dwarf_Word constant_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	if (dwarf_attr(die, name, &attr))
		dwarf_formudata(&attr, &value);
	return value;
}

/* Where an inlined function was called. */
static struct place caller_of(Dwarf_Die *cu, Dwarf_Die *die)
{
	struct place place = { .line = constant_of(die, DW_AT_call_line) };
	Dwarf_Files *files;
	size_t nr;

	if (!dwarf_getsrcfiles(cu, &files, &nr))
		place.file = dwarf_filesrc(files, constant_of(die, DW_AT_call_file), NULL, NULL);
	return place;
}

/* The name that a linker sees says in which class it is. */
static char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		name = dwarf_formstring(&attr);
	if (!name)
		name = dwarf_diename(die);
	return mlu_demangle(name ? name : "[unknown]");
}

static char *last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path ? mlu_escaped(slash ? slash + 1 : path) : NULL;
}

/* What is being collected. */
struct list {
	struct mlu_source *source;
	size_t nr, room;
};

static void add(struct list *list, char *function, struct place place)
{
	list->source = mlu_grow(list->source, list->nr, &list->room, sizeof(*list->source));
	list->source[list->nr++] = (struct mlu_source){
		.function = function,
		.file = last_part(place.file),
		.line = place.line,
	};
}

/* The scopes around the innermost function: in the code, not where the function was written. */
static int scopes_of(Dwarf_Die *cu, Dwarf_Addr address, Dwarf_Die **scopes)
{
	Dwarf_Die *lexical;
	int i, n = dwarf_getscopes(cu, address, &lexical), found = 0;

	for (i = 0; i < n; i++) {
		int tag = dwarf_tag(&lexical[i]);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		found = dwarf_getscopes_die(&lexical[i], scopes);
		break;
	}
	if (n > 0)
		free(lexical);
	return found;
}

size_t mlu_source_of(Dwfl_Module *module, Dwarf_Addr address, struct mlu_source **source)
{
	struct place place = place_of(module, address);
	Dwarf_Addr bias = 0;
	Dwarf_Die *cu = dwfl_module_addrdie(module, address, &bias), *scopes = NULL;
	int i, n = cu ? scopes_of(cu, address - bias, &scopes) : 0;
	struct list list = { .nr = 0 };

	for (i = 0; i < n; i++) {
		if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine)
			continue;
		add(&list, name_of(&scopes[i]), place);
		place = caller_of(cu, &scopes[i]);
	}
	free(scopes);
	if (list.nr || place.file)
		add(&list, NULL, place);
	*source = list.source;
	return list.nr;
}

void mlu_source_free(struct mlu_source *source, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(source[i].function);
		free(source[i].file);
	}
	free(source);
}
