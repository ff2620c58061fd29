// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_insn_objects: the instruction decoder's results in real objects, compared with objdump's.
 *
 *	test_insn_objects LIST [MINIMUM]
 *
 * LIST names a file with the path of an object on each line. The code of each entry of an object's
 * unwind data is decoded from its first byte to its last one. Each instruction must have objdump's
 * length, and continue where objdump's mnemonic says. At least MINIMUM objects must be compared.
 *
 * Not compared:
 *  - the rest of an entry behind bytes that are undecodable for both: data in the code;
 *  - the same behind an instruction that no processor of Intel has;
 *  - an entry at whose start objdump has no instruction: objdump decodes the padding in front of it
 *    as well, and is out of step.
 * Their numbers are printed.
 *
 * objdump prints fwait and a floating-point instruction behind it as one; the decoder takes them
 * for two, as the processor does.
 */
#include "cfi_internal.h"
#include "image.h"
#include "insn.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define MAX_NOTES 20
#define FWAIT 0x9b

/* Code that one entry covers. */
struct extent {
	u64 start, end;
};

/**
 * struct comparison - the state of the comparison of an object
 * @image: the object
 * @path: its path
 * @extents: what the entries cover, by address
 * @nr: how many
 * @now: index of the entry that is being compared
 * @at: address of the next instruction in it; 0: it is not compared, or not any more
 */
struct comparison {
	struct image image;
	const char *path;
	struct extent *extents;
	size_t nr;
	size_t now;
	u64 at;
};

static struct {
	unsigned long objects, entries, insns, branches, undecodable, foreign, unstarted,
		differences;
} total;

/* === objdump's text === */

static bool starts_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Skip prefixes that objdump prints as words; @others: any other than rep and bnd. */
static const char *skip_prefixes(const char *text, bool *rep, bool *others)
{
	static const char *const words[] = {
		"repz ", "repnz ", "bnd ", "notrack ", "data16 ", "addr32 ",   "lock ",	   "cs ",
		"ds ",	 "es ",	   "ss ",  "fs ",      "gs ",	  "xacquire ", "xrelease "
	};
	unsigned int i;

	*rep = *others = false;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!starts_with(text, words[i]))
			continue;
		text += strlen(words[i]);
		*rep |= i == 0;
		*others |= i > 0;
		i = -1;
	}
	if (starts_with(text, "rex")) {
		*others = true;
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return text;
}

static bool is_mnemonic(const char *text, const char *mnemonic)
{
	size_t len = strlen(mnemonic);

	return !strncmp(text, mnemonic, len) && (!text[len] || strchr(" ,", text[len]));
}

static bool is_one_of(const char *text, const char *const *mnemonics)
{
	for (; *mnemonics; mnemonics++)
		if (is_mnemonic(text, *mnemonics))
			return true;
	return false;
}

/* "jmp *%rax", but not "jmp 26300 <*ABS*+0x9d700@plt>" */
static bool is_indirect(const char *text)
{
	const char *symbol = strchr(text, '<'), *star = strchr(text, '*');

	return star && (!symbol || star < symbol);
}

static enum mlu_insn_flow flow_of_jump(const char *text)
{
	if (!is_indirect(text))
		return MLU_INSN_JUMP;
	return strstr(text, "(%rip)") && !strstr(text, "%cs:") ? MLU_INSN_JUMP_SLOT :
								 MLU_INSN_JUMP_COMPUTED;
}

static enum mlu_insn_flow flow_of_text(const char *text)
{
	static const char *const stops[] = { "ud0", "ud1", "ud2", "hlt", "int3", NULL };
	static const char *const returns[] = { "ret",	  "retw",     "retq",	  "lret",
					       "lretq",	  "lretw",    "lretl",	  "iret",
					       "iretq",	  "iretw",    "iretl",	  "sysretl",
					       "sysretq", "sysret",   "sysexitl", "sysexitq",
					       "sysexit", "sysenter", "uiret",	  NULL };
	bool rep, others;

