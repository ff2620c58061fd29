/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_LEAKS_SHOW_H
#define MU_LEAKS_SHOW_H

#include "leaks.h"
#include "print.h"
#include "process.h"

void mu_leaks_show(const struct mu_leaks *l, const struct mu_view *view, struct mu_target *target,
		   struct mu_symbolizer *sym);
void mu_leaks_show_sums(const struct mu_leaks *l);
bool mu_leaks_show_why(const struct mu_leaks *l, const struct mu_process *process,
		       uint64_t address);

#endif
