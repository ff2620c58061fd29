/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_JIT_NAMES_H
#define MU_JIT_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct mu_jit_names;

struct mu_jit_names *mu_jit_names_new(int proc);
void mu_jit_names_free(struct mu_jit_names *names);
void mu_jit_names_hold(struct mu_jit_names *names);
const char *mu_jit_names_find(struct mu_jit_names *names, uint64_t address, uint64_t *offset);
size_t mu_jit_names_errors(const struct mu_jit_names *names);

#endif
