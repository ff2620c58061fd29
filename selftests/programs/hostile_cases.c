// SPDX-License-Identifier: GPL-2.0-only
/*
 * Malformed and misleading unwind data, see hostile.h. The numbers are those of DWARF 5: section
 * 7.24 for call frame instructions (0x44 is DW_CFA_advance_loc by 4), 7.7.1 for expressions.
 */
#include <string.h>

#include "hostile.h"

void sane(void)
{
	fde(cie(), ROW_AT_CALL);
}

static void too_many_operations(void)
{
	size_t begin = open_ours(cie());
	int i;

	for (i = 0; i < 100000; i++) {
		byte(0x0e);
		byte(32);
	}
	close_entry(begin);
}

static void its_own_cie(void)
{
	cie();
	fde(used, ROW_AT_CALL);
}

static void cie_before_the_section(void)
{
	cie();
	fde(0, ROW_AT_CALL);
}

static void longer_than_the_section(void)
{
	size_t begin = used + 24;

	sane();
	memset(image + begin, 0xf0, 4);
}

/* 0xffffffff: a length of 64 bits follows. */
static void longer_than_memory(void)
{
	size_t of = cie(), begin = used;

	fde(of, ROW_AT_CALL);
	memset(image + begin, 0xff, 12);
}

static void two_of_one_address(void)
{
	size_t of = cie();

	fde(of, ROW_AT_CALL);
	fde(of, 0x44, 0x0e, 0);
	close_entry(open_fde(of, CODE_IMAGE_CODE_AT + 4, 4));
	close_entry(open_fde(of, 0, -1));
}

static void the_same_frame_again(void)
{
	fde(cie(), 0x44, 0x0e, 0);
}

static void down_the_stack(void)
{
	/* DW_CFA_def_cfa_sf: rsp, 8 times -8 */
	fde(cie(), 0x44, 0x12, 7, 8);
}

static void register_without_a_known_value(void)
{
	fde(cie(), 0x44, 0x0c, 0, 32);
}

static void register_that_does_not_exist(void)
{
	fde(cie(), 0x44, 0x0c, 99, 32);
}

/* DW_CFA_def_cfa_expression: DW_OP_const8u of a kernel address, DW_OP_deref. */
static void reads_the_kernel(void)
{
	fde(cie(), 0x44, 0x0f, 10, 0x0e, 0, 0, 0, 0, 0x80, 0x88, 0xff, 0xff, 0x06);
}

void reads_what_is_no_address(void)
{
	fde(cie(), 0x44, 0x0f, 10, 0x0e, 1, 2, 3, 4, 5, 6, 7, 0x88, 0x06);
}

/* DW_OP_skip to itself. */
static void loops_in_an_expression(void)
{
	fde(cie(), 0x44, 0x0f, 3, 0x2f, 0xfd, 0xff);
}

static void expression_without_end(void)
{
	fde(cie(), 0x44, 0x0f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x30);
}

/* 10000 times DW_OP_lit0. */
static void long_expression(void)
{
	size_t begin = open_ours(cie());

	byte(0x44);
	byte(0x0f);
	byte(0x90);
	byte(0x4e);
	repeat(0x30, 10000);
	close_entry(begin);
}

/* DW_OP_dup with an empty stack. */
static void expression_with_empty_stack(void)
{
	fde(cie(), 0x44, 0x0f, 1, 0x12);
}

/* DW_OP_div by 0. */
static void divides_by_zero(void)
{
	fde(cie(), 0x44, 0x0f, 3, 0x31, 0x30, 0x1b);
}

static void remembers_too_often(void)
{
	size_t begin = open_ours(cie());

	repeat(0x0a, 10000);
	close_entry(begin);
}

static void restores_what_was_not_remembered(void)
{
	fde(cie(), 0x0b, ROW_AT_CALL);
}

static void number_without_end(void)
{
	size_t begin = open_ours(cie());

	byte(0x0e);
	repeat(0x80, 5000);
	close_entry(begin);
}

static void unknown_operation(void)
{
	fde(cie(), 0x3f, ROW_AT_CALL);
}

static void unknown_version(void)
{
	size_t of = cie();

	image[of + 8] = 9;
	fde(of, ROW_AT_CALL);
}

static void unknown_augmentation(void)
{
	size_t of = open_cie("zRQ");

	close_entry(of);
	fde(of, ROW_AT_CALL);
}

static void unknown_encoding(void)
{
	size_t of = cie();

	image[of + 16] = 0x57;
	fde(of, ROW_AT_CALL);
}

static void no_entries(void)
{
}

static void header_leads_nowhere(void)
{
	sane();
	memset(image + CODE_IMAGE_HEADER_AT + 4, 0x7f, 4);
}

static void segment_behind_the_file(void)
{
	sane();
	header_of_image()->p_offset = ~0ull - 3;
}

static void code_in_no_segment(void)
{
	sane();
	load_of_image()->p_flags = PF_R;
}

static void more_segments_than_bytes(void)
{
	sane();
	((Elf64_Ehdr *)image)->e_phnum = 0xfffe;
}

void (*const hostile_cases[])(void) = {
	sane,
	too_many_operations,
	its_own_cie,
	cie_before_the_section,
	longer_than_the_section,
	longer_than_memory,
	two_of_one_address,
	the_same_frame_again,
	down_the_stack,
	register_without_a_known_value,
	register_that_does_not_exist,
	reads_the_kernel,
	reads_what_is_no_address,
	loops_in_an_expression,
	expression_without_end,
	long_expression,
	expression_with_empty_stack,
	divides_by_zero,
	remembers_too_often,
	restores_what_was_not_remembered,
	number_without_end,
	unknown_operation,
	unknown_version,
	unknown_augmentation,
	unknown_encoding,
	no_entries,
	header_leads_nowhere,
	segment_behind_the_file,
	code_in_no_segment,
	more_segments_than_bytes,
};

const size_t nr_hostile_cases = sizeof(hostile_cases) / sizeof(hostile_cases[0]);
