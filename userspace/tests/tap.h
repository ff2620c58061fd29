/* SPDX-License-Identifier: GPL-2.0-only */
/* A minimal TAP producer: one line per check, and for a failed check what was wrong. */
#ifndef MU_TAP_H
#define MU_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned int tap_nr;
static unsigned int tap_failed;

static inline bool tap_ok(bool good, const char *claim)
{
	tap_nr++;
	if (!good)
		tap_failed++;
	printf("%sok %u - %s\n", good ? "" : "not ", tap_nr, claim);
	return good;
}

static inline void is_text(const char *got, const char *wanted, const char *claim)
{
	if (!tap_ok(got && !strcmp(got, wanted), claim))
		printf("#  wanted: %s\n#     got: %s\n", wanted, got ? got : "(nothing)");
}

static inline void is_number(unsigned long long got, unsigned long long wanted, const char *claim)
{
	if (!tap_ok(got == wanted, claim))
		printf("#  wanted: %llu\n#     got: %llu\n", wanted, got);
}

static inline int done_testing(void)
{
	printf("1..%u\n", tap_nr);
	return tap_failed != 0;
}

#endif
