// SPDX-License-Identifier: GPL-2.0-only
/*
 * confined CASE: a process whose system calls are confined, before "ready" or, in
 * the cases named "later", in its first step.  The second step allocates.  That
 * the confinement holds is proven by a system call that it refuses.
 *
 * The filter is an allow-list like a container's: what is not on it fails.  The
 * system call that return probes use on newer kernels is not on it.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "program.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

#define SIZE 700
#define BLOCKS 20
#define PAGE 4096

static const int allowed[] = {
	SYS_read,
	SYS_write,
	SYS_close,
	SYS_fstat,
	SYS_lseek,
	SYS_mmap,
	SYS_mprotect,
	SYS_munmap,
	SYS_brk,
	SYS_rt_sigaction,
	SYS_mremap,
	SYS_rt_sigprocmask,
	SYS_madvise,
	SYS_rt_sigreturn,
	SYS_ioctl,
	SYS_nanosleep,
	SYS_sched_yield,
	SYS_clone,
	SYS_clone3,
	SYS_exit,
	SYS_exit_group,
	SYS_futex,
	SYS_getrandom,
	SYS_rseq,
	SYS_set_robust_list,
	SYS_getpid,
	SYS_gettid,
	SYS_tgkill,
	SYS_clock_nanosleep,
};

#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

/* Made before the confinement, to be moved and unmapped in it. */
static void *early_block, *early_mapping;

static volatile char selector = 1; /* system calls from elsewhere become signals */
static pthread_barrier_t barrier;

static void check_the_filter(void)
{
	if (syscall(SYS_getppid) != -1 || errno != EPERM)
		program_die("the filter lets through what it must not");
}

/* Load the number; jump to the last instruction if it is on the list. */
static void filter(void)
{
	struct sock_filter code[ALLOWED + 3] = {
		[0] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		[ALLOWED + 1] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		[ALLOWED + 2] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program;
	size_t i;

	for (i = 0; i < ALLOWED; i++)
		code[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
							   ALLOWED - i, 0);
	program.len = ALLOWED + 3;
	program.filter = code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		program_die("PR_SET_SECCOMP");
	check_the_filter();
}

static void filter_later(void)
{
	early_block = malloc(SIZE / 2);
	program_keep(early_block, SIZE / 2);
	early_mapping = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	program_keep_as(early_mapping, PAGE, "mmap");
	filter();
}

/* Only read, write, exit and sigreturn are left. */
static void strict(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		program_die("PR_SET_SECCOMP");
}

/* All addresses but the highest may do system calls: return probes have their code up there. */
static void dispatch(void)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 1, 0x7fffffff0000, &selector)) {
		if (errno == EINVAL)
			_exit(4);
		program_die("PR_SET_SYSCALL_USER_DISPATCH");
	}
}

static void allocate(void)
{
	int i;

	if (early_block) {
		program_drop(early_block);
		program_keep(realloc(early_block, SIZE / 3), SIZE / 3);
		program_drop(early_mapping);
		munmap(early_mapping, PAGE);
	}
	for (i = 0; i < BLOCKS; i++) {
		program_keep(malloc(SIZE + i), SIZE + i);
		free(realloc(calloc(1, SIZE), SIZE / 2));
	}
}

/* The memory to give is there already: strict mode does not let malloc ask for it. */
static void make_room(void)
{
	void *p[4 * BLOCKS];
	int i;

	for (i = 0; i < 4 * BLOCKS; i++)
		p[i] = malloc(2 * SIZE);
	for (i = 0; i < 4 * BLOCKS; i++)
		free(p[i]);
}

/* Confines itself when it is told to, and allocates when it is told to. */
static void *confined_thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	filter();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	allocate();
	pthread_barrier_wait(&barrier);
	return arg;
}

static void start_thread(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, confined_thread, NULL))
		program_die("pthread_create");
}

static void confine_thread(void)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
}

static void start_confined_thread(void)
{
	start_thread();
	confine_thread();
}

/* One thread of two is confined. */
static void allocate_in_both(void)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	allocate();
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*ready)(void);
	void (*first)(void);
	void (*second)(void);
} cases[] = {
	{ "filter", filter, nothing, allocate },
	{ "strict", strict, nothing, allocate },
	{ "thread", start_confined_thread, nothing, allocate_in_both },
	{ "filter_later", nothing, filter_later, allocate },
	{ "strict_later", nothing, strict, allocate },
	{ "thread_later", start_thread, confine_thread, allocate_in_both },
	{ "dispatch_later", nothing, dispatch, allocate },
};

/* Of the system calls that are needed at the end, strict mode has only the bare exit. */
static void run(size_t i)
{
	int pid = getpid();

	make_room();
	cases[i].ready();
	program_say("ready %d\n", pid);
	program_step();
	cases[i].first();
	program_done();
	cases[i].second();
	program_done();
	syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(cases[i].name, argv[1]))
			run(i);
	return 1;
}
