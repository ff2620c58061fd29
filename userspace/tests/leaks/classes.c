// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of each class that valgrind and LeakSanitizer distinguish: classes CLASS [LIBRARY]
 *
 * Each block has a size of its own, by which it is found in the output of the tools. Then the
 * program waits to be searched. With CHECK set, it calls LeakSanitizer, or ends, for valgrind.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

typedef void maker(void);
typedef int checker(void);

static void *global;
static __thread void *local;
static ucontext_t main_context, coroutine;
static const char *library;

/* Does not inline, so that what an allocation leaves in dead frames is overwritten. */
static __attribute__((noinline)) void clear_stack(void)
{
	volatile char buffer[16384];

	memset((char *)buffer, 0, sizeof(buffer));
}

static void wait_or_end(void)
{
	checker *check;

	if (!getenv("CHECK")) {
		for (;;)
			pause();
	}
	check = (checker *)dlsym(RTLD_DEFAULT, "__lsan_do_recoverable_leak_check");
	if (check)
		check();
	_exit(0);
}

static __attribute__((noinline)) void *new_block(size_t size)
{
	return memset(malloc(size), 0, size);
}

static __attribute__((noinline)) void make_globals(void)
{
	void **block = new_block(1001);

	block[3] = new_block(1002);
	global = block;
	new_block(1003);
}

static __attribute__((noinline)) void make_tls(void)
{
	local = new_block(1004);
}

static __attribute__((noinline)) void make_specific(void)
{
	pthread_key_t key;

	for (int i = 0; i < 40; i++)
		pthread_key_create(&key, NULL);
	pthread_setspecific(key, new_block(1006));
}

static __attribute__((noinline)) void make_cycle(void)
{
	void **one = new_block(1007);
	void **two = new_block(1008);

	one[0] = two;
	two[0] = one;
}

static __attribute__((noinline)) void make_list(void)
{
	void **head = new_block(1009);

	head[1] = new_block(1010);
}

static __attribute__((noinline)) void make_interior(void)
{
	char *block = new_block(1011);

	*(void **)(block + 64) = new_block(1012);
	global = block + 8;
}

static __attribute__((noinline)) void make_reallocated(void)
{
	void *volatile lost;

	new_block(1013);
	lost = realloc(new_block(500), 1014);
	lost = NULL;
	global = realloc(new_block(400), 1015);
}

static void run_coroutine(void)
{
	void *volatile block = new_block(1016);

	swapcontext(&coroutine, &main_context);
	free(block);
}

static __attribute__((noinline)) void start_coroutine(void *stack, size_t size)
{
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = stack;
	coroutine.uc_stack.ss_size = size;
	makecontext(&coroutine, run_coroutine, 0);
	swapcontext(&main_context, &coroutine);
}

static __attribute__((noinline)) void make_mapped_coroutine(void)
{
	start_coroutine(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0),
			65536);
}

static __attribute__((noinline)) void make_heap_coroutine(void)
{
	global = new_block(65537);
	start_coroutine(global, 65536);
}

static __attribute__((noinline)) void make_unloaded(void)
{
	void *handle = dlopen(library, RTLD_NOW);
	maker *make = (maker *)dlsym(handle, "make_block");

	make();
	dlclose(handle);
}

static void make_forked(void)
{
	global = new_block(1018);
	if (fork()) {
		wait(NULL);
		_exit(0);
	}
	global = NULL;
}

static void *run_thread(void *ready)
{
	void *volatile block = new_block(1019);

	pthread_barrier_wait(ready);
	pause();
	return block;
}

static void make_thread(void)
{
	static pthread_barrier_t ready;
	pthread_t thread;

	pthread_barrier_init(&ready, NULL, 2);
	pthread_create(&thread, NULL, run_thread, &ready);
	pthread_barrier_wait(&ready);
}

