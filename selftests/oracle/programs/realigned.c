// SPDX-License-Identifier: GPL-2.0-only
/* Realigned stacks, stacks of variable size, structures on them, and calls through pointers. */
#include <alloca.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 64

static volatile unsigned long sum;
static void *kept[KEPT];

__attribute__((noinline)) static void touch(char *p, size_t n)
{
	memset(p, n, n);
	sum += p[n / 2];
	free(kept[sum % KEPT]);
	kept[sum % KEPT] = malloc(n);
}

__attribute__((noinline)) static void aligned(size_t n)
{
	char wide[256] __attribute__((aligned(64)));
	char *more = alloca(n);

	touch(wide, sizeof(wide));
	touch(more, n);
	touch(wide, n);
}

__attribute__((noinline)) static void recurse(unsigned int n)
{
	if (n) {
		aligned(16 + n * 8);
		recurse(n - 1);
	}
	sum++;
}

int main(void)
{
	for (;;)
		recurse(30);
}
