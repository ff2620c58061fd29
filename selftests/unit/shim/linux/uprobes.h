/* SPDX-License-Identifier: GPL-2.0-only */
/* uprobes.h: the breakpoint instruction, for the host. */
#define UPROBE_SWBP_INSN 0xcc
