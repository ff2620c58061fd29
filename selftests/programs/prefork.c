// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefork WORKERS: a server whose workers leak. The steps, in any order but "fork" first:
 *
 *	fork	the server forks its workers
 *	leak	each worker allocates a block of 1000 bytes, in leak_block(), and loses it
 *	more	the first worker loses another one
 *	recycle	the workers are ended and replaced by new ones, which have lost nothing
 *	end	all of them end
 *
 * prefork_apart has the allocator in a library of its own, libtoy.so. Used by tool/processes.sh.
 */
#include <sys/wait.h>

#include "program.h"

#define MAX_WORKERS 64

struct worker {
	pid_t pid;
	int to, from;
};

static struct worker workers[MAX_WORKERS];
static long count;

__attribute__((noinline)) static void *leak_block(void)
{
	void *p = malloc(1000);

	asm volatile("" : "+r"(p));
	return p;
}

__attribute__((noreturn)) static void run_worker(int from, int to)
{
	char c;

	while (read(from, &c, 1) == 1) {
		if (!leak_block())
			_exit(1);
		if (write(to, &c, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* No worker may keep the end of a pipe to another one open. */
static void start_worker(long i)
{
	int down[2], up[2];
	long j;

	if (pipe(down) || pipe(up))
		program_die("pipe");
	workers[i].pid = fork();
	if (workers[i].pid < 0)
		program_die("fork");
	if (!workers[i].pid) {
		for (j = 0; j < count; j++)
			if (j != i && workers[j].pid > 0)
				close(workers[j].to);
		close(down[1]);
		close(up[0]);
		run_worker(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	workers[i].to = down[1];
	workers[i].from = up[0];
}

static void let_leak(long i)
{
	char c = 'l';

	if (write(workers[i].to, &c, 1) != 1 || read(workers[i].from, &c, 1) != 1)
		program_die("worker");
}

static void end_worker(long i)
{
	if (!workers[i].pid)
		return;
	close(workers[i].to);
	close(workers[i].from);
	if (waitpid(workers[i].pid, NULL, 0) != workers[i].pid)
		program_die("waitpid");
	workers[i].pid = 0;
}

static void for_all(void (*act)(long i))
{
	long i;

	for (i = 0; i < count; i++)
		act(i);
}

static void recycle_workers(void)
{
	for_all(end_worker);
	for_all(start_worker);
}

int main(int argc, char **argv)
{
	char step;

	count = argc > 1 ? atol(argv[1]) : 0;
	if (count < 1 || count > MAX_WORKERS)
		return 1;
	program_say("ready %d\n", (int)getpid());
	while ((step = program_step()) != 'e') {
		if (step == 'f')
			for_all(start_worker);
		else if (step == 'l')
			for_all(let_leak);
		else if (step == 'm')
			let_leak(0);
		else if (step == 'r')
			recycle_workers();
		program_say("done 0 0 0 0\n");
	}
	for_all(end_worker);
	return 0;
}
