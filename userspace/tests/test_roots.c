// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stopping a process, and finding what refers to blocks in it: threads, registers, pages, stacks,
 * and what the kernel keeps. The process is a child of the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "areas.h"
#include "mem.h"
#include "roots.h"
#include "stop.h"
#include "tap.h"

#define THREADS 3
#define MAGIC 0x5eed5eed5eedUL
#define SECOND_NS 1000000000ULL

struct shared {
	char *pages;
	uint64_t stack_word;
	volatile uint64_t counter;
	bool is_ready;
};

static struct shared *shared;

static void *run_thread(void *unused)
{
	(void)unused;
	for (;;)
		shared->counter++;
	return NULL;
}

static void run_child(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = MAGIC };
	pthread_t thread;

	epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, eventfd(0, 0), &event);
	shared->pages = mmap(NULL, 16 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	shared->pages[2 << 12] = 1;
	shared->pages[3 << 12] = 1;
	mprotect(shared->pages + (3 << 12), 1 << 12, PROT_NONE);
	shared->stack_word = (uintptr_t)&event;
	for (int i = 1; i < THREADS; i++)
		pthread_create(&thread, NULL, run_thread, NULL);
	shared->is_ready = true;
	for (;;)
		pause();
}

static pid_t start_child(void)
{
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	pid = fork();
	if (!pid)
		run_child();
	while (!*(volatile bool *)&shared->is_ready)
		usleep(1000);
	return pid;
}

static bool has_address(const struct mu_ranges *ranges, uint64_t address)
{
	for (size_t i = 0; i < ranges->nr; i++)
		if (address >= ranges->at[i].start && address < ranges->at[i].end)
			return true;
	return false;
}

static void count_word(void *context, uint64_t value, pid_t tid)
{
	size_t *nr = context;

	(void)value;
	(void)tid;
	++*nr;
}

static void find_magic(void *context, uint64_t value, int fd)
{
	bool *found = context;

	if (value == MAGIC && fd >= 0)
		*found = true;
}

static void test_pages(const struct mu_areas *areas, int proc)
{
	struct mu_pages pages = {};
	uint64_t start = (uintptr_t)shared->pages;

	tap_ok(mu_pages_read(&pages, areas, proc, false), "the pages are listed");
	tap_ok(has_address(&pages.all, start + (2 << 12)), "a page that was written is found");
	tap_ok(has_address(&pages.all, start + (3 << 12)), "also if it cannot be read now");
	tap_ok(!has_address(&pages.all, start + (4 << 12)), "a page that was not written is not");
	tap_ok(!has_address(&pages.all, (uintptr_t)&run_child), "code is not");
	tap_ok(has_address(&pages.all, (uintptr_t)shared) &&
		       !has_address(&pages.clean, (uintptr_t)shared),
	       "a shared page is found, and is never clean");
	mu_pages_free(&pages);
}

static void test_stack(struct mu_stop *stop, const struct mu_areas *areas, struct mu_remote *remote)
{
	struct mu_ranges dead = mu_roots_dead_stack(stop, areas, remote);

	is_number(dead.nr, THREADS, "each thread has a dead part of its stack");
	tap_ok(!has_address(&dead, shared->stack_word), "a live variable is not in it");
	for (size_t i = 0; i < stop->nr; i++)
		tap_ok(has_address(&dead, stop->threads[i].sp - 129 - 8) &&
			       !has_address(&dead, stop->threads[i].sp - 128),
		       "it ends at the red zone");
	mu_ranges_free(&dead);
}

static void test_stopped(struct mu_stop *stop, int proc)
{
	uint64_t before = shared->counter;
	struct mu_areas areas = {};
	struct mu_remote remote;
	bool found = false;
	uint64_t word = 0;
	size_t nr = 0;

	usleep(20000);
	is_number(shared->counter, before, "no thread runs");
	is_number(stop->nr, THREADS, "all threads are stopped");
	mu_stop_registers(stop, count_word, &nr);
	tap_ok(nr > 3 * 8, "registers are read");
	tap_ok(mu_roots_epoll(proc, find_magic, &found) && found, "the data of epoll is read");
	tap_ok(mu_areas_read(&areas, proc), "the mappings are read");
	test_pages(&areas, proc);
	mu_remote_open(&remote, stop->pid, proc);
	tap_ok(mu_remote_words(&remote, (uintptr_t)shared->pages + (3 << 12), &word, 1) &&
		       word == 1,
	       "a page without permissions is read");
	test_stack(stop, &areas, &remote);
	mu_remote_close(&remote);
	mu_areas_free(&areas);
}

static void test_resumed(struct mu_stop *stop)
{
	uint64_t before = shared->counter;
	char *tracer = mu_stop_other_tracer(stop);

	usleep(50000);
	tap_ok(shared->counter != before, "threads run on after the stop");
	tap_ok(!tracer, "no process traces it then");
	free(tracer);
}

/* A tracer that is another process than the test. */
static void test_other_tracer(struct mu_stop *stop)
{
	pid_t tracer = fork();
	char *name, *why = NULL;

	if (!tracer) {
		ptrace(PTRACE_SEIZE, stop->pid, NULL, NULL);
		for (;;)
			pause();
	}
	usleep(100000);
	name = mu_stop_other_tracer(stop);
	tap_ok(name && strstr(name, "test_roots["), "another tracer is named");
	tap_ok(!mu_stop_threads(stop, mu_clock_ns() + SECOND_NS, &why) && why &&
		       strstr(why, "test_roots["),
	       "the stop is refused then");
	free(name);
	free(why);
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
}

int main(void)
{
	struct mu_stop stop = { .pid = start_child() };
	char *path = mu_format("/proc/%d", stop.pid);
	char *why = NULL;

	stop.proc = open(path, O_RDONLY | O_DIRECTORY);
	free(path);
	if (tap_ok(mu_stop_threads(&stop, mu_clock_ns() + SECOND_NS, &why), "a process is stopped"))
		test_stopped(&stop, stop.proc);
	mu_stop_resume(&stop);
	free(why);
	test_resumed(&stop);
	test_other_tracer(&stop);
	kill(stop.pid, SIGKILL);
	waitpid(stop.pid, NULL, 0);
	free(stop.threads);
	return done_testing();
}
