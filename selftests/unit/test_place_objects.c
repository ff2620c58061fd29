// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_place_objects: the places of breakpoints in real objects, compared with objdump's output.
 *
 *	test_place_objects [+]OBJECT...
 *
 * The places of all functions of an object are checked, not only of the allocation functions, so
 * that the decoder sees some thousand first instructions. For the allocation functions the test
 * proves what the module cannot check at attach: that no branch in the whole object leads to a
 * skipped instruction. For functions that only jump, which may get no probe, the target is compared
 * with objdump's. A plus sign: malloc, calloc, realloc and free of this object must have an
 * emulated place. On kernels that skip an instruction that the handler has executed, no allocation
 * function of any object may be single-stepped.
 */
#include "prototypes.h"
#include "image.h"
#include "oracle.h"
#include "place.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define MAX_CODE 65536

struct object {
	const char *path;
	struct image image;
	struct oracle oracle;
	struct oracle_text text;
	u8 *code;
};

/* @newest: the kernel emulates multi-byte nops, and skips an instruction that was executed. */
static bool places_of(struct object *o, const struct mlu_elf_symbol *sym, bool newest,
		      struct mlu_places *places)
{
	bool whole;
	int len = mlu_elf_code(&o->image.elf, sym, o->code, MAX_CODE, &whole);

	if (len > 0)
		mlu_places_find(o->code, len, whole, newest, newest, places);
	return len > 0;
}

/* === objdump's instructions === */

static bool starts_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_emulated_text(const struct oracle_insn *insn, bool nops)
{
	const char *text = insn->text;

	if (starts_with(text, "nop") || starts_with(text, "xchg   %ax,%ax"))
		return nops || !strpbrk(text, "(");
	if (starts_with(text, "push   %r"))
		return true;
	return insn->target && (text[0] == 'j' || starts_with(text, "call"));
}

/* The last operand is the destination. */
static bool is_free_destination(const char *text)
{
	static const char *const free_registers[] = { "%rax", "%eax", "%r8",   "%r8d", "%r9",
						      "%r9d", "%r10", "%r10d", "%r11", "%r11d" };
	const char *last = strrchr(text, ',');
	unsigned int i;

	for (i = 0; last && i < ARRAY_SIZE(free_registers); i++) {
		if (starts_with(last + 1, free_registers[i]) &&
		    !strpbrk(last + 1 + strlen(free_registers[i]), ")abdw"))
			return true;
	}
	return false;
}

/* Reads no memory but the object's variables; changes only flags or a free register. */
static bool is_harmless_text(const char *text)
{
	if (starts_with(text, "endbr64") || starts_with(text, "nop"))
		return true;
	if (strchr(text, '(') && !strstr(text, "(%rip)"))
		return false;
	if (starts_with(text, "test") || starts_with(text, "cmp"))
		return !starts_with(text, "cmpx") && !starts_with(text, "cmps ");
	return starts_with(text, "mov ") && is_free_destination(text);
}

/* Instructions whose effect does not depend on the address from which they are executed. */
static bool is_data_text(const char *text)
{
	static const char *const mnemonics[] = { "mov", "lea",	"add", "sub",  "adc",  "sbb",
						 "and", "or",	"xor", "cmp",  "test", "shl",
						 "shr", "sar",	"rol", "ror",  "rcl",  "rcr",
						 "mul", "imul", "div", "idiv", "neg",  "not" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mnemonics); i++)
		if (starts_with(text, mnemonics[i]))
			return true;
	return false;
}

/* Moves, computes or compares; writes no memory. */
static bool is_executed_text(const char *text)
{
	static const char *const mnemonics[] = { "mov", "lea", "add",  "sub",	  "and", "or",
						 "xor", "cmp", "test", "endbr64", "xchg" };
	const char *memory = strchr(text, '('), *to = strrchr(text, ',');
	unsigned int i;

	if (strstr(text, "nop"))
		return true;
	if (strchr(text, ':') || starts_with(text, "movz") || starts_with(text, "movs"))
		return false;
	/* The memory is the destination, which comes last. */
	if (memory && (to < memory || to < strchr(memory, ')')) && !starts_with(text, "cmp") &&
	    !starts_with(text, "test"))
		return false;
	for (i = 0; i < ARRAY_SIZE(mnemonics); i++)
		if (starts_with(text, mnemonics[i]))
			return true;
	return false;
}

