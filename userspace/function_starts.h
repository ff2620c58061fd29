/* SPDX-License-Identifier: GPL-2.0-only */
/* Where functions begin, by the unwind table of an object. */
#ifndef MU_FUNCTION_STARTS_H
#define MU_FUNCTION_STARTS_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

struct mu_function_starts;

/**
 * mu_function_starts_new() - read where the functions of an object begin
 * @elf: the object; must outlive the result
 *
 * Return: the table, to be freed, or NULL: the object has none that can be read.
 */
struct mu_function_starts *mu_function_starts_new(Elf *elf);
void mu_function_starts_free(struct mu_function_starts *functions);

/**
 * mu_function_starts_between() - does a function begin behind @symbol, at or before @address?
 * @functions: may be NULL
 *
 * Both are addresses in the object's file. What begins in between has another name than the symbol.
 */
bool mu_function_starts_between(const struct mu_function_starts *functions, uint64_t symbol,
				uint64_t address);

#endif
