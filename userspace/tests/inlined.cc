// SPDX-License-Identifier: GPL-2.0-only
// Like inlined.c, with all functions in a namespace and a class.
namespace space
{
struct type {
	__attribute__((noinline)) static int target(int n)
	{
		return n * 3;
	}

	__attribute__((always_inline)) static int leaf(int n)
	{
		return target(n) + 1;
	}

	__attribute__((noinline)) static int outer(int n)
	{
		return leaf(n) + 4;
	}
};
}

int main(int argc, char **)
{
	return space::type::outer(argc);
}
