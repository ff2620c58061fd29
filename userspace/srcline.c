// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source lines and inlined functions of an object, by address, with libdw.
 *
 * The line of the innermost function is the line of the address. The line of each outer function is
 * the one where the inner function was called, an attribute of the inner one's DIE (DWARF 5,
 * 3.3.8.2). Depends on dwarf_units.c and demangle.c.
 */
#include "srcline.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "dwarf_units.h"
#include "mem.h"
#include "text.h"

struct location {
	const char *file;
	int line;
};

struct mu_srclines {
	Dwarf_Addr bias;
	struct mu_dwarf_units *units;
};

/**
 * mu_srclines_new() - open the debug information of an object
 * @module: the object
 * @files: where split debug information is searched; must outlive the result
 *
 * Uses the information in the object, in a separate file, or from the servers of DEBUGINFOD_URLS.
 *
 * Return: the debug information, to be freed before @module, or NULL if the object has none.
 */
struct mu_srclines *mu_srclines_new(Dwfl_Module *module, const struct mu_dwarf_split_files *files)
{
	Dwarf_Addr bias = 0;
	Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
	struct mu_srclines *srclines;

	if (!dwarf)
		return NULL;
	srclines = mu_zalloc(sizeof(*srclines));
	srclines->bias = bias;
	srclines->units = mu_dwarf_units_new(dwarf, files);
	return srclines;
}

/**
 * mu_srclines_free() - close debug information
 * @srclines: the debug information; may be NULL
 */
void mu_srclines_free(struct mu_srclines *srclines)
{
	if (!srclines)
		return;
	mu_dwarf_units_free(srclines->units);
	free(srclines);
}

static struct location find_line(struct mu_dwarf_unit *unit, Dwarf_Addr address)
{
	struct location location = { .file = NULL };
	Dwarf_Line *line = dwarf_getsrc_die(&unit->lines, address);

	if (line && !dwarf_lineno(line, &location.line) && location.line)
		location.file = dwarf_linesrc(line, NULL, NULL);
	return location;
}

static Dwarf_Word read_constant(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	if (dwarf_attr(die, name, &attr))
		dwarf_formudata(&attr, &value);
	return value;
}

/* Find the call of an inlined function. A split unit may use the file table of its skeleton. */
static struct location find_call(struct mu_dwarf_unit *unit, Dwarf_Die *die)
{
	struct location location = { .line = read_constant(die, DW_AT_call_line) };
	Dwarf_Files *files;
	size_t nr;

	if (!dwarf_getsrcfiles(&unit->code, &files, &nr) ||
	    !dwarf_getsrcfiles(&unit->lines, &files, &nr))
		location.file = dwarf_filesrc(files, read_constant(die, DW_AT_call_file), NULL,
					      NULL);
	if (!location.line)
		location.file = NULL;
	return location;
}

/* Prefers the linkage name, which includes namespace and class. */
static char *read_name(Dwarf_Die *die)
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

static const char *last_component(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

struct list {
	struct mu_srcline *source;
	size_t nr, capacity;
};

static void add_function(struct list *list, char *function, struct location location)
{
	char *path = location.file ? mu_escape(location.file) : NULL;

	list->source = mu_grow(list->source, list->nr, &list->capacity, sizeof(*list->source));
	list->source[list->nr++] = (struct mu_srcline){
		.function = function,
		.path = path,
		.file = last_component(path),
		.line = location.line,
	};
}

/**
 * mu_srclines_find() - look up the functions and lines at an address
 * @srclines: the debug information
 * @address: address in the object's file
 * @source: set to an array, to be freed with mu_srcline_free(): inlined functions, the innermost
 *          first, then the function that has the code
 *
 * No line is returned if it is not known which functions are inlined: it could be the line of an
 * inlined one.
 *
 * Return: the number of functions, 0 if nothing is known.
 */
size_t mu_srclines_find(struct mu_srclines *srclines, Dwarf_Addr address,
			struct mu_srcline **source)
{
	struct mu_dwarf_unit *unit = mu_dwarf_units_find(srclines->units, address - srclines->bias);
	Dwarf_Die *scopes = NULL;
	struct list list = { .nr = 0 };
	struct location location;
	size_t nr;

	*source = NULL;
	if (!unit)
		return 0;
	location = find_line(unit, address - srclines->bias);
	nr = mu_dwarf_unit_scopes(unit, address - srclines->bias, &scopes);
	if (!nr && unit->is_part)
		return 0;
	while (nr > 1) {
		add_function(&list, read_name(&scopes[--nr]), location);
		location = find_call(unit, &scopes[nr]);
	}
	free(scopes);
	if (list.nr || location.file)
		add_function(&list, NULL, location);
	*source = list.source;
	return list.nr;
}

/**
 * mu_srcline_free() - free the result of mu_srclines_find()
 * @source: the array
 * @nr: its number of elements
 */
void mu_srcline_free(struct mu_srcline *source, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(source[i].function);
		free(source[i].path);
	}
	free(source);
}
