/* SPDX-License-Identifier: GPL-2.0-only */
/* Where functions begin, by the unwind table of an object. */
#ifndef MU_FUNCTIONS_H
#define MU_FUNCTIONS_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

struct mu_functions;

/**
 * mu_functions_new() - read where the functions of an object begin
 * @elf: the object; must outlive the result
 *
 * Return: the table, to be freed, or NULL: the object has none that can be read.
 */
struct mu_functions *mu_functions_new(Elf *elf);
void mu_functions_free(struct mu_functions *functions);

/**
 * mu_functions_between() - does a function begin behind @symbol, at or before @address?
 * @functions: may be NULL
 *
 * Both are addresses in the object's file. What begins in between has another name than the symbol.
 */
bool mu_functions_between(const struct mu_functions *functions, uint64_t symbol, uint64_t address);

#endif