	text = skip_prefixes(text, &rep, &others);
	if (is_mnemonic(text, "ret") && !others && !strchr(text, '$'))
		return MLU_INSN_RETURN;
	if (is_one_of(text, returns))
		return MLU_INSN_OTHER_RETURN;
	if (is_one_of(text, stops) || starts_with(text, "ud1") || starts_with(text, "ud0"))
		return MLU_INSN_STOP;
	if (starts_with(text, "call") || starts_with(text, "lcall"))
		return MLU_INSN_CALL;
	if (starts_with(text, "ljmp"))
		return MLU_INSN_JUMP_COMPUTED;
	if (starts_with(text, "jmp"))
		return flow_of_jump(text);
	if (text[0] == 'j' || starts_with(text, "loop") || starts_with(text, "xbegin"))
		return MLU_INSN_BRANCH;
	return MLU_INSN_NEXT;
}

/* "jne,pn 4f2a <x+0x1a>": the target; "jmp *0x2f(%rip)  # 5000 <y>": the slot. */
static u64 target_of_text(const char *text, enum mlu_insn_flow flow)
{
	const char *at = flow == MLU_INSN_JUMP_SLOT ? strchr(text, '#') : text;

	if (!at)
		return 0;
	if (flow == MLU_INSN_JUMP_SLOT)
		return strtoull(at + 1, NULL, 16);
	at = strstr(text, " <");
	if (!at)
		at = text + strlen(text);
	while (at > text && strchr("0123456789abcdef", at[-1]))
		at--;
	return strtoull(at, NULL, 16);
}

/* === One instruction === */

static void note_difference(const struct comparison *c, u64 addr, const char *text,
			    const char *what, u64 seen)
{
	if (total.differences++ < MAX_NOTES)
		tap_note("%s: %#llx: %.60s: %s: %llx", c->path, addr, text, what, seen);
}

static bool is_right_target(const struct mlu_insn *insn, u64 addr, const char *text)
{
	if (insn->flow == MLU_INSN_CALL && is_indirect(text))
		return !insn->distance;
	switch (insn->flow) {
	case MLU_INSN_CALL:
	case MLU_INSN_BRANCH:
	case MLU_INSN_JUMP:
	case MLU_INSN_JUMP_SLOT:
		total.branches++;
		return addr + insn->len + insn->distance == target_of_text(text, insn->flow);
	default:
		return !insn->distance;
	}
}

/*
 * Instructions that no processor of Intel has: AMD's XOP, which begins with 8F, and those of VIA's
 * random number generator and ciphers.
 */
static bool is_foreign(const u8 *code)
{
	code += *code == 0xf3;
	return (code[0] == 0x8f && (code[1] & 0x38)) ||
	       (code[0] == 0x0f && (code[1] == 0xa6 || code[1] == 0xa7));
}

/* The result moves c->at to the next instruction; 0 ends the comparison of the entry. */
static void compare_insn(struct comparison *c, u64 addr, const char *text)
{
	const struct extent *extent = &c->extents[c->now];
	enum mlu_insn_flow flow = flow_of_text(text);
	bool bad = strstr(text, "(bad)");
	struct mlu_insn insn;
	const u8 *code;
	u64 offset;

	image_offset(&c->image, addr, &offset);
	code = c->image.bytes + offset;
	c->at = 0;
	if (!mlu_insn_decode(code, min_t(u64, extent->end - addr, 64), &insn)) {
		if (is_foreign(code))
			total.foreign++;
		else if (bad)
			total.undecodable++;
		else
			note_difference(c, addr, text, "is undecodable", 0);
		return;
	}
	total.insns++;
	if (bad)
		note_difference(c, addr, text, "has a length", insn.len);
	else if (insn.flow != flow)
		note_difference(c, addr, text, "has flow", insn.flow);
	else if (!is_right_target(&insn, addr, text))
		note_difference(c, addr, text, "has distance", insn.distance);
	c->at = addr + insn.len;
	if (*code == FWAIT && text[0] == 'f' && !is_mnemonic(text, "fwait") &&
	    mlu_insn_decode(code + 1, extent->end - addr - 1, &insn))
		c->at += insn.len;
	if (c->at == extent->end)
		c->at = 0;
}

