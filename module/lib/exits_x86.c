// SPDX-License-Identifier: GPL-2.0-only
/*
 * exits_x86: find the instructions at which a function returns, see exits.h.
 *
 * A stack of pending addresses; each is taken, its instruction decoded, and the addresses behind it
 * are added unless an instruction begins there already. A refusal ends the search, so does an error
 * of the source. Functions that return an int return 0 also after a refusal.
 *
 * Sources: insn.h for the instructions; System V ABI, AMD64 supplement, 3.2.3 (result) and 5.2
 * (procedure linkage table).
 *
 * Pure and hostile, see exits.h.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"
#include "exits.h"
#include "insn.h"

#define PREFIX_LOCK 0xf0
#define OPCODE_JUMP 0xe9
#define OPCODE_SHORT_JUMP 0xeb
#define OPCODE_GROUP 0xff

static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

/*
 * Functions that return their first argument. The checking ones are called instead by programs that
 * are built with _FORTIFY_SOURCE; they return the same or end the program.
 */
static const char *const returns_first[] = { "memset",	     "memcpy",	     "memmove",
					     "__memset_chk", "__memcpy_chk", "__memmove_chk" };

const struct mlu_refused_exits mlu_refused_exits[MLU_EXITS_NR_REFUSALS] = {
	[MLU_EXITS_OK] = { "ok", "they are known" },
	[MLU_EXITS_NO_ENTRY] = { "no_entry", "some of its code has no unwind entry" },
	[MLU_EXITS_UNDECODABLE] = { "undecodable", "its code cannot be decoded" },
	[MLU_EXITS_COMPUTED] = { "computed_jump", "it jumps to a computed address" },
	[MLU_EXITS_LEAVES] = { "leaves", "it jumps to a function of another object" },
	[MLU_EXITS_RETURN] = { "other_return", "it returns by another instruction than ret" },
	[MLU_EXITS_HANDLERS] = { "handlers", "its exception handlers cannot be read" },
	[MLU_EXITS_TOO_LARGE] = { "too_large", "its code is too large" },
};

struct exits_search {
	struct mlu_elf *elf;
	struct mlu_exits_work *work;
	struct mlu_exits *exits;
};

/* An instruction: its address, its range, its bytes and those behind it in the range. */
struct code_at {
	u64 vaddr;
	const struct mlu_exits_range *range;
	u8 bytes[MLU_INSN_MAX];
	size_t len;
	struct mlu_insn insn;
};

static int refuse_code(struct exits_search *s, enum mlu_exits_refusal refusal, u64 where)
{
	if (s->exits->refusal == MLU_EXITS_OK) {
		s->exits->refusal = refusal;
		s->exits->where = where;
	}
	return 0;
}

static bool test_bit_of(const u8 *bits, u32 nr)
{
	return bits[nr / 8] & 1 << nr % 8;
}

static void set_bit_of(u8 *bits, u32 nr)
{
	bits[nr / 8] |= 1 << nr % 8;
}

/* === Ranges === */

static const struct mlu_exits_range *find_range(const struct mlu_exits_work *w, u64 vaddr)
{
	unsigned int i;

	for (i = 0; i < w->nr_ranges; i++)
		if (vaddr >= w->range[i].fde.start && vaddr < w->range[i].fde.end)
			return &w->range[i];
	return NULL;
}

/* Add the entry that covers an address; @added is NULL after a refusal. */
static int add_range_at(struct exits_search *s, u64 vaddr, const struct mlu_exits_range **added)
{
	struct mlu_exits_work *w = s->work;
	struct mlu_exits_range *range = &w->range[w->nr_ranges];
	u64 len, offset, extent;
	struct mlu_elf_fde fde;
	int ret;

	*added = NULL;
	ret = mlu_elf_fde(s->elf, &w->unwind, vaddr, &fde);
	if (ret < 0)
		return ret;
	len = ret ? fde.end - fde.start : 0;
	if (!ret || !mlu_elf_extent(s->elf, fde.start, true, &offset, &extent) || len > extent)
		return refuse_code(s, MLU_EXITS_NO_ENTRY, vaddr);
	if (w->nr_ranges == MLU_EXITS_MAX_RANGES || len > MLU_EXITS_MAX_BYTES - w->nr_bytes)
		return refuse_code(s, MLU_EXITS_TOO_LARGE, vaddr);
	range->fde = fde;
	range->offset = offset;
	range->base = w->nr_bytes;
	w->nr_bytes += len;
	w->nr_ranges++;
	*added = range;
	return 0;
}

