/* SPDX-License-Identifier: GPL-2.0-only */
/* object: an ELF file, and its unwind data as the module reads it. */
#ifndef MLU_ORACLE_OBJECT_H
#define MLU_ORACLE_OBJECT_H

#include "cfi_internal.h"
#include "elf_internal.h"

struct object {
	struct mlu_elf_source source;
	u8 *bytes; /* the whole file, mapped */
	u8 scratch[4096];
	struct mlu_elf elf;
	struct mlu_elf_unwind unwind;
	struct mlu_cfi cfi;
	struct mlu_cfi_entry *table;
};

/* False: no 64-bit x86 object, or it has no unwind data. */
bool object_open(struct object *o, const char *path);

/* The same of an image in memory, which stays the caller's. */
bool object_of_memory(struct object *o, const void *bytes, size_t size);

void object_close(struct object *o);

/* Does the table have an entry that begins there? */
bool object_has_entry(const struct object *o, u64 start);

/* The @len bytes of code before @addr; NULL: they are not in the file. */
const u8 *object_code(const struct object *o, u64 addr, unsigned int len);

#endif /* MLU_ORACLE_OBJECT_H */
