/* SPDX-License-Identifier: GPL-2.0-only */
/* Address ranges of DIEs, which may overlap, to be searched by address. */
#ifndef MU_DWARF_RANGES_H
#define MU_DWARF_RANGES_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct mu_dwarf_ranges;

struct mu_dwarf_ranges *mu_dwarf_ranges_new(void);
void mu_dwarf_ranges_free(struct mu_dwarf_ranges *ranges);

/**
 * mu_dwarf_ranges_add() - add each address range of @die
 * @owner: what mu_dwarf_ranges_find() returns for these addresses
 */
void mu_dwarf_ranges_add(struct mu_dwarf_ranges *ranges, Dwarf_Die *die, size_t owner);

/**
 * mu_dwarf_ranges_find() - find the owner of the smallest range that contains @address
 *
 * Return: the owner, or %SIZE_MAX if no range contains it.
 */
size_t mu_dwarf_ranges_find(struct mu_dwarf_ranges *ranges, Dwarf_Addr address);

#endif