/* Instruction by instruction from the function's first byte to the place. */
static bool is_right_place(struct object *o, u64 value, const struct mlu_place *place, bool newest)
{
	size_t i = oracle_insn_at(&o->text, value);

	for (; i < o->text.nr && o->text.insns[i].addr < value + place->offset; i++) {
		if (!is_harmless_text(o->text.insns[i].text))
			return false;
	}
	if (i == o->text.nr || o->text.insns[i].addr != value + place->offset)
		return false;
	if (place->kind == MLU_PLACE_EMULATED)
		return is_emulated_text(&o->text.insns[i], newest);
	if (place->kind != MLU_PLACE_STEPPED)
		return is_executed_text(o->text.insns[i].text);
	return !place->offset || is_data_text(o->text.insns[i].text);
}

static bool are_right_places(struct object *o, u64 value, const struct mlu_places *places,
			     bool newest)
{
	unsigned int i;

	for (i = 0; i < places->nr; i++)
		if (!is_right_place(o, value, &places->place[i], newest))
			return false;
	return places->nr;
}

static void note_places(const char *name, const struct mlu_places *places)
{
	static const char *const words[] = { "emulated", "executed", "executed (frame)",
					     "stepped" };
	char text[256] = "";
	unsigned int i;

	for (i = 0; i < places->nr; i++)
		sprintf(text + strlen(text), " +%u %s", places->place[i].offset,
			words[places->place[i].kind]);
	tap_note("%s%s", name, text);
}

static bool is_right_function(struct object *o, const struct oracle_symbol *symbol, bool newest,
			      unsigned int *moved)
{
	const char *const names[] = { symbol->name };
	struct mlu_elf_symbol sym;
	struct mlu_places places;

	if (!symbol->function || strlen(symbol->name) > MLU_ELF_MAX_NAME ||
	    mlu_elf_find(&o->image.elf, names, 1, &sym) != 1)
		return true;
	if (!places_of(o, &sym, newest, &places) ||
	    !are_right_places(o, sym.value, &places, newest)) {
		note_places(symbol->name, &places);
		return false;
	}
	*moved += places.place[0].offset > 0;
	return true;
}

static void test_every_function(struct object *o, bool newest)
{
	unsigned int moved = 0;
	bool good = true;
	size_t i;

	for (i = 0; i < o->oracle.nr_symbols && good; i++)
		good = is_right_function(o, &o->oracle.symbols[i], newest, &moved);
	tap_ok(good && i,
	       "%s: the places in %zu symbols agree with objdump, %u after the first instruction%s",
	       o->path, i, moved, newest ? ", of the newest kernel" : "");
}

/* === The whole object === */

/* Return: true if a branch of the object leads to [first, last] or a function starts there */
static bool is_landed_on(const struct object *o, u64 first, u64 last)
{
	size_t i;

	for (i = 0; i < o->text.nr; i++) {
		if (o->text.insns[i].target >= first && o->text.insns[i].target <= last)
			return true;
	}
	for (i = 0; i < o->oracle.nr_symbols; i++) {
		if (o->oracle.symbols[i].function && o->oracle.symbols[i].value >= first &&
		    o->oracle.symbols[i].value <= last)
			return true;
	}
	return false;
}

static void test_allocators(struct object *o)
{
	struct mlu_elf_symbol sym[MLU_MAX_PROTOTYPES];
	const char *names[MLU_MAX_PROTOTYPES];
	struct mlu_places places;
	unsigned int i, k;
	bool good = true, stepped = false;

	for (i = 0; i < mlu_nr_prototypes; i++)
		names[i] = mlu_prototypes[i].name;
	if (mlu_elf_find(&o->image.elf, names, mlu_nr_prototypes, sym) <= 0) {
		tap_ok(false, "%s: allocation functions are found", o->path);
		return;
	}
	for (i = 0; i < mlu_nr_prototypes; i++) {
		if (!sym[i].found)
			continue;
		good &= places_of(o, &sym[i], false, &places);
		for (k = 0; k < places.nr; k++)
			good &= !places.place[k].offset ||
				!is_landed_on(o, sym[i].value + 1,
					      sym[i].value + places.place[k].offset);
		good &= places_of(o, &sym[i], true, &places);
		/* Rare functions may be: those that only map memory. */
		stepped |= places.place[0].kind == MLU_PLACE_STEPPED &&
			   !mlu_prototype_is_rare(&mlu_prototypes[i]);
		note_places(names[i], &places);
		for (k = 0; k < places.nr; k++)
			good &= !places.place[k].offset ||
				!is_landed_on(o, sym[i].value + 1,
					      sym[i].value + places.place[k].offset);
	}
	tap_ok(good, "%s: no branch leads between the first byte of a function and its place",
	       o->path);
	tap_ok(!stepped, "%s: the newest kernel single-steps no function of heap blocks", o->path);
}