/* Make the instruction at an address pending, unless it has been seen. */
static int add_pending(struct exits_search *s, u64 vaddr)
{
	struct mlu_exits_work *w = s->work;
	const struct mlu_exits_range *range = find_range(w, vaddr);
	u32 nr;
	int err;

	if (!range) {
		err = add_range_at(s, vaddr, &range);
		if (err || !range)
			return err;
	}
	nr = range->base + (vaddr - range->fde.start);
	if (test_bit_of(w->inside, nr))
		return refuse_code(s, MLU_EXITS_UNDECODABLE, vaddr);
	if (test_bit_of(w->begins, nr))
		return 0;
	if (w->nr_pending == MLU_EXITS_MAX_PENDING)
		return refuse_code(s, MLU_EXITS_TOO_LARGE, vaddr);
	set_bit_of(w->begins, nr);
	w->pending[w->nr_pending++] = vaddr;
	return 0;
}

/* === Exits === */

/* The exits are sorted by address. */
static int add_exit(struct exits_search *s, const struct code_at *c, enum mlu_exit_kind kind)
{
	struct mlu_exits *exits = s->exits;
	struct mlu_exit *exit;
	unsigned int i;

	if (exits->nr == MLU_EXITS_MAX)
		return refuse_code(s, MLU_EXITS_TOO_LARGE, c->vaddr);
	for (i = exits->nr; i && exits->exit[i - 1].vaddr > c->vaddr; i--)
		exits->exit[i] = exits->exit[i - 1];
	exits->nr++;
	exit = &exits->exit[i];
	memset(exit, 0, sizeof(*exit));
	exit->offset = c->range->offset + (c->vaddr - c->range->fde.start);
	exit->vaddr = c->vaddr;
	exit->len = c->insn.len;
	memcpy(exit->bytes, c->bytes, c->insn.len);
	exit->kind = kind;
	exits->leaves |= kind == MLU_EXIT_LEAVE;
	return 0;
}

/* === Jumps === */

/* No prefix, and the jump does not depend on a condition. */
static bool is_plain_jump(const struct code_at *c)
{
	return (c->bytes[0] == OPCODE_JUMP || c->bytes[0] == OPCODE_SHORT_JUMP ||
		c->bytes[0] == OPCODE_GROUP) &&
	       c->insn.len <= MLU_EXIT_MAX_BYTES;
}

static int add_jump(struct exits_search *s, const struct code_at *c, enum mlu_exit_kind kind)
{
	if (!is_plain_jump(c))
		return refuse_code(s, MLU_EXITS_LEAVES, c->vaddr);
	return add_exit(s, c, kind);
}

/* The instruction at @c leads to the function whose address is in a slot. */
static int follow_slot(struct exits_search *s, const struct code_at *c,
		       const struct mlu_elf_slot *slot)
{
	int ret;

	if (s->work->nr_slots++ == MLU_EXITS_MAX_SLOTS)
		return refuse_code(s, MLU_EXITS_TOO_LARGE, c->vaddr);
	ret = mlu_elf_slot_is(s->elf, slot, returns_first, ARRAY_SIZE(returns_first));
	if (ret < 0)
		return ret;
	if (ret || !slot->function)
		return add_jump(s, c, ret ? MLU_EXIT_FIRST : MLU_EXIT_LEAVE);
	s->exits->interposable |= slot->interposable;
	return add_pending(s, slot->function);
}

/*
 * Look up the slot of an entry of the procedure linkage table: jmp *slot(%rip), endbr64 may precede
 * it. Returns 1 if it is one, 0 for other code.
 */
static int look_up_linkage(struct exits_search *s, u64 vaddr, struct mlu_elf_slot *slot)
{
	u8 bytes[sizeof(endbr64) + MLU_INSN_MAX];
	size_t len, at = 0;
	u64 offset, extent;
	struct mlu_insn insn;
	int err;

	if (!mlu_elf_extent(s->elf, vaddr, true, &offset, &extent))
		return 0;
	len = min_t(u64, extent, sizeof(bytes));
	err = mlu_elf_copy(s->elf, offset, bytes, len);
	if (err)
		return err;
	if (len >= sizeof(endbr64) && !memcmp(bytes, endbr64, sizeof(endbr64)))
		at = sizeof(endbr64);
	if (!mlu_insn_decode(bytes + at, len - at, &insn) || insn.flow != MLU_INSN_JUMP_SLOT)
		return 0;
	return mlu_elf_slot(s->elf, vaddr + at + insn.len + insn.distance, slot);
}

/* A branch or jump to @target, which may be an entry of the linkage table. */
static int follow_target(struct exits_search *s, const struct code_at *c, u64 target)
{
	struct mlu_elf_slot slot;
	int ret;

	if (find_range(s->work, target))
		return add_pending(s, target);
	ret = look_up_linkage(s, target, &slot);
	if (ret < 0)
		return ret;
	return ret ? follow_slot(s, c, &slot) : add_pending(s, target);
}

static int follow_jump_slot(struct exits_search *s, const struct code_at *c, u64 vaddr)
{
	struct mlu_elf_slot slot;
	int ret = mlu_elf_slot(s->elf, vaddr, &slot);

	if (ret < 0)
		return ret;
	return ret ? follow_slot(s, c, &slot) : add_jump(s, c, MLU_EXIT_LEAVE);
}

/* === Instructions === */

