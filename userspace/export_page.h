/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_PAGE_H
#define MU_EXPORT_PAGE_H

/* The files of these names, which the Makefile makes strings of. */
extern const char mu_flame_js[];
extern const char mu_flame_css[];
extern const char mu_page_css[];

#endif
