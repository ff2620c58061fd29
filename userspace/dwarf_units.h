/* SPDX-License-Identifier: GPL-2.0-only */
/* The units of an object's debug information, and the functions in them, found by address. */
#ifndef MU_DWARF_UNITS_H
#define MU_DWARF_UNITS_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

#include "dwarf_split.h"

struct mu_dwarf_ranges;
struct mu_dwarf_units;

/* One unit; it lives as long as its struct mu_dwarf_units. */
struct mu_dwarf_unit {
	Dwarf_Die lines;     /* the unit that has the line table */
	Dwarf_Die code;	     /* the unit that has the functions: the same, or the split one */
	Dwarf_Die *function; /* collected when one is first asked for */
	struct mu_dwarf_ranges *ranges; /* of the functions, NULL until then */
	size_t nr, room;
	bool is_part; /* a skeleton without its split unit: functions are missing */
	bool split_tried;
	struct mu_dwarf_split split;
};

/**
 * mu_dwarf_units_new() - index the units of @dwarf by their address ranges
 * @dwarf: must outlive the result
 * @files: where the split parts of units are looked for, must outlive the result
 *
 * Return: the index, to be freed; it may be empty.
 */
struct mu_dwarf_units *mu_dwarf_units_new(Dwarf *dwarf, const struct mu_dwarf_split_files *files);
void mu_dwarf_units_free(struct mu_dwarf_units *units);

/**
 * mu_dwarf_units_find() - find the unit that has the code at @address
 *
 * Return: the unit, or NULL.
 */
struct mu_dwarf_unit *mu_dwarf_units_find(struct mu_dwarf_units *units, Dwarf_Addr address);

/**
 * mu_dwarf_unit_scopes() - find the function at @address and what is inlined into it there
 * @scopes: set to an array, to be freed: the function first, the innermost inlined one last
 *
 * Return: the number of scopes, 0 if the unit describes no function there.
 */
size_t mu_dwarf_unit_scopes(struct mu_dwarf_unit *unit, Dwarf_Addr address, Dwarf_Die **scopes);

#endif