static int follow_insn(struct exits_search *s, const struct code_at *c)
{
	u64 next = c->vaddr + c->insn.len, target = next + c->insn.distance;
	int err;

	switch (c->insn.flow) {
	case MLU_INSN_NEXT:
		return add_pending(s, next);
	case MLU_INSN_CALL:
		return next == c->range->fde.end ? 0 : add_pending(s, next);
	case MLU_INSN_BRANCH:
		err = add_pending(s, next);
		return err ? err : follow_target(s, c, target);
	case MLU_INSN_JUMP:
		return follow_target(s, c, target);
	case MLU_INSN_JUMP_SLOT:
		return follow_jump_slot(s, c, target);
	case MLU_INSN_JUMP_COMPUTED:
		return refuse_code(s, MLU_EXITS_COMPUTED, c->vaddr);
	case MLU_INSN_RETURN:
		return add_exit(s, c, MLU_EXIT_RETURN);
	case MLU_INSN_OTHER_RETURN:
		return refuse_code(s, MLU_EXITS_RETURN, c->vaddr);
	case MLU_INSN_STOP:
		return 0;
	}
	return refuse_code(s, MLU_EXITS_UNDECODABLE, c->vaddr);
}

/*
 * C libraries jump over the lock prefix of an instruction in a process with one thread. So the
 * prefix is taken for an instruction, and what follows it for the next one.
 */
static bool decode_insn(struct code_at *c)
{
	if (!mlu_insn_decode(c->bytes, c->len, &c->insn))
		return false;
	if (c->bytes[0] == PREFIX_LOCK) {
		c->insn.len = 1;
		c->insn.flow = MLU_INSN_NEXT;
	}
	return true;
}

/* False if another instruction begins in the middle of this one. */
static bool claim_bytes(struct mlu_exits_work *w, u32 first, u32 len)
{
	u32 i;

	for (i = first + 1; i < first + len; i++) {
		if (test_bit_of(w->begins, i))
			return false;
		set_bit_of(w->inside, i);
	}
	return true;
}

static int decode_at(struct exits_search *s, u64 vaddr)
{
	struct code_at c = { .vaddr = vaddr, .range = find_range(s->work, vaddr) };
	u64 at = vaddr - c.range->fde.start;
	int err;

	c.len = min_t(u64, c.range->fde.end - vaddr, sizeof(c.bytes));
	err = mlu_elf_copy(s->elf, c.range->offset + at, c.bytes, c.len);
	if (err)
		return err;
	if (!decode_insn(&c) || !claim_bytes(s->work, c.range->base + at, c.insn.len))
		return refuse_code(s, MLU_EXITS_UNDECODABLE, vaddr);
	return follow_insn(s, &c);
}

/* The handlers of a range are followed after its other code. */
static int follow_handlers(struct exits_search *s, const struct mlu_elf_fde *fde)
{
	struct mlu_elf_handlers handlers;
	u64 vaddr;
	int ret;

	ret = mlu_elf_handlers(s->elf, fde, &handlers);
	while (!ret && !s->exits->refusal) {
		ret = mlu_elf_next_handler(s->elf, &handlers, &vaddr);
		if (ret != 1)
			break;
		if (s->work->nr_handlers++ == MLU_EXITS_MAX_HANDLERS)
			return refuse_code(s, MLU_EXITS_TOO_LARGE, fde->start);
		ret = vaddr ? add_pending(s, vaddr) : 0;
	}
	return ret == -ENOEXEC ? refuse_code(s, MLU_EXITS_HANDLERS, fde->start) : ret;
}

/* Decode all that is pending, and then the handlers of each range. */
static int follow_all(struct exits_search *s)
{
	struct mlu_exits_work *w = s->work;
	unsigned int done = 0;
	int err = 0;

	while (!err && !s->exits->refusal) {
		if (w->nr_pending) {
			err = decode_at(s, w->pending[--w->nr_pending]);
		} else {
			if (done == w->nr_ranges)
				return 0;
			if (w->range[done].fde.has_handlers)
				err = follow_handlers(s, &w->range[done].fde);
			done++;
		}
	}
	return err;
}

/**
 * mlu_exits_find() - find the exits of a function
 * @elf: an opened image
 * @vaddr: address of the function's first instruction in the ELF file
 * @work: memory for the search; its contents do not matter
 * @exits: the result
 *
 * Return: 0, also if the function is refused; or the error of the source.
 */
int mlu_exits_find(struct mlu_elf *elf, u64 vaddr, struct mlu_exits_work *work,
		   struct mlu_exits *exits)
{
	struct exits_search s = { .elf = elf, .work = work, .exits = exits };
	int err;

	memset(work, 0, sizeof(*work));
	memset(exits, 0, sizeof(*exits));
	err = mlu_elf_unwind(elf, &work->unwind);
	if (!err)
		err = add_pending(&s, vaddr);
	if (!err)
		err = follow_all(&s);
	return err == -ENOEXEC ? refuse_code(&s, MLU_EXITS_NO_ENTRY, vaddr) : err;
}
