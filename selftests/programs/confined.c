// SPDX-License-Identifier: GPL-2.0-only
/*
 * confined CASE: a process that restricts its system calls by seccomp or Syscall User Dispatch, and
 * allocates then. It does so before "ready", or in its first step if the case is named *_later. The
 * second step allocates; in the case "never", the first one does.
 *
 * The seccomp filter is an allow list as that of containers: other system calls fail, which is
 * checked with one of them. The uretprobe system call of newer kernels is not on the list.
 *
 * Used by the test confined.
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

/* Allocated before the restriction, moved and unmapped after it. */
static void *early_block, *early_mapping;

static volatile char selector = 1; /* of Syscall User Dispatch; 1: system calls raise SIGSYS */
static pthread_barrier_t barrier;

static void check_the_filter(void)
{
	if (syscall(SYS_getppid) != -1 || errno != EPERM)
		program_die("the filter allows a system call that it must refuse");
}

/* Loads the number of the system call, jumps to the last instruction if it is on the list. */
static void install_filter(void)
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

static void keep_and_install_filter(void)
{
	early_block = malloc(SIZE / 2);
	program_keep(early_block, SIZE / 2);
	early_mapping = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	program_keep_as(early_mapping, PAGE, "mmap");
	install_filter();
}

/* Allows read, write, exit and sigreturn only. */
static void enter_strict_mode(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		program_die("PR_SET_SECCOMP");
}

/*
 * Allows system calls below the highest addresses, where the kernel maps the code of return
 * probes.
 */
static void turn_on_dispatch(void)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 1, 0x7fffffff0000, &selector)) {
		if (errno == EINVAL)
			_exit(4);
		program_die("PR_SET_SYSCALL_USER_DISPATCH");
	}
}

static void allocate_blocks(void)
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

/* Makes malloc get memory from the kernel now: in strict mode it cannot. */
static void get_heap_memory(void)
{
	void *p[4 * BLOCKS];
	int i;

	for (i = 0; i < 4 * BLOCKS; i++)
		p[i] = malloc(2 * SIZE);
	for (i = 0; i < 4 * BLOCKS; i++)
		free(p[i]);
}

/* Installs the filter after the first barrier and allocates after the third. */
static void *confined_thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	install_filter();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	allocate_blocks();
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

/* One of the two threads has the filter. */
static void allocate_in_both(void)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	allocate_blocks();
}

static void do_nothing(void)
{
}

static const struct {
	const char *name;
	void (*ready)(void);
	void (*first)(void);
	void (*second)(void);
} cases[] = {
	{ "filter", install_filter, do_nothing, allocate_blocks },
	{ "strict", enter_strict_mode, do_nothing, allocate_blocks },
	{ "thread", start_confined_thread, do_nothing, allocate_in_both },
	{ "dispatch", turn_on_dispatch, do_nothing, allocate_blocks },
	{ "filter_later", do_nothing, keep_and_install_filter, allocate_blocks },
	{ "strict_later", do_nothing, enter_strict_mode, allocate_blocks },
	{ "thread_later", start_thread, confine_thread, allocate_in_both },
	{ "never", do_nothing, allocate_blocks, do_nothing },
	{ "dispatch_later", do_nothing, turn_on_dispatch, allocate_blocks },
};

/* Strict mode allows the system call exit and not exit_group, which exit() uses. */
static void run_case(size_t i)
{
	int pid = getpid();

	get_heap_memory();
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
			run_case(i);
	return 1;
}
