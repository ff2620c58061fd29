/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching to a process and looking into it. */
#ifndef MST_TARGET_H
#define MST_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

struct mst_program;

int mst_attach(pid_t pid);
int mst_wait_id(pid_t pid);
bool mst_counts_are(int id, const char *wanted);
bool mst_ends_well(struct mst_program *program);
size_t mst_rows_count(int id);
unsigned long mst_base_of(pid_t pid, const char *object);
int mst_byte_at(pid_t pid, unsigned long addr);
long long mst_now_ms(void);

#endif
