// SPDX-License-Identifier: GPL-2.0-only
/* A call in a function that is inlined in two levels. test_cli depends on the line numbers. */
__attribute__((noinline)) int target(int n)
{
	return n * 3;
}

static inline __attribute__((always_inline)) int leaf(int n)
{
	return target(n) + 1;
}

static inline __attribute__((always_inline)) int middle(int n)
{
	return leaf(n) + 2;
}

__attribute__((noinline)) int outer(int n)
{
	return middle(n) + 4;
}

int main(int argc, char **argv)
{
	(void)argv;
	return outer(argc);
}
