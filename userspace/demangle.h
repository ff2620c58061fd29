/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DEMANGLE_H
#define MU_DEMANGLE_H

char *mu_demangle(const char *symbol);

#endif
