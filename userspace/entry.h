/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_ENTRY_H
#define MU_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct mu_entry - a breakpoint at the entry point of a program
 * @addr: its address, 0 if no breakpoint is set
 * @word: the word that it has overwritten
 */
struct mu_entry {
	uint64_t addr;
	long word;
};

bool mu_entry_plant(pid_t pid, struct mu_entry *e);
bool mu_entry_is_hit(pid_t pid, const struct mu_entry *e);
bool mu_entry_remove(pid_t pid, struct mu_entry *e);
bool mu_entry_is_64_bit(pid_t pid);

#endif
