/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DWARF_UNITS_H
#define MU_DWARF_UNITS_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

#include "dwarf_split.h"

struct mu_dwarf_ranges;
struct mu_dwarf_units;

/**
 * struct mu_dwarf_unit - a unit; lives as long as its struct mu_dwarf_units
 * @lines: DIE of the unit with the line table
 * @code: DIE of the unit with the functions: the same, or the split unit
 * @function: DIEs of the functions, collected at the first search
 * @ranges: address ranges of @function, NULL before that
 * @nr: number of @function
 * @capacity: allocated elements of @function
 * @is_part: a skeleton unit without its split unit, so that functions are missing
 * @split_tried: the split unit has been searched
 * @split: the split unit
 */
struct mu_dwarf_unit {
	Dwarf_Die lines;
	Dwarf_Die code;
	Dwarf_Die *function;
	struct mu_dwarf_ranges *ranges;
	size_t nr, capacity;
	bool is_part;
	bool split_tried;
	struct mu_dwarf_split split;
};

struct mu_dwarf_units *mu_dwarf_units_new(Dwarf *dwarf, const struct mu_dwarf_split_files *files);
void mu_dwarf_units_free(struct mu_dwarf_units *units);
struct mu_dwarf_unit *mu_dwarf_units_find(struct mu_dwarf_units *units, Dwarf_Addr address);
size_t mu_dwarf_unit_scopes(struct mu_dwarf_unit *unit, Dwarf_Addr address, Dwarf_Die **scopes);

#endif
