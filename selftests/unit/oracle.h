/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle: what libelf, readelf and objdump say of an object, to compare our answers with.
 */
#ifndef MLU_ORACLE_H
#define MLU_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/* A symbol of the table that counts: the dynamic one, or a static program's own. */
struct oracle_symbol {
	char *name;
	u64 value, size;
	bool function; /* defined FUNC; dynamic: global or weak, visible */
	bool local;
	bool hidden_version;
};

struct oracle_load {
	u64 offset, vaddr, filesz;
	bool exec;
};

struct oracle {
	struct oracle_symbol *symbols;
	size_t nr_symbols;
	struct oracle_load loads[64];
	size_t nr_loads;
	bool interp;
};

/* An instruction of objdump's. */
struct oracle_insn {
	u64 addr;
	u64 target; /* of a direct branch, else 0 */
	char text[56];
	char *linkage; /* the name, if the target is an entry of the linkage table, else NULL */
};

struct oracle_text {
	struct oracle_insn *insns;
	size_t nr;
};

/* False and a note if the object cannot be read. */
bool oracle_open(struct oracle *oracle, const char *path);
void oracle_close(struct oracle *oracle);

/* The build-id as readelf -n prints it, "" if it prints none. */
bool oracle_build_id(const char *path, char *hex, size_t len);

/* A section as readelf -S prints it; all 0 if it prints none of that name. */
bool oracle_section(const char *path, const char *name, u64 *addr, u64 *offset, u64 *size);

/* All instructions, by address. */
bool oracle_disassemble(struct oracle_text *text, const char *path);
void oracle_free_text(struct oracle_text *text);

/* The first instruction at or behind @addr. */
size_t oracle_insn_at(const struct oracle_text *text, u64 addr);

#endif /* MLU_ORACLE_H */
