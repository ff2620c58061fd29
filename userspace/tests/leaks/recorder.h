/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that the recorder shares with the search of the tests: a hash table of blocks.
 *
 * Addresses are stored inverted, as the file is part of the memory that is searched.
 */
#ifndef MU_TESTS_RECORDER_H
#define MU_TESTS_RECORDER_H

#include <stdint.h>

#ifndef RECORDER_SLOTS
#define RECORDER_SLOTS (1U << 23) /* a power of 2; fewer ones make less shared memory to search */
#endif
#define RECORDER_STACKS (1U << 16)

struct recorder_slot {
	uint64_t inverted; /* ~address; 0: free, 1: was used */
	uint64_t size;
	uint64_t time_ns;
	uint64_t stack;
};

struct recorder_table {
	uint64_t stacks[RECORDER_STACKS]; /* ~pc of the caller */
	struct recorder_slot slots[RECORDER_SLOTS];
};

#endif
