// SPDX-License-Identifier: GPL-2.0-only
/* Allocates in frames with a realigned stack and in frames of variable size. */
#include <alloca.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 64

static volatile unsigned long sum;
static void *kept[KEPT];

__attribute__((noinline)) static void use_block(char *p, size_t n)
{
	memset(p, n, n);
	sum += p[n / 2];
	free(kept[sum % KEPT]);
	kept[sum % KEPT] = malloc(n);
}

__attribute__((noinline)) static void use_aligned_frame(size_t n)
{
	char wide[256] __attribute__((aligned(64)));
	char *more = alloca(n);

	use_block(wide, sizeof(wide));
	use_block(more, n);
	use_block(wide, n);
}

__attribute__((noinline)) static void call_nested(unsigned int n)
{
	if (n) {
		use_aligned_frame(16 + n * 8);
		call_nested(n - 1);
	}
	sum++;
}

int main(void)
{
	for (;;)
		call_nested(30);
}
