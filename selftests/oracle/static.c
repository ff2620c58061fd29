// SPDX-License-Identifier: GPL-2.0-only
/*
 * static: compares all unwind rules of objects with those of elfutils' libdw.
 *
 *	static OBJECT...
 *
 * Prints one line for each object: PATH fdes F rows R equal E refused N different D after-call A,
 * followed by the refused rows by reason. A row is a range of addresses with one rule. libdw gives
 * the start and end of each row; our rule is looked up at its first and at its last byte. Refused
 * rows are those for which our parser returns a reason instead of a rule; after-call counts those
 * that a walk may need, since a call may end there. An entry that libdw finds in the section and
 * our index lacks counts as different. The first differences of each object are printed on stderr.
 *
 * Both sides are converted to text (rule_text.h): the CFA, and how each of the 17 registers is
 * restored. Registers that our rule omits have the defaults described in cfi.h. Expressions are
 * compared operation by operation.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object.h"
#include "rule_text.h"

#define MAX_PRINTED 5

/* One object's results. */
struct tally {
	const char *path;
	unsigned long fdes, rows, equal, refused, different, after_call;
	unsigned long by_reason[MLU_CFI_NR_REFUSALS];
	unsigned int printed;
};

static void count_different(struct tally *t, u64 addr, const char *what, const char *ours,
			    const char *theirs)
{
	t->different++;
	if (t->printed++ < MAX_PRINTED)
		fprintf(stderr, "%s: %#llx: %s: ours \"%s\", libdw's \"%s\"\n", t->path, addr, what,
			ours, theirs);
}

/*
 * Return: true if a call may end at @addr. Any bytes that could be a call count, also if they are
 * the end of another instruction.
 */
static bool may_follow_call(const struct object *o, u64 addr)
{
	const u8 *code = object_code(o, addr, 7);
	unsigned int len;

	if (!code)
		return false;
	if (code[2] == 0xe8)
		return true;
	for (len = 2; len <= 7; len++)
		if (code[7 - len] == 0xff && (code[8 - len] >> 3 & 7) == 2)
			return true;
	return false;
}

static void count_refused(struct tally *t, const struct object *o, enum mlu_cfi_refusal refusal,
			  u64 start, u64 end)
{
	u64 addr;

	t->refused++;
	t->by_reason[refusal]++;
	/* The rule of a call is looked up one byte before its return address. */
	for (addr = start + 1; addr <= end; addr++)
		if (may_follow_call(o, addr)) {
			t->after_call++;
			return;
		}
}

/* Compare the rules of one address. */
static enum mlu_cfi_refusal compare_at(struct tally *t, const struct object *o, Dwarf_Frame *frame,
				       bool signal, u64 addr, bool *equal)
{
	struct rule_text ours, theirs;
	struct mlu_cfi_rule rule;
	struct mlu_cfi_scratch scratch;
	enum mlu_cfi_refusal refusal = mlu_cfi_rule(&o->cfi, addr, &scratch, &rule);
	unsigned int reg;

	if (refusal)
		return refusal;
	rule_text_ours(&ours, &o->cfi, &rule);
	rule_text_libdw(&theirs, frame, signal);
	if (strcmp(ours.cfa, theirs.cfa)) {
		count_different(t, addr, "CFA", ours.cfa, theirs.cfa);
		*equal = false;
	}
	for (reg = 0; *equal && reg <= MLU_CFI_RA; reg++) {
		char name[16];

		if (!strcmp(ours.reg[reg], theirs.reg[reg]))
			continue;
		snprintf(name, sizeof(name), "register %u", reg);
		count_different(t, addr, name, ours.reg[reg], theirs.reg[reg]);
		*equal = false;
	}
	if (*equal && ours.signal != theirs.signal) {
		count_different(t, addr, "signal", ours.signal ? "yes" : "no",
				theirs.signal ? "yes" : "no");
		*equal = false;
	}
	return MLU_CFI_OK;
}

static void compare_row(struct tally *t, const struct object *o, Dwarf_Frame *frame, bool signal,
			u64 start, u64 end)
{
	enum mlu_cfi_refusal refusal;
	bool equal = true;

	t->rows++;
	refusal = compare_at(t, o, frame, signal, start, &equal);
	if (!refusal && equal && end - start > 1)
		refusal = compare_at(t, o, frame, signal, end - 1, &equal);
	if (refusal == MLU_CFI_NO_ENTRY)
		count_different(t, start, "entry", "none", "one");
	else if (refusal)
		count_refused(t, o, refusal, start, end);
	else if (equal)
		t->equal++;
}

