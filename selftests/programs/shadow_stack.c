// SPDX-License-Identifier: GPL-2.0-only
/*
 * shadow_stack: one step that keeps blocks while the processor compares each return address with
 * that on a shadow stack. Exit status 4 if this cannot be turned on.
 *
 * The shadow stack is empty when it is turned on: main() must not return.
 *
 * Used by exits.
 */
#include <sys/syscall.h>

#include "program.h"

#define SIZE 500
#define BLOCKS 20
#define ARCH_SHSTK_ENABLE 0x5001
#define ARCH_SHSTK_SHSTK 1

/* Makes no call, as no return address of a caller is on the new shadow stack. */
static inline __attribute__((always_inline)) long turn_on(void)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_arch_prctl), "D"(ARCH_SHSTK_ENABLE), "S"(ARCH_SHSTK_SHSTK)
			 : "rcx", "r11", "memory");
	return result;
#else
	return -1;
#endif
}

static void keep_blocks(void)
{
	int i;

	for (i = 0; i < BLOCKS; i++) {
		program_keep(malloc(SIZE + i), SIZE + i);
		program_keep(realloc(calloc(1, SIZE), 3 * SIZE), 3 * SIZE);
		free(malloc(SIZE));
	}
}

int main(void)
{
	if (turn_on())
		_exit(4);
	program_ready();
	keep_blocks();
	program_done();
	_exit(0);
}
