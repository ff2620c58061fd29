/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DEBUG_LINK_H
#define MU_DEBUG_LINK_H

#include <stdint.h>

#include "mapped_file.h"

int mu_debug_link_open(const struct mu_mapped_files *files, const char *object, const char *link,
		       uint32_t crc);

#endif
