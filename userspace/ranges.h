/* SPDX-License-Identifier: GPL-2.0-only */
/* Address ranges of DIEs, which may overlap, to be searched by address. */
#ifndef MLU_RANGES_H
#define MLU_RANGES_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct mlu_ranges;

struct mlu_ranges *mlu_ranges_new(void);
void mlu_ranges_free(struct mlu_ranges *ranges);

/**
 * mlu_ranges_add() - add each address range of @die
 * @owner: what mlu_ranges_find() returns for these addresses
 */
void mlu_ranges_add(struct mlu_ranges *ranges, Dwarf_Die *die, size_t owner);

/**
 * mlu_ranges_find() - find the owner of the smallest range that contains @address
 *
 * Return: the owner, or %SIZE_MAX if no range contains it.
 */
size_t mlu_ranges_find(struct mlu_ranges *ranges, Dwarf_Addr address);

#endif
