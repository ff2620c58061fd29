/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching to a process and looking into it. */
#ifndef MST_TARGET_H
#define MST_TARGET_H

#include <sys/types.h>

int mst_attach(pid_t pid);
size_t mst_rows_count(int id);
unsigned long mst_base_of(pid_t pid, const char *object);
int mst_byte_at(pid_t pid, unsigned long addr);
long long mst_now_ms(void);

#endif