/* === One object === */

static size_t extent_at(const struct comparison *c, u64 addr)
{
	size_t low = 0, high = c->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (c->extents[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* Lines of objdump are in the order of addresses within a section. */
static void take_line(struct comparison *c, char *line)
{
	char *end;
	u64 addr = strtoull(line, &end, 16);
	size_t now;

	line[strcspn(line, "\n")] = 0;
	if (end == line || end[0] != ':' || end[1] != '\t' || !c->nr)
		return;
	if (c->at && addr >= c->extents[c->now].start && addr < c->extents[c->now].end) {
		if (addr == c->at) {
			compare_insn(c, addr, end + 2);
		} else {
			note_difference(c, addr, end + 2, "expected at", c->at);
			c->at = 0;
		}
		return;
	}
	if (c->at)
		note_difference(c, addr, end + 2, "expected in the entry", c->at);
	c->at = 0;
	now = extent_at(c, addr);
	if (now == (size_t)-1 || now == c->now || addr >= c->extents[now].end)
		return;
	c->now = now;
	if (addr != c->extents[now].start) {
		total.unstarted++;
		return;
	}
	total.entries++;
	compare_insn(c, addr, end + 2);
}

static void read_extents(struct comparison *c)
{
	struct mlu_cfi_entry *table, *spare;
	struct mlu_elf_unwind unwind;
	struct mlu_cfi_fde fde = {};
	struct mlu_cfi cfi;
	u64 offset;
	u32 i, nr;

	if (mlu_elf_unwind(&c->image.elf, &unwind))
		return;
	mlu_cfi_init(&cfi, c->image.bytes + unwind.offset, unwind.size, unwind.vaddr);
	nr = mlu_cfi_count(&cfi, U32_MAX);
	table = calloc(nr + 1, sizeof(*table));
	spare = calloc(nr + 1, sizeof(*spare));
	mlu_cfi_index(&cfi, table, spare, nr);
	c->extents = calloc(nr + 1, sizeof(*c->extents));
	for (i = 0; i < cfi.nr; i++) {
		if (mlu_cfi_fde_at(&cfi, table[i].fde, &fde) ||
		    !image_offset(&c->image, fde.start, &offset) ||
		    !image_offset(&c->image, fde.start + fde.len - 1, &offset))
			continue;
		c->extents[c->nr++] = (struct extent){ fde.start, fde.start + fde.len };
	}
	free(table);
	free(spare);
}

static void compare_object(const char *path)
{
	struct comparison c = { .path = path, .now = -1 };
	char line[1024];
	FILE *out;

	if (!image_load(&c.image, path) || image_open(&c.image, 4096)) {
		image_free(&c.image);
		return;
	}
	read_extents(&c);
	snprintf(line, sizeof(line), "LC_ALL=C objdump -dwz --no-show-raw-insn '%s' 2>/dev/null",
		 path);
	out = c.nr ? popen(line, "r") : NULL;
	while (out && fgets(line, sizeof(line), out))
		take_line(&c, line);
	if (out && pclose(out) == 0)
		total.objects++;
	free(c.extents);
	image_free(&c.image);
}

int main(int argc, char **argv)
{
	unsigned long minimum = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	FILE *list = argc > 1 ? fopen(argv[1], "r") : NULL;
	char path[512];

	while (list && fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = 0;
		compare_object(path);
	}
	if (list)
		fclose(list);
	tap_note("%lu instructions, %lu branches, calls and jumps in %lu entries of %lu objects",
		 total.insns, total.branches, total.entries, total.objects);
	tap_note("not compared: %lu entries from data on, %lu from other instructions, %lu out of step",
		 total.undecodable, total.foreign, total.unstarted);
	tap_ok(total.differences == 0, "length and continuation of all instructions are objdump's");
	tap_ok(total.objects >= minimum, "at least %lu objects are compared", minimum);
	return tap_end();
}