static __attribute__((noinline)) void leave_in_dead_stack(int depth)
{
	void *volatile block = depth ? NULL : new_block(1020);

	if (depth)
		leave_in_dead_stack(depth - 1);
	(void)block;
}

static void make_dead(void)
{
	leave_in_dead_stack(100);
}

static __attribute__((noinline)) void make_neighbours(void)
{
	void *freed[200];

	for (int i = 0; i < 200; i++) {
		new_block(2008);
		freed[i] = new_block(3000);
	}
	new_block(64);
	for (int i = 0; i < 200; i++)
		free(freed[i]);
	memset(freed, 0, sizeof(freed));
}

static __attribute__((noinline)) void make_mapped(void)
{
	void **map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	map[5] = new_block(1022);
}

static __attribute__((noinline)) void make_protected(void)
{
	void **map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	map[5] = new_block(1023);
	mprotect(map, 4096, PROT_NONE);
}

static __attribute__((noinline)) void make_shared(void)
{
	void **map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	map[5] = new_block(1024);
}

static __attribute__((noinline)) void make_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = new_block(1025) };

	epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, eventfd(0, 0), &event);
	memset(&event, 0, sizeof(event));
}

static __attribute__((noinline)) void make_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t timer;

	event.sigev_value.sival_ptr = new_block(1026);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	memset(&event, 0, sizeof(event));
}

static __attribute__((noinline)) void make_pending(void)
{
	union sigval value;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	value.sival_ptr = new_block(1027);
	sigqueue(getpid(), SIGUSR1, value);
	value.sival_ptr = NULL;
}

static __attribute__((noinline)) void make_freed_holder(void)
{
	void **holder = new_block(40);

	holder[3] = new_block(1028);
	free(holder);
}

/* The holder is in a bin: it is larger than those of a cache, and is not merged with the top. */
static __attribute__((noinline)) void make_freed_large(void)
{
	void **holder = new_block(20000);

	global = new_block(1029);
	holder[1500] = new_block(1030);
	free(holder);
}

/* The block is referred to by a vector register only, while the program waits. */
static void make_register(void)
{
	uint64_t block = (uintptr_t)new_block(1005);

	__asm__ volatile("movq %0, %%xmm9" : : "r"(block) : "xmm9");
	block = 0;
	__asm__ volatile("" : "+r"(block));
	if (getenv("CHECK"))
		wait_or_end();
	for (;;) {
		long result;

		__asm__ volatile("syscall" : "=a"(result) : "a"(34) : "rcx", "r11", "memory");
	}
}

static const struct {
	const char *name;
	maker *make;
} classes[] = {
	{ "globals", make_globals },
	{ "tls", make_tls },
	{ "register", make_register },
	{ "specific", make_specific },
	{ "cycle", make_cycle },
	{ "list", make_list },
	{ "interior", make_interior },
	{ "reallocated", make_reallocated },
	{ "mapped_coroutine", make_mapped_coroutine },
	{ "heap_coroutine", make_heap_coroutine },
	{ "unloaded", make_unloaded },
	{ "forked", make_forked },
	{ "thread", make_thread },
	{ "dead", make_dead },
	{ "neighbours", make_neighbours },
	{ "mapped", make_mapped },
	{ "protected", make_protected },
	{ "shared", make_shared },
	{ "epoll", make_epoll },
	{ "timer", make_timer },
	{ "pending", make_pending },
	{ "freed_holder", make_freed_holder },
	{ "freed_large", make_freed_large },
};

int main(int argc, char **argv)
{
	size_t i = 0;

	library = argc > 2 ? argv[2] : NULL;
	while (argc > 1 && i < sizeof(classes) / sizeof(classes[0]) &&
	       strcmp(argv[1], classes[i].name))
		i++;
	if (argc < 2 || i == sizeof(classes) / sizeof(classes[0]))
		return 64;
	classes[i].make();
	if (strcmp(argv[1], "dead"))
		clear_stack();
	wait_or_end();
	return 0;
}
