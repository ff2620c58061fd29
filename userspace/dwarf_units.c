// SPDX-License-Identifier: GPL-2.0-only
/*
 * The units of an object's debug information, and the functions in them, by address.
 *
 * The address ranges of a unit are those of its DIE. .debug_aranges is not used: clang does not
 * write it, and it is incomplete after link-time optimization. The functions of a unit are
 * collected when an address in it is first searched: they may be in namespaces, classes and
 * other functions, which have no addresses that a search could follow.
 *
 * Objects are not trusted: no walk through DIEs recurses, and none continues at a DIE that
 * precedes the last one.
 *
 * Depends on dwarf_ranges.c and dwarf_split.c.
 */
#include "dwarf_units.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "dwarf_ranges.h"
#include "mem.h"

#define DEPTH_MAX 64

struct mu_dwarf_units {
	const struct mu_dwarf_split_files *files;
	struct mu_dwarf_ranges *ranges;
	struct mu_dwarf_unit **unit;
	size_t nr, capacity;
};

static void add_unit(struct mu_dwarf_units *units, const Dwarf_Die *die, uint8_t type)
{
	struct mu_dwarf_unit *unit = mu_zalloc(sizeof(*unit));

	unit->lines = *die;
	unit->code = *die;
	unit->is_part = type == DW_UT_skeleton;
	unit->split.fd = -1;
	units->unit = mu_grow(units->unit, units->nr, &units->capacity, sizeof(*units->unit));
	units->unit[units->nr] = unit;
	mu_dwarf_ranges_add(units->ranges, &unit->lines, units->nr++);
}

/**
 * mu_dwarf_units_new() - index the units of an object by address
 * @dwarf: debug information of the object; must outlive the result
 * @files: where split units are searched; must outlive the result
 *
 * Return: the index, to be freed; it may be empty.
 */
struct mu_dwarf_units *mu_dwarf_units_new(Dwarf *dwarf, const struct mu_dwarf_split_files *files)
{
	struct mu_dwarf_units *units = mu_zalloc(sizeof(*units));
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Die die;

	units->files = files;
	units->ranges = mu_dwarf_ranges_new();
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, NULL))
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_unit(units, &die, type);
	return units;
}

/**
 * mu_dwarf_units_free() - free an index
 * @units: the index; may be NULL
 */
void mu_dwarf_units_free(struct mu_dwarf_units *units)
{
	if (!units)
		return;
	for (size_t i = 0; i < units->nr; i++) {
		mu_dwarf_ranges_free(units->unit[i]->ranges);
		free(units->unit[i]->function);
		mu_dwarf_split_close(&units->unit[i]->split);
		free(units->unit[i]);
	}
	free(units->unit);
	mu_dwarf_ranges_free(units->ranges);
	free(units);
}

static void find_split(struct mu_dwarf_units *units, struct mu_dwarf_unit *unit)
{
	if (!unit->is_part || unit->split_tried)
		return;
	unit->split_tried = true;
	if (!mu_dwarf_split_open(units->files, &unit->lines, &unit->split))
		return;
	unit->code = unit->split.die;
	unit->is_part = false;
}

/**
 * mu_dwarf_units_find() - find the unit of an address
 * @units: the index
 * @address: the address
 *
 * Return: the unit, or NULL.
 */
struct mu_dwarf_unit *mu_dwarf_units_find(struct mu_dwarf_units *units, Dwarf_Addr address)
{
	size_t found = mu_dwarf_ranges_find(units->ranges, address);

	if (found == SIZE_MAX)
		return NULL;
	find_split(units, units->unit[found]);
	return units->unit[found];
}

static bool may_hold_functions(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
		return dwarf_haschildren(die) > 0;
	default:
		return false;
	}
}

/* The next sibling has to follow the DIE in the file, so that a walk always ends. */
static bool next_sibling(Dwarf_Die *die)
{
	Dwarf_Die next;

	if (dwarf_siblingof(die, &next) || next.addr <= die->addr)
		return false;
	*die = next;
	return true;
}

static void add_function(struct mu_dwarf_unit *unit, Dwarf_Die *die)
{
	if (dwarf_tag(die) != DW_TAG_subprogram)
		return;
	unit->function = mu_grow(unit->function, unit->nr, &unit->capacity, sizeof(*die));
	unit->function[unit->nr] = *die;
	mu_dwarf_ranges_add(unit->ranges, die, unit->nr++);
}

static void collect_functions(struct mu_dwarf_unit *unit)
{
	Dwarf_Die path[DEPTH_MAX];
	int depth = 0;

	unit->ranges = mu_dwarf_ranges_new();
	if (dwarf_child(&unit->code, &path[0]))
		return;
	while (depth >= 0) {
		add_function(unit, &path[depth]);
		if (depth + 1 < DEPTH_MAX && may_hold_functions(&path[depth]) &&
		    !dwarf_child(&path[depth], &path[depth + 1])) {
			depth++;
			continue;
		}
		while (depth >= 0 && !next_sibling(&path[depth]))
			depth--;
	}
}

/* Blocks and inlined functions are nested like their code. Other children have no code. */
static bool is_scope_at(Dwarf_Die *die, Dwarf_Addr address)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_inlined_subroutine:
		return dwarf_haspc(die, address) > 0;
	default:
		return false;
	}
}

/* Replace a DIE by its child that has the code at the address. Return: false if no child has. */
static bool enter_child(Dwarf_Die *die, Dwarf_Addr address)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return false;
	do {
		if (is_scope_at(&child, address)) {
			*die = child;
			return true;
		}
	} while (next_sibling(&child));
	return false;
}

/**
 * mu_dwarf_unit_scopes() - find the function at an address, and what is inlined there
 * @unit: the unit
 * @address: the address
 * @scopes: set to an array of DIEs, to be freed: the function first, the innermost inlined one last
 *
 * Return: the number of DIEs, 0 if the unit has no function at @address.
 */
size_t mu_dwarf_unit_scopes(struct mu_dwarf_unit *unit, Dwarf_Addr address, Dwarf_Die **scopes)
{
	size_t found, nr = 0, capacity = 0;
	Dwarf_Die die;

	*scopes = NULL;
	if (!unit->ranges)
		collect_functions(unit);
	found = mu_dwarf_ranges_find(unit->ranges, address);
	if (found == SIZE_MAX)
		return 0;
	die = unit->function[found];
	do {
		if (!nr || dwarf_tag(&die) == DW_TAG_inlined_subroutine) {
			*scopes = mu_grow(*scopes, nr, &capacity, sizeof(die));
			(*scopes)[nr++] = die;
		}
	} while (enter_child(&die, address));
	return nr;
}
