/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DWARF_RANGES_H
#define MU_DWARF_RANGES_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct mu_dwarf_ranges;

struct mu_dwarf_ranges *mu_dwarf_ranges_new(void);
void mu_dwarf_ranges_free(struct mu_dwarf_ranges *ranges);
void mu_dwarf_ranges_add(struct mu_dwarf_ranges *ranges, Dwarf_Die *die, size_t owner);
size_t mu_dwarf_ranges_find(struct mu_dwarf_ranges *ranges, Dwarf_Addr address);

#endif
