// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library to be stripped: an exported symbol without a size, as in hand-written assembler, hidden
 * functions behind it, and an exported function with two unwind entries.
 */
__asm__(".text\n"
	".globl no_size\n"
	".type no_size, @function\n"
	"no_size:\n"
	"	ret\n"
	".globl two_entries\n"
	".type two_entries, @function\n"
	"two_entries:\n"
	"	.cfi_startproc\n"
	"	nop\n"
	"	.cfi_endproc\n"
	"	.cfi_startproc\n"
	"	nop\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size two_entries, . - two_entries\n"
	".globl no_size_last\n"
	".type no_size_last, @function\n"
	"no_size_last:\n"
	"	ret\n");

static __attribute__((noinline, used)) int hidden_first(int n)
{
	return n * 3;
}

int exported(int n)
{
	return hidden_first(n) + 1;
}

__attribute__((noinline, visibility("hidden"))) int hidden_last(int n)
{
	return exported(n) + 2;
}

int exported_last(int n)
{
	return hidden_last(n) + 3;
}
