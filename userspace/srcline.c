// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines and inlined functions, by libdw.
 *
 * The innermost function is at the line of the address itself; each further one is at the line
 * where the one before it was called, an attribute of that one's DIE (DWARF 5, 3.3.8.2).
 */
#include "srcline.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "mem.h"
#include "dwarf_units.h"
#include "text.h"

/* Where the code of one function goes on in the next one. */
struct place {
	const char *file;
	int line;
};

struct mu_srclines {
	Dwarf_Addr bias;
	struct mu_dwarf_units *units;
};

struct mu_srclines *mu_srclines_new(Dwfl_Module *module, const struct mu_dwarf_split_files *files)
{
	Dwarf_Addr bias = 0;
	Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
	struct mu_srclines *debug;

	if (!dwarf)
		return NULL;
	debug = mu_zalloc(sizeof(*debug));
	debug->bias = bias;
	debug->units = mu_dwarf_units_new(dwarf, files);
	return debug;
}

void mu_srclines_free(struct mu_srclines *debug)
{
	if (!debug)
		return;
	mu_dwarf_units_free(debug->units);
	free(debug);
}

static struct place place_of(struct mu_dwarf_unit *unit, Dwarf_Addr address)
{
	struct place place = { .file = NULL };
	Dwarf_Line *line = dwarf_getsrc_die(&unit->lines, address);

	if (line && !dwarf_lineno(line, &place.line) && place.line)
		place.file = dwarf_linesrc(line, NULL, NULL);
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

/* Where an inlined function was called. A split unit may use the table of files of its skeleton. */
static struct place caller_of(struct mu_dwarf_unit *unit, Dwarf_Die *die)
{
	struct place place = { .line = constant_of(die, DW_AT_call_line) };
	Dwarf_Files *files;
	size_t nr;

	if (!dwarf_getsrcfiles(&unit->code, &files, &nr) ||
	    !dwarf_getsrcfiles(&unit->lines, &files, &nr))
		place.file = dwarf_filesrc(files, constant_of(die, DW_AT_call_file), NULL, NULL);
	if (!place.line)
		place.file = NULL;
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
	return mu_demangle(name ? name : "[unknown]");
}

static char *last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path ? mu_escape(slash ? slash + 1 : path) : NULL;
}

/* What is being collected. */
struct list {
	struct mu_srcline *source;
	size_t nr, room;
};

static void add(struct list *list, char *function, struct place place)
{
	list->source = mu_grow(list->source, list->nr, &list->room, sizeof(*list->source));
	list->source[list->nr++] = (struct mu_srcline){
		.function = function,
		.file = last_part(place.file),
		.line = place.line,
	};
}

size_t mu_srclines_find(struct mu_srclines *debug, Dwarf_Addr address, struct mu_srcline **source)
{
	struct mu_dwarf_unit *unit = mu_dwarf_units_find(debug->units, address - debug->bias);
	Dwarf_Die *scopes = NULL;
	struct list list = { .nr = 0 };
	struct place place;
	size_t nr;

	*source = NULL;
	if (!unit)
		return 0;
	place = place_of(unit, address - debug->bias);
	nr = mu_dwarf_unit_scopes(unit, address - debug->bias, &scopes);
	if (!nr && unit->is_part)
		return 0;
	while (nr > 1) {
		add(&list, name_of(&scopes[--nr]), place);
		place = caller_of(unit, &scopes[nr]);
	}
	free(scopes);
	if (list.nr || place.file)
		add(&list, NULL, place);
	*source = list.source;
	return list.nr;
}

void mu_srcline_free(struct mu_srcline *source, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(source[i].function);
		free(source[i].file);
	}
	free(source);
}
