/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * asm: assembles an .eh_frame section for a test: a CIE and FDEs of it, operation by operation.
 *
 * Malformed data is written in the same way, or by changing @bytes afterwards.
 */
#ifndef MLU_ASM_H
#define MLU_ASM_H

#include "cfi.h"

/* Address of the section in the ELF file, and of the code of the first FDE. */
#define ASM_ADDR 0x2000
#define ASM_CODE 0x10000

/**
 * struct asm_section - a section that is being written
 * @bytes: its contents
 * @len: length so far
 * @cie: offset of the length field of the last CIE
 * @entry: offset of the length field of the entry that is being written
 */
struct asm_section {
	u8 bytes[1 << 18];
	u32 len;
	u32 cie;
	u32 entry;
};

void asm_cie(struct asm_section *s);
void asm_cie_like(struct asm_section *s, u8 version, const char *augmentation, const u8 *data,
		  u8 data_len);
void asm_usual_cie(struct asm_section *s);
void asm_fde(struct asm_section *s, u64 start, u32 len);
void asm_bytes(struct asm_section *s, const u8 *bytes, u32 len);
void asm_end(struct asm_section *s);

/* Append operations and their operands, as bytes. */
#define ASM(s, ...) asm_bytes(s, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

#endif /* MLU_ASM_H */
