/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exits_image: an ELF image of which a test provides the code of a function and its unwind entries.
 *
 * The image has a linkage table of one entry for each slot of the global offset table, and the
 * relocations of the slots. Addresses are EXITS_BIAS above file offsets, so that a confusion of the
 * two is detected.
 */
#ifndef MLU_EXITS_IMAGE_H
#define MLU_EXITS_IMAGE_H

#include "asm.h"
#include "image.h"

#define EXITS_BIAS 0x1000
/* Offsets in the code. */
#define EXITS_LOCAL 0x40     /* the functions of this object that slots name */
#define EXITS_RESOLVER 0x80  /* the resolver of an IFUNC that is named memcpy */
#define EXITS_NAMELESS 0x90  /* a resolver that no symbol names */
#define EXITS_LINKAGE 0x1000 /* the linkage table */
#define EXITS_MAX_CODE 0x1000

enum exits_slot {
	EXITS_MEMSET,	   /* another object's */
	EXITS_OTHER,	   /* another object's function of any other name */
	EXITS_EXPORTED,	   /* a function of this object, which another may interpose */
	EXITS_PROTECTED,   /* the same, protected */
	EXITS_IFUNC,	   /* this object's memcpy */
	EXITS_NO_NAME,	   /* a resolver without a name */
	EXITS_VARIABLE,	   /* a variable that is initialized with the function's address */
	EXITS_NO_RELOC,	   /* no relocation */
	EXITS_MEMMOVE_CHK, /* another object's, called with _FORTIFY_SOURCE */
	EXITS_SLOTS
};

/* Offset of a slot from the code, and of its entry in the linkage table. */
#define EXITS_SLOT(i) (0x1800 + 8 * (i)-ASM_CODE)
#define EXITS_ENTRY(i) (EXITS_LINKAGE + 16 * (i))

/* A distance, and instructions at offset @at that have one. */
#define REL32(d) (u8)(d), (u8)((u32)(d) >> 8), (u8)((u32)(d) >> 16), (u8)((u32)(d) >> 24)
#define JMP(at, to) 0xe9, REL32((to) - ((at) + 5))
#define CALL(at, to) 0xe8, REL32((to) - ((at) + 5))
#define JE(at, to) 0x0f, 0x84, REL32((to) - ((at) + 6))
#define JMP_SLOT(at, slot) 0xff, 0x25, REL32(EXITS_SLOT(slot) - ((at) + 6))

/**
 * enum exits_table - how the unwind entries can be found
 * @EXITS_SORTED: through a sorted table behind a header
 * @EXITS_SCAN: one by one, the header has no table
 * @EXITS_NO_UNWIND: there is no unwind data
 */
enum exits_table { EXITS_SORTED, EXITS_SCAN, EXITS_NO_UNWIND };

/**
 * struct exits_part - code that an unwind entry covers
 * @start: offset of its first byte
 * @len: its length
 * @handler: offset from @start of its exception handler, 0 if it has no handler
 */
struct exits_part {
	u16 start, len, handler;
};

/* File offset of the table of the first part's handlers. */
#define EXITS_HANDLERS (0x1900 - EXITS_BIAS)

void exits_image_make(struct image *image, const u8 *code, size_t len,
		      const struct exits_part *parts, unsigned int nr, enum exits_table how);

#endif /* MLU_EXITS_IMAGE_H */
