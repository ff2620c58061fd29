/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_FUNCTION_STARTS_H
#define MU_FUNCTION_STARTS_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

struct mu_function_starts;

struct mu_function_starts *mu_function_starts_new(Elf *elf);
void mu_function_starts_free(struct mu_function_starts *starts);
bool mu_function_starts_between(const struct mu_function_starts *starts, uint64_t symbol,
				uint64_t address);

#endif
