/* SPDX-License-Identifier: GPL-2.0-only */
/* A breakpoint at the entry point of a program that is stopped under ptrace. */
#ifndef MU_ENTRY_H
#define MU_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mu_entry {
	uint64_t addr; /* 0: no breakpoint stands */
	long word;     /* what it has overwritten */
};

/* False, with errno: it has no entry point to be found, or cannot be written to. */
bool mu_entry_plant(pid_t pid, struct mu_entry *e);

/* Whether the process, stopped by a SIGTRAP, has just hit the breakpoint. */
bool mu_entry_is_hit(pid_t pid, const struct mu_entry *e);

/* Puts back the bytes, and the pc if it was hit: as if the breakpoint had never been there. */
bool mu_entry_remove(pid_t pid, struct mu_entry *e);

/* What the process runs is a 64-bit ELF file. */
bool mu_entry_is_64_bit(pid_t pid);

#endif
