/* SPDX-License-Identifier: GPL-2.0-only */
/* memleak's -O: which mapped object the user means. */
#ifndef MU_OBJECT_NAME_H
#define MU_OBJECT_NAME_H

#include <stdio.h>

/*
 * The name, to be freed, of the object in a process's maps that wanted stands
 * for: its name, its path, /proc/PID/exe, or as in memleak the library name
 * without "lib" and suffix ("c"). Where nothing fits it is the last part of
 * wanted: the kernel side will say that there is none.
 */
char *mu_object_name(FILE *maps, const char *wanted);

#endif
