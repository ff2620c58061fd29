// SPDX-License-Identifier: GPL-2.0-only
/*
 * throws CASE: a C++ program that throws exceptions through functions that allocate and free. Each
 * case is one step, which checks its own result: exit status 1 if it is wrong.
 *
 * Used by out_of_memory.
 */
#include <new>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "program.h"

static const size_t huge = 64ul << 20;

/* Freed at the end of its scope, also by an exception. */
struct block {
	void *p;

	explicit block(size_t size)
		: p(operator new(size))
	{
	}
	~block()
	{
		operator delete(p);
	}
};

static void limit_memory(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &r))
		program_die("setrlimit");
}

static void check_result(bool right)
{
	if (!right)
		program_die("wrong result");
}

__attribute__((noinline)) static int go_down(int depth)
{
	block one(100 + depth), other(200 + depth);

	if (depth == 0)
		throw std::runtime_error(std::string(300, 'x'));
	return go_down(depth - 1) + 1;
}

/* Twenty times through twenty frames with two blocks each; keeps a block after each exception. */
static void throw_through_frames()
{
	size_t caught = 0;

	for (int i = 0; i < 20; i++) {
		try {
			go_down(20);
		} catch (const std::exception &e) {
			caught += strlen(e.what());
		}
		program_keep(operator new(400 + i), 400 + i);
	}
	check_result(caught == 20 * 300);
}

/* Throws and catches an exception while another one is unwinding the stack. */
struct catches_another {
	~catches_another()
	{
		try {
			go_down(3);
		} catch (...) {
			program_keep(malloc(77), 77);
		}
	}
};

static void throw_while_unwinding()
{
	try {
		catches_another c;
		go_down(3);
	} catch (const std::runtime_error &e) {
		program_keep(malloc(78), 78);
	}
	check_result(program_kept_count == 2);
}

struct no_more : std::bad_alloc {};

static void throw_no_more()
{
	program_failed++;
	throw no_more();
}

/* When malloc fails, operator new calls the new_handler, which throws through operator new. */
static void throw_in_handler()
{
	int caught = 0;

	std::set_new_handler(throw_no_more);
	limit_memory(48ul << 20);
	for (int i = 0; i < 5; i++) {
		try {
			program_keep(operator new(huge), huge);
		} catch (const no_more &) {
			caught++;
		}
		program_keep(operator new(500 + i), 500 + i);
	}
	limit_memory(RLIM_INFINITY);
	std::set_new_handler(nullptr);
	check_result(caught == 5);
}

/* Allocates until operator new throws, then frees every second block. */
static void exhaust_memory()
{
	static void *got[256];
	const size_t size = 1ul << 20;
	int n = 0;

	limit_memory(96ul << 20);
	try {
		for (; n < 256; n++)
			got[n] = operator new(size);
	} catch (const std::bad_alloc &) {
		program_failed++;
	}
	limit_memory(RLIM_INFINITY);
	check_result(n > 10 && n < 256);
	for (int i = 0; i < n; i++) {
		if (i % 2)
			operator delete(got[i]);
		else
			program_keep(got[i], size);
	}
}

static const struct {
	const char *name;
	void (*run)();
} cases[] = {
	{ "frames", throw_through_frames },
	{ "nested", throw_while_unwinding },
	{ "handler", throw_in_handler },
	{ "exhausted", exhaust_memory },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
