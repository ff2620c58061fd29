/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DWARF_PACKAGE_H
#define MU_DWARF_PACKAGE_H

#include <stdint.h>

int mu_dwarf_package_unit(int fd, uint64_t id);

#endif
