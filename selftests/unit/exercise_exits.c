// SPDX-License-Identifier: GPL-2.0-only
/* exercise_exits: the module's calls on instructions and on a function's exits, see exercise.h. */
#include "exercise.h"
#include "exits.h"
#include "insn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(condition) must_hold(condition, #condition, __LINE__)

static void must_hold(bool holds, const char *condition, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, line, condition);
	abort();
}

/* === Instructions === */

static bool is_direct(enum mlu_insn_flow flow)
{
	return flow == MLU_INSN_CALL || flow == MLU_INSN_BRANCH || flow == MLU_INSN_JUMP ||
	       flow == MLU_INSN_JUMP_SLOT;
}

/* The result depends on the bytes of the instruction and on all of them. */
static void check_insn(const u8 *code, const struct mlu_insn *insn)
{
	struct mlu_insn again;

	must(insn->len && insn->len <= MLU_INSN_MAX && insn->flow <= MLU_INSN_STOP);
	must(insn->distance == (s32)insn->distance);
	must(!insn->distance || is_direct(insn->flow));
	must(mlu_insn_decode(code, insn->len, &again));
	must(again.len == insn->len && again.flow == insn->flow &&
	     again.distance == insn->distance);
	must(!mlu_insn_decode(code, insn->len - 1, &again));
	if (insn->flow == MLU_INSN_RETURN)
		must(code[insn->len - 1] == 0xc3 && insn->len <= 2);
}

/**
 * exercise_insn() - decode instructions; abort if an invariant of insn.h is broken
 * @code: bytes, each of which is taken for the first of an instruction
 * @len: how many
 */
void exercise_insn(const u8 *code, size_t len)
{
	struct mlu_insn insn;
	size_t i;

	for (i = 0; i <= len; i++) {
		if (!mlu_insn_decode(code + i, len - i, &insn))
			continue;
		must(insn.len <= len - i);
		check_insn(code + i, &insn);
	}
}

/* === Exits === */

static bool is_in_closure(const struct mlu_exits_work *work, const struct mlu_exit *exit)
{
	unsigned int i;

	for (i = 0; i < work->nr_ranges; i++)
		if (exit->vaddr >= work->range[i].fde.start &&
		    exit->vaddr + exit->len <= work->range[i].fde.end)
			return true;
	return false;
}

static void check_exit(const struct image *image, const struct mlu_exit *exit)
{
	struct mlu_insn insn;
	u64 offset;

	must(image_offset(image, exit->vaddr, &offset));
	must(exit->len && exit->len <= MLU_EXIT_MAX_BYTES);
	must(exit->offset <= image->src.size && exit->len <= image->src.size - exit->offset);
	must(!memcmp(exit->bytes, image->bytes + exit->offset, exit->len));
	must(mlu_insn_decode(exit->bytes, exit->len, &insn) && insn.len == exit->len);
	if (exit->kind != MLU_EXIT_RETURN)
		must(insn.flow == MLU_INSN_JUMP || insn.flow == MLU_INSN_JUMP_SLOT);
	else
		must(insn.flow == MLU_INSN_RETURN);
}

/*
 * Each instruction is read once, and each entry and slot that is looked up needs a number of reads
 * that depends on the size of the tables.
 */
static void check_reads(const struct image *image, unsigned long reads)
{
	must(reads <
	     3 * MLU_EXITS_MAX_BYTES + 2UL * (MLU_EXITS_MAX_RANGES + MLU_EXITS_MAX_SLOTS + 2) *
					       (1000 + image->src.size));
}

/**
 * exercise_exits() - find a function's exits; abort if an invariant of exits.h is broken
 * @image: an opened image
 * @vaddr: the function's address in the ELF file, or any other
 */
void exercise_exits(struct image *image, u64 vaddr)
{
	static struct mlu_exits_work work;
	struct mlu_exits exits, again;
	unsigned long reads = image->reads;
	unsigned int i;

	must(!mlu_exits_find(&image->elf, vaddr, &work, &exits));
	check_reads(image, image->reads - reads);
	must(exits.refusal < MLU_EXITS_NR_REFUSALS && exits.nr <= MLU_EXITS_MAX);
	must(work.nr_ranges <= MLU_EXITS_MAX_RANGES && work.nr_bytes <= MLU_EXITS_MAX_BYTES);
	for (i = 0; i < exits.nr; i++) {
		must(!i || exits.exit[i].vaddr > exits.exit[i - 1].vaddr);
		check_exit(image, &exits.exit[i]);
		must(is_in_closure(&work, &exits.exit[i]));
	}
	/* The result must not depend on the previous contents of the memory. */
	memset(&work, 0xff, sizeof(work));
	memset(&again, 0xff, sizeof(again));
	must(!mlu_exits_find(&image->elf, vaddr, &work, &again));
	must(again.refusal == exits.refusal && again.where == exits.where &&
	     again.interposable == exits.interposable && again.nr == exits.nr);
	for (i = 0; i < exits.nr; i++)
		must(again.exit[i].vaddr == exits.exit[i].vaddr &&
		     again.exit[i].kind == exits.exit[i].kind);
}
