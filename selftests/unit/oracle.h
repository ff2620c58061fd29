/* SPDX-License-Identifier: GPL-2.0-only */
/* oracle: an object as libelf, readelf and objdump read it, to compare our results with. */
#ifndef MLU_ORACLE_H
#define MLU_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/**
 * struct oracle_symbol - a symbol of the dynamic table, or of a static program's symbol table
 * @name: its name
 * @value: its address
 * @size: its size
 * @function: it is a defined FUNC; in a dynamic table also global or weak, and visible
 * @local: it is local
 * @hidden_version: its version is not the default one
 */
struct oracle_symbol {
	char *name;
	u64 value, size;
	bool function;
	bool local;
	bool hidden_version;
};

/**
 * struct oracle_load - a PT_LOAD segment
 * @offset: its offset in the file
 * @vaddr: its address
 * @filesz: its size in the file
 * @exec: it is executable
 */
struct oracle_load {
	u64 offset, vaddr, filesz;
	bool exec;
};

/**
 * struct oracle - an object as libelf reads it
 * @symbols: its symbols, in the order of the table
 * @nr_symbols: how many
 * @loads: its segments that have bytes in the file
 * @nr_loads: how many
 * @interp: it has a PT_INTERP
 */
struct oracle {
	struct oracle_symbol *symbols;
	size_t nr_symbols;
	struct oracle_load loads[64];
	size_t nr_loads;
	bool interp;
};

/**
 * struct oracle_insn - an instruction as objdump prints it
 * @addr: its address
 * @target: target of a direct branch, else 0
 * @text: mnemonic and operands
 * @linkage: name of the linkage table's entry that is the target, else NULL
 */
struct oracle_insn {
	u64 addr;
	u64 target;
	char text[56];
	char *linkage;
};

/**
 * struct oracle_text - the disassembly of an object
 * @insns: its instructions by address
 * @nr: how many
 */
struct oracle_text {
	struct oracle_insn *insns;
	size_t nr;
};

bool oracle_open(struct oracle *oracle, const char *path);
void oracle_close(struct oracle *oracle);
bool oracle_build_id(const char *path, char *hex, size_t len);
bool oracle_section(const char *path, const char *name, u64 *addr, u64 *offset, u64 *size);
bool oracle_disassemble(struct oracle_text *text, const char *path);
void oracle_free_text(struct oracle_text *text);
size_t oracle_insn_at(const struct oracle_text *text, u64 addr);

#endif /* MLU_ORACLE_H */
