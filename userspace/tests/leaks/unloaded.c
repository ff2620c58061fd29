// SPDX-License-Identifier: GPL-2.0-only
/* A library whose variable has the only reference to a block, and that is unloaded. */
#include <stdlib.h>

static void *block;

void make_block(void);

void make_block(void)
{
	block = malloc(1017);
}
