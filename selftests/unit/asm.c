// SPDX-License-Identifier: GPL-2.0-only
/* asm: unwind data written by hand, see asm.h. */
#include "asm.h"

#include <stdlib.h>
#include <string.h>

void asm_bytes(struct asm_section *s, const u8 *bytes, u32 len)
{
	if (len > sizeof(s->bytes) - s->len)
		abort();
	if (!bytes || !len)
		return;
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

static void word(struct asm_section *s, u32 value)
{
	asm_bytes(s, (const u8 *)&value, sizeof(value));
}

static void begin(struct asm_section *s)
{
	s->entry = s->len;
	word(s, 0);
}

void asm_end(struct asm_section *s)
{
	u32 len = s->len - s->entry - 4;

	memcpy(s->bytes + s->entry, &len, sizeof(len));
}

void asm_cie_like(struct asm_section *s, u8 version, const char *augmentation, const u8 *data,
		  u8 data_len)
{
	s->cie = s->len;
	begin(s);
	word(s, 0);
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

void asm_cie(struct asm_section *s)
{
	asm_cie_like(s, 1, "zR", (const u8[]){ 0x1b }, 1);
}

void asm_usual_cie(struct asm_section *s)
{
	asm_cie(s);
	ASM(s, 0x0c, 7, 8, 0x90, 1);
	asm_end(s);
}

void asm_fde(struct asm_section *s, u64 start, u32 len)
{
	begin(s);
	word(s, s->len - s->cie);
	word(s, start - (ASM_ADDR + s->len));
	word(s, len);
	ASM(s, 0);
}
