// SPDX-License-Identifier: GPL-2.0-only
/*
 * thrown CASE: a C++ program in which operator new throws, through frames with destructors, and
 * which catches that. Standard error gets a line for each destructor and exception: the text is the
 * same in each run. After each exception, keep_by_new() keeps a block; the first line has the
 * address of this function in the program's file.
 *
 * Cases:
 *	huge	 each form of operator new fails because of the size
 *	handler	 a new_handler throws through operator new
 *	limit	 there is no more memory
 *	threads	 four threads catch exceptions at the same time; they print nothing
 *	uncaught the exception ends the program
 *
 * Used by exits_thrown.
 */
#include <cstdarg>
#include <new>
#include <pthread.h>
#include <sys/resource.h>

#include "program.h"

#define APART __attribute__((noipa))
#define FRAMES 5
#define THREADS 4
#define ROUNDS 20

extern const char __executable_start[];

static volatile size_t too_big = PROGRAM_TOO_BIG;
static const size_t piece = 1ul << 20;
static __thread bool quiet;

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	char line[128];
	va_list args;
	int n;

	if (quiet)
		return;
	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (write(STDERR_FILENO, line, n) != n)
		_exit(1);
}

/* The test looks for the return address behind the call in this function. */
APART static void keep_by_new(size_t size)
{
	void *p = operator new(size);

	program_keep(p, size);
}

struct noted {
	int depth;
	long *count;

	~noted()
	{
		--*count;
		note("  left frame %d\n", depth);
	}
};

static __thread long open_frames;

APART static bool go_down(int depth, void *(*take)())
{
	noted n = { depth, &open_frames };

	++open_frames;
	return depth ? go_down(depth - 1, take) : take() != nullptr;
}

static void *take_plain()
{
	return operator new(too_big);
}

static void *take_array()
{
	return operator new[](too_big);
}

static void *take_aligned()
{
	return operator new(too_big, std::align_val_t(64));
}

/* Returns NULL: the exception is thrown and caught in libstdc++. */
static void *take_nothrow()
{
	return operator new(too_big, std::nothrow);
}

static void *take_many_longs()
{
	return new long[too_big];
}

static void try_to_take(const char *name, void *(*take)(), size_t size)
{
	note("%s\n", name);
	try {
		note("  returned %d\n", go_down(FRAMES, take));
	} catch (const std::bad_alloc &e) {
		note("  caught %s\n", e.what());
	}
	if (open_frames)
		program_die("a destructor was not called");
	keep_by_new(size);
}

static void try_each_form()
{
	try_to_take("plain", take_plain, 401);
	try_to_take("array", take_array, 402);
	try_to_take("aligned", take_aligned, 403);
	try_to_take("nothrow", take_nothrow, 404);
	try_to_take("longs", take_many_longs, 405);
	try_to_take("plain again", take_plain, 406);
}

struct no_more : std::bad_alloc {
	const char *what() const noexcept override
	{
		return "no more";
	}
};

static void throw_no_more()
{
	note("  handler\n");
	throw no_more();
}

static void throw_in_handler()
{
	std::set_new_handler(throw_no_more);
	try_to_take("plain", take_plain, 501);
	try_to_take("array", take_array, 502);
	std::set_new_handler(nullptr);
	try_to_take("without a handler", take_plain, 503);
}

static void limit_memory(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &r))
		program_die("setrlimit");
}

static void *taken[1024];
static int nr_taken;

static void *take_all()
{
	while (nr_taken < 1024)
		taken[nr_taken++] = operator new(piece);
	return nullptr;
}

/* An allocator may have reserved address space: 1 GiB at most. */
static void reach_limit()
{
	limit_memory(512ul << 20);
	note("limit\n");
	try {
		note("  returned %d\n", go_down(FRAMES, take_all));
	} catch (const std::bad_alloc &e) {
		note("  caught %s\n", e.what());
	}
	limit_memory(RLIM_INFINITY);
	while (nr_taken)
		operator delete(taken[--nr_taken]);
	keep_by_new(601);
}

static pthread_barrier_t barrier;

static void *run_thread(void *arg)
{
	size_t size = 1000 + 100 * (long)arg;

	quiet = true;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < ROUNDS; i++)
		try_to_take("thread", i % 2 ? take_plain : take_nothrow, size + i);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return arg;
}

static void throw_in_threads()
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	note("threads\n");
}

static void start_threads()
{
	pthread_t thread;

	pthread_barrier_init(&barrier, nullptr, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&thread, nullptr, run_thread, (void *)i))
			program_die("pthread_create");
}

static void do_nothing()
{
}

static void throw_uncaught()
{
	keep_by_new(701);
	go_down(FRAMES, take_plain);
}

static const struct {
	const char *name;
	void (*prepare)();
	void (*run)();
} cases[] = {
	{ "huge", do_nothing, try_each_form },	   { "handler", do_nothing, throw_in_handler },
	{ "limit", do_nothing, reach_limit },	   { "threads", start_threads, throw_in_threads },
	{ "uncaught", do_nothing, throw_uncaught },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		note("keep_by_new at +0x%lx\n",
		     (unsigned long)((const char *)keep_by_new - __executable_start));
		cases[i].prepare();
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
