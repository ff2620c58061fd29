/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_PROCESS_H
#define MU_TOP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "top_snapshot.h"

/**
 * enum mu_top_found - the result of reading a process
 * @MU_TOP_READ: it was read
 * @MU_TOP_NO_MEMORY: it has exited, or it is a kernel thread or a zombie
 * @MU_TOP_DENIED: there is no permission to read it
 */
enum mu_top_found { MU_TOP_READ, MU_TOP_NO_MEMORY, MU_TOP_DENIED };

enum mu_top_found mu_top_process_read(struct mu_top_process *p, int proc);
bool mu_top_process_memory(int dir, uint64_t *bytes);
bool mu_top_process_is(int dir, uint64_t start);

#endif