/* Compare all rows of an FDE. One that libdw refuses counts as different. */
static void compare_fde(struct tally *t, const struct object *o, Dwarf_CFI *cfi, u64 start, u64 len)
{
	u64 addr = start;

	t->fdes++;
	while (addr - start < len) {
		Dwarf_Addr row_start, row_end;
		Dwarf_Frame *frame;
		bool signal;

		if (dwarf_cfi_addrframe(cfi, addr, &frame)) {
			count_different(t, addr, "libdw", "?", dwarf_errmsg(-1));
			return;
		}
		dwarf_frame_info(frame, &row_start, &row_end, &signal);
		if (row_end > start + len)
			row_end = start + len;
		if (row_end <= addr) {
			count_different(t, addr, "row", "?", "without an end");
			free(frame);
			return;
		}
		compare_row(t, o, frame, signal, addr, row_end);
		free(frame);
		addr = row_end;
	}
}

/* Cut each entry at the start of the next one, which would be used from there on. */
static void compare_all(struct tally *t, const struct object *o, Dwarf_CFI *cfi)
{
	u32 i;

	for (i = 0; i < o->cfi.nr; i++) {
		struct mlu_cfi_fde fde = {};
		u64 len;

		mlu_cfi_fde_at(&o->cfi, o->cfi.table[i].fde, &fde);
		len = fde.len;
		if (i + 1 < o->cfi.nr && o->cfi.table[i + 1].start - o->cfi.table[i].start < len)
			len = o->cfi.table[i + 1].start - o->cfi.table[i].start;
		compare_fde(t, o, cfi, fde.start, len);
	}
}

/* Each FDE that libdw finds in the section must be in our index, unless it covers no code. */
static void find_missing(struct tally *t, const struct object *o, const unsigned char *ident,
			 Elf_Data *data)
{
	Dwarf_Off offset = 0, next;
	Dwarf_CFI_Entry entry;
	int ret;

	while ((ret = dwarf_next_cfi(ident, data, true, offset, &next, &entry)) == 0) {
		struct mlu_cfi_fde fde = {};
		bool is_cie = dwarf_cfi_cie_p(&entry);
		enum mlu_cfi_refusal refusal = mlu_cfi_fde_at(&o->cfi, offset, &fde);

		if (!is_cie && refusal)
			count_different(t, offset, "entry at this offset",
					mlu_cfi_refusal_names[refusal], "one");
		else if (!is_cie && fde.len && fde.start && !object_has_entry(o, fde.start))
			count_different(t, fde.start, "entry", "not in the index", "one");
		offset = next;
	}
	if (ret < 0)
		count_different(t, offset, "section", "?", dwarf_errmsg(-1));
}

static Elf_Data *section_data(Elf *elf, u64 addr)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_addr == addr && shdr.sh_flags & SHF_ALLOC &&
		    shdr.sh_type != SHT_NOBITS)
			return elf_rawdata(scn, NULL);
	return NULL;
}

static void compare_object(const char *path)
{
	struct tally t = { .path = path };
	int fd = open(path, O_RDONLY);
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	struct object o;
	Dwarf_CFI *cfi;
	unsigned int i;

	if (!elf || !object_open(&o, path))
		goto out;
	cfi = dwarf_getcfi_elf(elf);
	if (cfi) {
		compare_all(&t, &o, cfi);
		find_missing(&t, &o, (const unsigned char *)elf_getident(elf, NULL),
			     section_data(elf, o.cfi.addr));
		dwarf_cfi_end(cfi);
	}
	printf("%s fdes %lu rows %lu equal %lu refused %lu different %lu after-call %lu", path,
	       t.fdes, t.rows, t.equal, t.refused, t.different, t.after_call);
	for (i = 0; i < MLU_CFI_NR_REFUSALS; i++)
		if (t.by_reason[i])
			printf(" %s %lu", mlu_cfi_refusal_names[i], t.by_reason[i]);
	putchar('\n');
	fflush(stdout);
	object_close(&o);
out:
	elf_end(elf);
	close(fd);
}

int main(int argc, char **argv)
{
	int i;

	elf_version(EV_CURRENT);
	for (i = 1; i < argc; i++)
		compare_object(argv[i]);
	return 0;
}
