// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooked: a program whose allocator (hooked_alloc.c) walks the stack within each call. Its only
 * step allocates at different depths, in a signal handler that interrupts malloc, and in a thread.
 * Standard error gets a line for each call with its frames, as functions and offsets.
 *
 * hooked has the allocator in a library (libhooked.so), hooked_own in itself.
 *
 * Used by exits_backtraces.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "program.h"

#define APART __attribute__((noipa))

extern void (*volatile hooked_report)(const char *function, void **pc, int count);

static volatile bool raises;
static pthread_barrier_t barrier;

static void say_frame(void *pc)
{
	const char *file = "?";
	char text[300];
	Dl_info info;
	int n;

	if (dladdr(pc, &info))
		file = strrchr(info.dli_fname, '/') ? strrchr(info.dli_fname, '/') + 1 :
						      info.dli_fname;
	else
		memset(&info, 0, sizeof(info));
	n = snprintf(text, sizeof(text), " < %s+0x%lx", info.dli_sname ? info.dli_sname : file,
		     (unsigned long)((char *)pc -
				     (char *)(info.dli_sname ? info.dli_saddr : info.dli_fbase)));
	if (write(STDERR_FILENO, text, n) != n)
		_exit(1);
}

static void say_text(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
}

/* The first frames are those of the allocator. */
static void report_frames(const char *function, void **pc, int count)
{
	int i;

	say_text(function);
	for (i = 0; i < count; i++)
		say_frame(pc[i]);
	say_text("\n");
	if (raises) {
		raises = false;
		raise(SIGUSR1);
	}
}

/* Runs within malloc; calls of the allocator in here are not reported. */
static void handle_signal(int sig)
{
	void *pc[32];
	int count = backtrace(pc, 32);

	(void)sig;
	program_keep(malloc(600), 600);
	report_frames("handler", pc, count);
	free(malloc(610));
}

APART void take_each(void)
{
	void *p;

	program_keep(malloc(100), 100);
	program_keep(calloc(2, 100), 200);
	p = realloc(malloc(300), 30000);
	program_keep(realloc(p, 310), 310);
	if (posix_memalign(&p, 64, 400))
		program_die("posix_memalign");
	program_keep(p, 400);
	free(malloc(500));
}

APART void take_deep(int depth)
{
	if (depth)
		take_deep(depth - 1);
	else
		take_each();
	__asm__ volatile("");
}

APART void take_in_handler(void)
{
	raises = true;
	program_keep(malloc(620), 620);
}

static void *run_thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	take_deep(2);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return arg;
}

int main(void)
{
	pthread_t thread;
	void *pc[2];

	/* The first call loads a library. */
	backtrace(pc, 2);
	signal(SIGUSR1, handle_signal);
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, run_thread, NULL))
		program_die("pthread_create");
	program_ready();
	hooked_report = report_frames;
	take_each();
	take_deep(5);
	take_in_handler();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	hooked_report = NULL;
	program_done();
	return 0;
}
