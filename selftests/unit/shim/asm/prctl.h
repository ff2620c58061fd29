/* SPDX-License-Identifier: GPL-2.0-only */
/* prctl.h: the features of a thread, for the host. */
#define ARCH_SHSTK_SHSTK (1UL << 0)
#define ARCH_SHSTK_WRSS (1UL << 1)
