// SPDX-License-Identifier: GPL-2.0-only
/* asm: assembles an .eh_frame section for a test, see asm.h. */
#include "asm.h"

#include <stdlib.h>
#include <string.h>

/**
 * asm_bytes() - append bytes to the section
 * @s: the section
 * @bytes: the bytes; may be NULL if @len is 0
 * @len: how many
 */
void asm_bytes(struct asm_section *s, const u8 *bytes, u32 len)
{
	if (len > sizeof(s->bytes) - s->len)
		abort();
	if (!bytes || !len)
		return;
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

static void append_word(struct asm_section *s, u32 value)
{
	asm_bytes(s, (const u8 *)&value, sizeof(value));
}

static void begin_entry(struct asm_section *s)
{
	s->entry = s->len;
	append_word(s, 0);
}

/**
 * asm_end() - end the current entry: write its length
 * @s: the section
 */
void asm_end(struct asm_section *s)
{
	u32 len = s->len - s->entry - 4;

	memcpy(s->bytes + s->entry, &len, sizeof(len));
}

/**
 * asm_cie_like() - begin a CIE
 * @s: the section
 * @version: its version
 * @augmentation: its augmentation string
 * @data: augmentation data, written if the string begins with z
 * @data_len: length of @data
 *
 * Code alignment factor 1, data alignment factor -8, return address in register 16.
 */
void asm_cie_like(struct asm_section *s, u8 version, const char *augmentation, const u8 *data,
		  u8 data_len)
{
	s->cie = s->len;
	begin_entry(s);
	append_word(s, 0);
	ASM(s, version);
	asm_bytes(s, (const u8 *)augmentation, strlen(augmentation) + 1);
	if (version == 4)
		ASM(s, 8, 0);
	ASM(s, 1, 0x78, 16);
	if (*augmentation == 'z') {
		ASM(s, data_len);
		asm_bytes(s, data, data_len);
	}
}

/**
 * asm_cie() - begin a CIE of version 1, augmentation "zR", pcrel sdata4, without operations
 * @s: the section
 */
void asm_cie(struct asm_section *s)
{
	asm_cie_like(s, 1, "zR", (const u8[]){ 0x1b }, 1);
}

/**
 * asm_usual_cie() - write a complete CIE with compilers' rule: CFA rsp + 8, return address CFA - 8
 * @s: the section
 */
void asm_usual_cie(struct asm_section *s)
{
	asm_cie(s);
	ASM(s, 0x0c, 7, 8, 0x90, 1);
	asm_end(s);
}

/**
 * asm_fde() - begin an FDE of the last CIE
 * @s: the section
 * @start: address of its code
 * @len: bytes of code
 */
void asm_fde(struct asm_section *s, u64 start, u32 len)
{
	begin_entry(s);
	append_word(s, s->len - s->cie);
	append_word(s, start - (ASM_ADDR + s->len));
	append_word(s, len);
	ASM(s, 0);
}
