/* SPDX-License-Identifier: GPL-2.0-only */
/* object: an ELF file and its unwind data, read by the module's code. */
#ifndef MLU_ORACLE_OBJECT_H
#define MLU_ORACLE_OBJECT_H

#include "cfi_internal.h"
#include "elf_internal.h"

/**
 * struct object - an ELF file
 * @source: the source that the reader reads from
 * @bytes: the whole file, mapped, or the caller's image
 * @scratch: the reader's buffer
 * @elf: the reader
 * @unwind: the place of .eh_frame in the file
 * @cfi: the parsed .eh_frame
 * @table: its index by address
 */
struct object {
	struct mlu_elf_source source;
	u8 *bytes;
	u8 scratch[4096];
	struct mlu_elf elf;
	struct mlu_elf_unwind unwind;
	struct mlu_cfi cfi;
	struct mlu_cfi_entry *table;
};

bool object_open(struct object *o, const char *path);
bool object_of_memory(struct object *o, const void *bytes, size_t size);
void object_close(struct object *o);
bool object_has_entry(const struct object *o, u64 start);
const u8 *object_code(const struct object *o, u64 addr, unsigned int len);

#endif /* MLU_ORACLE_OBJECT_H */
