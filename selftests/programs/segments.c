// SPDX-License-Identifier: GPL-2.0-only
/*
 * segments: 40 functions, each in an executable segment of its own, as linker scripts and post-link
 * optimizers produce them. (The Makefile passes an address for each section to the linker.) A step
 * calls the last function, each function calls the one before, and the first one keeps 7000 bytes.
 *
 * Used by frames.
 */
#include "program.h"

#define IN_SEGMENT(n) __attribute__((noinline, noclone, section(".segment" #n)))

static IN_SEGMENT(00) void segment_00(void)
{
	program_keep(malloc(7000), 7000);
}

#define SEGMENT(n, inner)                           \
	static IN_SEGMENT(n) void segment_##n(void) \
	{                                           \
		segment_##inner();                  \
		__asm__ volatile("");               \
	}

SEGMENT(01, 00)
SEGMENT(02, 01)
SEGMENT(03, 02)
SEGMENT(04, 03)
SEGMENT(05, 04)
SEGMENT(06, 05)
SEGMENT(07, 06)
SEGMENT(08, 07)
SEGMENT(09, 08)
SEGMENT(10, 09)
SEGMENT(11, 10)
SEGMENT(12, 11)
SEGMENT(13, 12)
SEGMENT(14, 13)
SEGMENT(15, 14)
SEGMENT(16, 15)
SEGMENT(17, 16)
SEGMENT(18, 17)
SEGMENT(19, 18)
SEGMENT(20, 19)
SEGMENT(21, 20)
SEGMENT(22, 21)
SEGMENT(23, 22)
SEGMENT(24, 23)
SEGMENT(25, 24)
SEGMENT(26, 25)
SEGMENT(27, 26)
SEGMENT(28, 27)
SEGMENT(29, 28)
SEGMENT(30, 29)
SEGMENT(31, 30)
SEGMENT(32, 31)
SEGMENT(33, 32)
SEGMENT(34, 33)
SEGMENT(35, 34)
SEGMENT(36, 35)
SEGMENT(37, 36)
SEGMENT(38, 37)
SEGMENT(39, 38)

int main(void)
{
	program_ready();
	do {
		segment_39();
		__asm__ volatile("");
	} while (program_done() != 'e');
	return 0;
}
