/* SPDX-License-Identifier: GPL-2.0-only */
/* One split unit out of a .dwp file. */
#ifndef MU_DWARF_PACKAGE_H
#define MU_DWARF_PACKAGE_H

#include <stdint.h>

/**
 * mu_dwarf_package_unit() - take a unit out of a .dwp file
 * @fd: the .dwp file
 * @id: of the unit
 *
 * libdw reads such files from version 0.191 on only, and opens them by itself.
 *
 * Return: an open .dwo file in memory, or -1: there is no such unit.
 */
int mu_dwarf_package_unit(int fd, uint64_t id);

#endif
