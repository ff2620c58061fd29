// SPDX-License-Identifier: GPL-2.0-only
/*
 * throws CASE: a C++ program whose exceptions fly through frames that allocate and
 * free.  Each case ends with what it must compute, or the program ends badly.
 */
#include <new>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "program.h"

static const size_t huge = 64ul << 20;

/* Frees on its way out, whichever way that is. */
struct block {
	void *p;

	explicit block(size_t size) : p(operator new(size))
	{
	}
	~block()
	{
		operator delete(p);
	}
};

static void limit(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &r))
		program_die("setrlimit");
}

static void must_be(bool right)
{
	if (!right)
		program_die("wrong");
}

__attribute__((noinline)) static int go_down(int depth)
{
	block one(100 + depth), other(200 + depth);

	if (depth == 0)
		throw std::runtime_error(std::string(300, 'x'));
	return go_down(depth - 1) + 1;
}

/* Through twenty frames with two blocks each, time and again; what is kept is kept between. */
static void frames()
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
	must_be(caught == 20 * 300);
}

/* An exception that is caught within the unwinding of another one. */
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

static void nested()
{
	try {
		catches_another c;
		go_down(3);
	} catch (const std::runtime_error &e) {
		program_keep(malloc(78), 78);
	}
	must_be(program_kept_count == 2);
}

struct no_more : std::bad_alloc {
};

static void throw_no_more()
{
	program_failed++;
	throw no_more();
}

/* operator new asks malloc, then the handler, which throws through operator new. */
static void handler()
{
	int caught = 0;

	std::set_new_handler(throw_no_more);
	limit(48ul << 20);
	for (int i = 0; i < 5; i++) {
		try {
			program_keep(operator new(huge), huge);
		} catch (const no_more &) {
			caught++;
		}
		program_keep(operator new(500 + i), 500 + i);
	}
	limit(RLIM_INFINITY);
	std::set_new_handler(nullptr);
	must_be(caught == 5);
}

/* Takes all that there is, is told that there is no more, and goes on with half of it. */
static void exhausted()
{
	static void *got[256];
	const size_t size = 1ul << 20;
	int n = 0;

	limit(96ul << 20);
	try {
		for (; n < 256; n++)
			got[n] = operator new(size);
	} catch (const std::bad_alloc &) {
		program_failed++;
	}
	limit(RLIM_INFINITY);
	must_be(n > 10 && n < 256);
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
	{ "frames", frames },
	{ "nested", nested },
	{ "handler", handler },
	{ "exhausted", exhausted },
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
