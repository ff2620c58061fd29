// SPDX-License-Identifier: GPL-2.0-only
/*
 * brood CASE: a process that forks children, which allocate.
 *
 * The blocks that it prints as kept are not its own: each "keep" line is a child, with the PID as
 * its address and the bytes that the child keeps as its size. The children of "vfork" share the
 * memory of the process, and keep nothing of their own.
 *
 * Used by children and processes.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "program.h"

#define WORKERS 20
#define BLOCKS 10
#define FREED 3
#define THREADS 8
#define RACE_BLOCKS 50
#define RACE_SIZE 5000

extern char **environ;

/* The children that have done their work; shared by all. */
static struct noted {
	pid_t pid;
	size_t bytes;
} * noted;
static volatile unsigned int *rounds; /* how often the workers are to work */
static volatile unsigned int *nr_noted;
static void *inherited;

static void note_child(size_t bytes)
{
	unsigned int i = __atomic_fetch_add(nr_noted, 1, __ATOMIC_SEQ_CST);

	noted[i].bytes = bytes;
	__atomic_store_n(&noted[i].pid, getpid(), __ATOMIC_SEQ_CST);
}

static void sleep_a_moment(void)
{
	usleep(20000);
}

static void wait_noted(unsigned int nr)
{
	while (*nr_noted < nr || !noted[nr - 1].pid)
		sleep_a_moment();
}

static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		program_die("fork");
	/* Also if the test is killed. */
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Keeps BLOCKS - FREED blocks, and frees one of the parent's. Return: the bytes it keeps. */
static __attribute__((noinline)) size_t leak_in_worker(void)
{
	size_t bytes = 0, i;
	void *block[BLOCKS];

	for (i = 0; i < BLOCKS; i++)
		block[i] = malloc(1000 + i);
	for (i = 0; i < BLOCKS; i++) {
		if (i < FREED)
			free(block[i]);
		else
			bytes += 1000 + i;
	}
	return bytes;
}

static size_t work_once(void)
{
	size_t bytes = leak_in_worker();

	free(inherited);
	return bytes;
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* Works in each round. */
static void be_a_worker(void)
{
	unsigned int done = 0;
	size_t bytes = 0;

	for (;;) {
		while (done == *rounds)
			sleep_a_moment();
		bytes += done ? leak_in_worker() : work_once();
		done++;
		note_child(bytes);
	}
}

static void print_noted(void)
{
	unsigned int i, nr = *nr_noted;

	for (i = 0; i < nr; i++)
		program_keep((void *)(long)noted[i].pid, noted[i].bytes);
}

static char next_step(void)
{
	char step;

	print_noted();
	step = program_done();
	while (program_kept_count)
		program_drop((void *)program_kept[0].addr);
	return step;
}

/* Two rounds of work by workers that go on. */
static void run_workers(void)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		if (!fork_child())
			be_a_worker();
	*rounds = 1;
	wait_noted(WORKERS);
	next_step();
	*nr_noted = 0;
	memset(noted, 0, WORKERS * sizeof(*noted));
	*rounds = 2;
	wait_noted(WORKERS);
}

/* The child has no event before it forks, and then one of its own. */
static void run_lineage(void)
{
	if (!fork_child()) {
		if (!fork_child()) {
			note_child(work_once());
			wait_for_ever();
		}
		wait_noted(1);
		note_child(work_once());
		wait_for_ever();
	}
	wait_noted(2);
}

/* A child that allocates and forks when its parent is dead. */
static void run_orphans(void)
{
	pid_t parent = getpid();

	if (!fork_child()) {
		prctl(PR_SET_PDEATHSIG, 0);
		note_child(work_once());
		while (getppid() == parent)
			sleep_a_moment();
		if (!fork_child()) {
			sleep(1);
			note_child(leak_in_worker());
			wait_for_ever();
		}
		wait_for_ever();
	}
	wait_noted(1);
}

static int share_memory(void *unused)
{
	program_keep(malloc(1234), 1234);
	return 0;
}

/* Children with the memory of the parent: their blocks are the parent's. */
static void run_vfork(void)
{
	static char stack[1 << 16];
	char *true_words[] = { "true", NULL };
	pid_t pid;
	int status;

	pid = vfork();
	if (!pid)
		_exit(0);
	waitpid(pid, &status, 0);
	pid = clone(share_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	if (waitpid(pid, &status, 0) != pid || status)
		program_die("clone");
	if (posix_spawn(&pid, "/bin/true", NULL, NULL, true_words, environ) ||
	    waitpid(pid, &status, 0) != pid || status)
		program_die("posix_spawn");
}

/* A child that allocates and then executes a program, which allocates too. */
static void run_exec(void)
{
	if (!fork_child()) {
		note_child(work_once());
		execl("/bin/sleep", "sleep", "1000", NULL);
		program_die("/bin/sleep");
	}
	wait_noted(1);
}

static void *allocate_at_once(void *barrier)
{
	unsigned int i;

	pthread_barrier_wait(barrier);
	for (i = 0; i < RACE_BLOCKS; i++)
		if (!malloc(RACE_SIZE))
			program_die("malloc");
	return NULL;
}

/* A child whose first events are in several threads at once. */
static void run_race(void)
{
	pthread_barrier_t barrier;
	pthread_t thread[THREADS];
	unsigned int i;

	if (fork_child()) {
		wait_noted(1);
		return;
	}
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, allocate_at_once, &barrier))
			program_die("pthread_create");
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	note_child((size_t)THREADS * RACE_BLOCKS * RACE_SIZE);
	wait_for_ever();
}

/* Children that have no event. */
static void run_silent(void)
{
	if (!fork_child())
		wait_for_ever();
}

/* Short-lived children, some at once. "failed" is their number. */
static void run_storm(unsigned int nr)
{
	unsigned int i, running = 0;
	int status;

	for (i = 0; i < nr; i++) {
		if (!fork_child()) {
			free(malloc(100));
			_exit(malloc(64) ? 0 : 1);
		}
		program_failed++;
		if (++running < 16)
			continue;
		if (wait(&status) < 0 || status)
			program_die("a child failed");
		running--;
	}
	for (; running; running--)
		if (wait(&status) < 0 || status)
			program_die("a child failed");
}

/* Forks WORKERS children, of which each works once, in two steps. */
static void run_one_by_one(void)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++) {
		if (!fork_child()) {
			note_child(work_once());
			wait_for_ever();
		}
		wait_noted(i + 1);
	}
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	noted = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (noted == MAP_FAILED)
		program_die("mmap");
	rounds = (volatile unsigned int *)((char *)noted + (1 << 15));
	nr_noted = rounds + 16;
	inherited = malloc(77);
	setpgid(0, 0);
	program_ready();
	if (!strcmp(name, "workers"))
		run_workers();
	else if (!strcmp(name, "lineage"))
		run_lineage();
	else if (!strcmp(name, "orphans"))
		run_orphans();
	else if (!strcmp(name, "vfork"))
		run_vfork();
	else if (!strcmp(name, "exec"))
		run_exec();
	else if (!strcmp(name, "race"))
		run_race();
	else if (!strcmp(name, "silent"))
		run_silent();
	else if (!strcmp(name, "storm"))
		run_storm(argc > 2 ? atoi(argv[2]) : 100);
	else if (!strcmp(name, "one_by_one"))
		run_one_by_one();
	else
		program_die("unknown case");
	while (next_step() != 'e')
		;
	return 0;
}
