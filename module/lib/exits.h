/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exits: find the instructions at which a function returns to its caller.
 *
 * A breakpoint on each of them sees the result of every call, without a change of the return
 * address on the stack. So all of them have to be found, or the function is refused with a reason.
 *
 * The code that a call may execute, besides that of the functions that it calls, is found by
 * following each instruction to the next ones from the function's first on: its closure. The
 * closure extends over the entries of the unwind data (FDE) that the function jumps to: its cold
 * parts, and functions of the same object that it ends with a jump to (tail calls); and over the
 * exception handlers of these entries, to which no instruction leads. Such functions may have
 * other callers and may also be called by the function itself: a hit of an exit's breakpoint is a
 * return of the function only if the stack pointer and the return address are those of its entry.
 *
 * A tail call of another object's function, or through a variable, is an exit at the jump. If it
 * is memset, memcpy or memmove, the result is the first argument; else the result is unknown,
 * and the function may be followed in another way. A compiler makes a jump table with an index, so
 * it does not jump through a variable at a fixed address.
 *
 * A tail call through the procedure linkage table, of a function that this object defines and
 * exports, is followed to this object's function. At run time the dynamic linker prefers an earlier
 * object's function of that name, unless the name is protected or hidden, or the object was linked
 * with -Bsymbolic, in which case the linker emits no named slot. The file alone cannot tell. A
 * breakpoint on the jump would not help: the result does not exist there. So the closure is marked
 * as interposable, and the caller has to make sure that no earlier object defines the name, or to
 * use another way to see the result.
 *
 * The end of a path: a return; an instruction that raises an exception; the end of the entry behind
 * a call, since compilers emit nothing behind a call that does not return.
 *
 * Pure: the only input is what the ELF reader reads, all state is in the structures below. The
 * bytes are hostile, see elf.h. Each byte of code is decoded once, and the closure is bounded.
 *
 * Context: as mlu_elf_source.read; never a probe handler. No locks.
 */
#ifndef MLU_EXITS_H
#define MLU_EXITS_H

#include "elf.h"

/* Exits of one function. */
#define MLU_EXITS_MAX 32
/* Entries of the unwind data that a closure may have. */
#define MLU_EXITS_MAX_RANGES 16
/* Bytes of code in these entries. */
#define MLU_EXITS_MAX_BYTES (64 * 1024)
/* Branches that have been seen and whose targets are not decoded yet. */
#define MLU_EXITS_MAX_PENDING 2048
/* Slots of the global offset table that jumps refer to, each time that one does. */
#define MLU_EXITS_MAX_SLOTS 32
/* Call sites in the tables of exception handlers. */
#define MLU_EXITS_MAX_HANDLERS 4096
/* Longest instruction of an exit: jmp *slot(%rip). */
#define MLU_EXIT_MAX_BYTES 6

/**
 * enum mlu_exits_refusal - why the exits of a function are unknown
 * @MLU_EXITS_OK: they are known
 * @MLU_EXITS_NO_ENTRY: no entry of the unwind data covers some of its code
 * @MLU_EXITS_UNDECODABLE: there is no instruction, or instructions overlap
 * @MLU_EXITS_COMPUTED: a jump to a computed address, as in a jump table
 * @MLU_EXITS_LEAVES: a conditional jump to another object's function
 * @MLU_EXITS_RETURN: it returns by another instruction than ret
 * @MLU_EXITS_HANDLERS: a table of exception handlers cannot be read
 * @MLU_EXITS_TOO_LARGE: too many exits, entries, branches, slots or bytes
 * @MLU_EXITS_NR_REFUSALS: how many there are
 */
enum mlu_exits_refusal {
	MLU_EXITS_OK,
	MLU_EXITS_NO_ENTRY,
	MLU_EXITS_UNDECODABLE,
	MLU_EXITS_COMPUTED,
	MLU_EXITS_LEAVES,
	MLU_EXITS_RETURN,
	MLU_EXITS_HANDLERS,
	MLU_EXITS_TOO_LARGE,
	MLU_EXITS_NR_REFUSALS
};

/**
 * struct mlu_refused_exits - why the return of a function is not seen at its exits
 * @word: for control
 * @sentence: the same in words, after "since"
 */
struct mlu_refused_exits {
	const char *word;
	const char *sentence;
};

extern const struct mlu_refused_exits mlu_refused_exits[MLU_EXITS_NR_REFUSALS];

/**
 * enum mlu_exit_kind - how an exit leaves the function
 * @MLU_EXIT_RETURN: by a ret; the result is in its register
 * @MLU_EXIT_FIRST: by a jump to a function that returns its first argument
 * @MLU_EXIT_LEAVE: by a jump to a function of another object, whose result is not known
 */
enum mlu_exit_kind {
	MLU_EXIT_RETURN,
	MLU_EXIT_FIRST,
	MLU_EXIT_LEAVE,
};

/**
 * struct mlu_exit - an instruction at which a function returns
 * @offset: its file offset, where a uprobe is registered
 * @vaddr: its address in the ELF file
 * @len: its length
 * @bytes: its bytes
 * @kind: how it leaves the function
 */
struct mlu_exit {
	u64 offset;
	u64 vaddr;
	u8 len;
	u8 bytes[MLU_EXIT_MAX_BYTES];
	enum mlu_exit_kind kind;
};

/**
 * struct mlu_exits - the exits of a function
 * @refusal: enum mlu_exits_refusal; unless it is MLU_EXITS_OK, the exits are incomplete
 * @where: address of the code that is refused
 * @leaves: there is an exit of the kind MLU_EXIT_LEAVE
 * @interposable: at run time, another object's functions may be jumped to, see above
 * @nr: how many; 0 if the function does not return
 * @exit: the exits, by address
 */
struct mlu_exits {
	enum mlu_exits_refusal refusal;
	u64 where;
	bool leaves;
	bool interposable;
	unsigned int nr;
	struct mlu_exit exit[MLU_EXITS_MAX];
};

/**
 * struct mlu_exits_range - an entry of the unwind data in the closure
 * @fde: the entry
 * @offset: file offset of its first byte
 * @base: number of its first byte among those of all ranges
 */
struct mlu_exits_range {
	struct mlu_elf_fde fde;
	u64 offset;
	u32 base;
};

/**
 * struct mlu_exits_work - memory for one search, 33 KiB: allocate it with kvmalloc()
 * @unwind: the unwind data
 * @nr_ranges: how many ranges
 * @range: the ranges
 * @nr_bytes: bytes of code in them
 * @nr_slots: slots that were looked up
 * @nr_handlers: call sites that were read
 * @nr_pending: how many addresses are pending
 * @pending: addresses of instructions to be decoded
 * @begins: a bit for each byte of code: an instruction begins there, decoded or pending
 * @inside: a bit for each byte of code: it is in a decoded instruction, but not its first byte
 */
struct mlu_exits_work {
	struct mlu_elf_unwind unwind;
	unsigned int nr_ranges;
	struct mlu_exits_range range[MLU_EXITS_MAX_RANGES];
	u32 nr_bytes;
	unsigned int nr_slots;
	unsigned int nr_handlers;
	unsigned int nr_pending;
	u64 pending[MLU_EXITS_MAX_PENDING];
	u8 begins[MLU_EXITS_MAX_BYTES / 8];
	u8 inside[MLU_EXITS_MAX_BYTES / 8];
};

int mlu_exits_find(struct mlu_elf *elf, u64 vaddr, struct mlu_exits_work *work,
		   struct mlu_exits *exits);

#endif /* MLU_EXITS_H */
