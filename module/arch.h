/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The architecture's part of the module.
 *
 * What depends on x86-64 is in the files named *_x86.[ch], here and in lib. Another architecture
 * provides the same names in files of its own:
 *
 *   arch_x86.h           arguments, result, return slot; the caller's registers; vdso; breakpoint
 *   callee_x86.c         from a return address to the function that was called, see callee.h
 *   mremap_x86.c         the system call mremap, recognized from within it, see mremap.h
 *   lib/machine_x86.h    constants of the ELF reader and the unwinder: ELF machine, DWARF registers
 *   lib/cfi_x86.c        frames in which no call can have been made, see cfi_internal.h
 *   lib/frame_x86.c      to the caller by frame pointer or signal frame, see frame.h
 *   lib/elf_slot_x86.c   what the dynamic linker writes to a slot, see elf.h
 *   lib/elf_jump_x86.c   where branches lead, see elf.h
 *   lib/place_x86.c      where in a function a breakpoint may be set, see place.h
 *   lib/insn*_x86.c      lengths of instructions, and how they continue, see insn.h
 *   lib/step*_x86.c      instructions that handlers execute, see step.h
 *   lib/exits_x86.c      the instructions at which a function returns, see exits.h
 *
 * This header and lib/machine.h select among them; Kbuild names the *_x86.o here and has to exclude
 * the lib files of other architectures.
 */
#ifndef MLU_ARCH_H
#define MLU_ARCH_H

#ifdef CONFIG_X86_64
#include "arch_x86.h"
#else
#error "memleak_user supports x86-64 only so far"
#endif

#endif /* MLU_ARCH_H */
