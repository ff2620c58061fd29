/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * asm: unwind data written by hand: a CIE and FDEs of it, operation by operation.
 *
 * What is wanted wrong is changed in @bytes afterwards, or written so.
 */
#ifndef MLU_ASM_H
#define MLU_ASM_H

#include "cfi.h"

/* Where the section is in the ELF file, and the code of the first FDE. */
#define ASM_ADDR 0x2000
#define ASM_CODE 0x10000

struct asm_section {
	u8 bytes[1 << 18];
	u32 len;
	u32 cie;   /* position of the CIE's length */
	u32 entry; /* of the entry that is being written */
};

/* A CIE of version 1, "zR", factors 1 and -8, return address 16, pcrel sdata4; no operations. */
void asm_cie(struct asm_section *s);

/* The same with another augmentation, whose data is given, or another version. */
void asm_cie_like(struct asm_section *s, u8 version, const char *augmentation, const u8 *data,
		  u8 data_len);

/* An FDE of the last CIE for @len bytes of code at @start. */
void asm_fde(struct asm_section *s, u64 start, u32 len);

/* Operations, and their operands: bytes as they are. */
void asm_bytes(struct asm_section *s, const u8 *bytes, u32 len);
#define ASM(s, ...) asm_bytes(s, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

/* The entry's length is written, the section ends behind it for now. */
void asm_end(struct asm_section *s);

/* The usual beginning: CFA rsp + 8, return address at CFA - 8. */
void asm_usual_cie(struct asm_section *s);

#endif /* MLU_ASM_H */
