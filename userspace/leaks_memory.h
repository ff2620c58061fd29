/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_LEAKS_MEMORY_H
#define MU_LEAKS_MEMORY_H

#include "leaks.h"

bool mu_leaks_search_ranges(struct mu_leaks *l, const struct mu_ranges *ranges);
void mu_leaks_ignore_lists(struct mu_leaks *l);
bool mu_leaks_search_stopped(struct mu_leaks *l);

#endif
