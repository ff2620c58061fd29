// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program with symbols of three languages, to be symbolized. It is not run: the test reads the
 * addresses of its symbols, and writes a report in the format of the module.
 */
#define apart __attribute__((noipa))

apart int fibonacci(int n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int cpp_put(int n) __asm__("_ZN3app5Cache3putEiPKc");
apart int cpp_put(int n)
{
	return fibonacci(n);
}

int rust_old(int n) __asm__("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE");
apart int rust_old(int n)
{
	return cpp_put(n);
}

int rust_new(int n) __asm__("_RNvCs1234_7mycrate3foo");
apart int rust_new(int n)
{
	return rust_old(n);
}

/* The test changes the name of this one to one that no assembler accepts. */
apart int hostile(int n)
{
	return rust_new(n);
}

int main(int argc, char **argv)
{
	(void)argv;
	return hostile(argc);
}