static void test_emulated(struct object *o)
{
	static const char *const names[] = { "malloc", "calloc", "realloc", "free" };
	struct mlu_elf_symbol sym[4];
	struct mlu_places places;
	unsigned int i;

	mlu_elf_find(&o->image.elf, names, 4, sym);
	for (i = 0; i < 4; i++)
		tap_ok(sym[i].found && places_of(o, &sym[i], false, &places) &&
			       places.place[0].kind == MLU_PLACE_EMULATED,
		       "%s: the place in %s is emulated", o->path, names[i]);
}

/* === Functions that only jump === */

/* Address of this object's function with the name of the linkage table's entry, or 0. */
static u64 value_of_linkage(const struct object *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->oracle.nr_symbols; i++) {
		const struct oracle_symbol *symbol = &o->oracle.symbols[i];

		if (symbol->function && !strcmp(symbol->name, name))
			return symbol->value;
	}
	return 0;
}

/* Return: false if it is not a direct jump */
static bool right_target(const struct object *o, const struct oracle_insn *insn, u64 *target)
{
	if (!starts_with(insn->text, "jmp ") || !insn->target)
		return false;
	*target = insn->linkage ? value_of_linkage(o, insn->linkage) : insn->target;
	return true;
}

/* As in "mov    %rdx,%rsi". */
static bool is_move_of_argument(const char *text)
{
	const char *to = strchr(text, ',');

	return starts_with(text, "mov    %r") && to &&
	       (starts_with(to, ",%rsi") || starts_with(to, ",%rdx") || starts_with(to, ",%rcx"));
}

static bool is_right_jump(struct object *o, const struct oracle_symbol *symbol, unsigned int *jumps)
{
	size_t i = oracle_insn_at(&o->text, symbol->value);
	struct mlu_elf_symbol sym = { .found = true, .value = symbol->value, .size = symbol->size };
	u64 right, target = 0;
	bool whole;
	int len, ret;

	i += i < o->text.nr && starts_with(o->text.insns[i].text, "endbr64");
	i += i < o->text.nr && is_move_of_argument(o->text.insns[i].text);
	if (!symbol->function || i >= o->text.nr)
		return true;
	len = mlu_elf_code(&o->image.elf, &sym, o->code, MAX_CODE, &whole);
	if (len <= 0)
		return false;
	ret = mlu_elf_jump(&o->image.elf, symbol->value, o->code, len, &target);
	if (!right_target(o, &o->text.insns[i], &right))
		return ret == 0 || strstr(o->text.insns[i].text, "jmp");
	if (ret != 1 || target != right)
		tap_note("%s: seen: jump %d to %#llx; expected: %#llx", symbol->name, ret, target,
			 right);
	*jumps += 1;
	return ret == 1 && target == right;
}

static void test_jumps(struct object *o)
{
	unsigned int jumps = 0;
	bool good = true;
	size_t i;

	for (i = 0; i < o->oracle.nr_symbols; i++)
		good &= is_right_jump(o, &o->oracle.symbols[i], &jumps);
	tap_ok(good, "%s: the targets of %u functions that only jump agree with objdump", o->path,
	       jumps);
}

static void test_object(const char *path, bool must_be_emulated)
{
	struct object o = { .path = path, .code = malloc(MAX_CODE) };

	if (!oracle_open(&o.oracle, path) || !image_load(&o.image, path) ||
	    !oracle_disassemble(&o.text, path) || image_open(&o.image, 4096)) {
		tap_ok(false, "%s: the object can be read", path);
		return;
	}
	test_allocators(&o);
	if (must_be_emulated)
		test_emulated(&o);
	test_every_function(&o, false);
	test_every_function(&o, true);
	test_jumps(&o);
	oracle_free_text(&o.text);
	oracle_close(&o.oracle);
	image_free(&o.image);
	free(o.code);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		test_object(argv[i] + (argv[i][0] == '+'), argv[i][0] == '+');
	return tap_end();
}
