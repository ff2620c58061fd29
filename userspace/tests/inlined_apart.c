// SPDX-License-Identifier: GPL-2.0-only
/* Like inlined.c, in two units: with LEAF, the one that is inlined into the other at link time. */
#ifdef LEAF
__attribute__((noipa)) int target(int n)
{
	return n * 3;
}

int leaf(int n)
{
	return target(n) + 1;
}
#else
int leaf(int n);

static inline __attribute__((always_inline)) int middle(int n)
{
	return leaf(n) + 2;
}

__attribute__((noipa)) int outer(int n)
{
	return middle(n) + 4;
}

int main(int argc, char **argv)
{
	(void)argv;
	return outer(argc);
}
#endif
