/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's names for compiler attributes. */
#ifndef MU_COMPILER_H
#define MU_COMPILER_H

#define __printf(fmt, first) __attribute__((format(printf, fmt, first)))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
