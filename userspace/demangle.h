/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbol names as their programmers wrote them. */
#ifndef MU_DEMANGLE_H
#define MU_DEMANGLE_H

/* The name to print, to be freed: demangled if it is C++ or Rust, and safe for a terminal. */
char *mu_demangle(const char *symbol);

#endif
