/* SPDX-License-Identifier: GPL-2.0-only */
/* vdso.h: everything that is needed is in mm_types.h. */
