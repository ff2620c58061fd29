/* SPDX-License-Identifier: GPL-2.0-only */
/* processor-flags.h: flags of the processor, for the host. */
#define X86_EFLAGS_AC (1UL << 18)
