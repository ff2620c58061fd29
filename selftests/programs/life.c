// SPDX-License-Identifier: GPL-2.0-only
/*
 * life CASE [ARGUMENT]: a process that keeps some blocks and forks, executes another program or
 * exits, or that has an unusual state from the start (no main thread, a seccomp filter, ...). Each
 * case is described at its function: ready_CASE() prepares the process before "ready", do_CASE() is
 * the first step.
 *
 * Used by lifecycle, options, limits and many others; "idle" is the plain process of the tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

extern char **environ;
static const char *argument;
static volatile char selector; /* of Syscall User Dispatch; 0: all system calls are allowed */

static void *keep_block(size_t size)
{
	void *p = malloc(size);

	program_keep(p, size);
	return p;
}

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0)
		program_die("no child");
	if (waitpid(pid, &status, 0) != pid)
		program_die("waitpid");
	if (status) {
		fprintf(stderr, "the child ended with wait status 0x%x\n", status);
		_exit(1);
	}
}

static void allocate_and_free(void)
{
	void *p[50];
	int i;

	for (i = 0; i < 50; i++)
		p[i] = realloc(malloc(10 + i), 100 + i);
	for (i = 0; i < 50; i += 2)
		free(p[i]);
}

/* In a child, which forks once more: none of these blocks may be listed for the parent. */
static void go_on_allocating(void)
{
	pid_t pid;

	allocate_and_free();
	pid = fork();
	allocate_and_free();
	if (pid)
		wait_for(pid);
	_exit(0);
}

/* The child frees its copy of the parent's block. */
static void do_fork(void)
{
	void *p = keep_block(123);
	pid_t pid = fork();

	if (!pid) {
		free(p);
		go_on_allocating();
	}
	wait_for(pid);
	keep_block(124);
}

/* The child shares the parent's memory: what it allocates is the parent's. */
static void do_vfork(void)
{
	void *volatile p = NULL;
	pid_t pid;

	keep_block(125);
	pid = vfork();
	if (!pid) {
		p = malloc(126);
		_exit(0);
	}
	wait_for(pid);
	program_keep(p, 126);
}

/* The child shares the parent's memory and calls exec, which is not an exec of the parent. */
static void do_spawn(void)
{
	char *argv[] = { "true", NULL };
	pid_t pid;

	keep_block(127);
	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ))
		program_die("posix_spawn");
	wait_for(pid);
	keep_block(128);
}

/* Executes this program again, which prints "ready" as at the start. */
static void do_exec(void)
{
	keep_block(129);
	program_done();
	execl("/proc/self/exe", "life", "idle", NULL);
	program_die("exec");
}

static int end_of_pipe[2];

/* Another process with the same memory, which exits after the exec of the first one. */
static int share_memory(void *arg)
{
	char c;

	(void)arg;
	close(end_of_pipe[1]);
	if (read(end_of_pipe[0], &c, 1))
		program_die("read of the pipe");
	_exit(0);
}

static void do_exec_shared(void)
{
	static char stack[65536];

	if (pipe2(end_of_pipe, O_CLOEXEC) ||
	    clone(share_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0)
		program_die("clone");
	do_exec();
}

static void do_idle(void)
{
	keep_block(130);
}

/* 100 blocks; the program exits after the step, as in most cases. */
static void do_exit(void)
{
	int i;

	for (i = 0; i < 100; i++)
		keep_block(131 + i);
}

/* A thread that waits until the main thread is a zombie, and does the steps then. */
static void *outlive_main_thread(void *arg)
{
	(void)arg;
	while (!syscall(SYS_tgkill, getpid(), getpid(), 0)) {
		char stat[64] = "", path[64];
		int fd;

		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
		fd = open(path, O_RDONLY);
		if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0)
			break;
		close(fd);
		if (strstr(stat, ") Z"))
			break;
		usleep(1000);
	}
	if (!argument)
		program_ready();
	keep_block(140);
	program_done();
	keep_block(141);
	program_done();
	_exit(0);
}

static void make_the_other_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, outlive_main_thread, NULL))
		program_die("pthread_create");
}

/* Ends this thread. By the system call, because pthread_exit() loads a library and allocates. */
static void exit_thread(void)
{
	syscall(SYS_exit, 0);
}

/* The main thread ends after the attach, the other one continues. */
static void ready_leader(void)
{
	argument = "ready already";
	make_the_other_thread();
}

/* The main thread ends before the attach. */
static void ready_leaderless(void)
{
	make_the_other_thread();
	exit_thread();
}

/* The name of the process is ARGUMENT. */
static void ready_comm(void)
{
	if (prctl(PR_SET_NAME, argument))
		program_die("PR_SET_NAME");
}

/* Syscall User Dispatch is turned on. */
static void ready_dispatch(void)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector))
		_exit(4);
}

/* Strict seccomp: read, write and exit only. malloc has got its memory from the kernel before. */
static void ready_seccomp(void)
{
	void *p[64];
	int i;

	for (i = 0; i < 64; i++)
		p[i] = malloc(1500);
	for (i = 0; i < 64; i++)
		free(p[i]);
	program_say("ready %d\n", (int)getpid());
	if (prctl(PR_SET_SECCOMP, 1))
		program_die("PR_SET_SECCOMP");
	program_step();
	for (i = 0; i < 20; i++)
		keep_block(1500);
	program_done();
	syscall(SYS_exit, 0);
}

static int make_writable(struct dl_phdr_info *info, size_t size, void *arg)
{
	int i;

	(void)size;
	(void)arg;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = (info->dlpi_addr + p->p_vaddr) & -4096ul;
		uintptr_t end = info->dlpi_addr + p->p_vaddr + p->p_memsz;

		if (p->p_type == PT_LOAD && p->p_flags & PF_X && strstr(info->dlpi_name, "libc"))
			mprotect((void *)start, end - start, PROT_READ | PROT_WRITE | PROT_EXEC);
	}
	return 0;
}

/* libc's text is writable: the kernel puts no breakpoints there, without reporting an error. */
static void ready_writable_text(void)
{
	dl_iterate_phdr(make_writable, NULL);
}

static void *wait_for_ever(void *arg)
{
	program_keep_uncounted(NULL, 0);
	for (;;)
		pause();
	return arg;
}

/* Four more threads, whose TIDs the test passes instead of the PID. */
static void ready_threads(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, wait_for_ever, NULL))
			program_die("pthread_create");
	while (__atomic_load_n(&program_count, __ATOMIC_ACQUIRE) < 4)
		usleep(1000);
	program_count = 0;
	program_hash = 0;
}

static void do_nothing(void)
{
}

static const struct {
	const char *name;
	void (*ready)(void);
	void (*run)(void);
} cases[] = {
	{ "fork", do_nothing, do_fork },
	{ "vfork", do_nothing, do_vfork },
	{ "spawn", do_nothing, do_spawn },
	{ "exec", do_nothing, do_exec },
	{ "exec_shared", do_nothing, do_exec_shared },
	{ "exit", do_nothing, do_exit },
	{ "idle", do_nothing, do_idle },
	{ "leader", ready_leader, exit_thread },
	{ "leaderless", ready_leaderless, do_nothing },
	{ "comm", ready_comm, do_idle },
	{ "dispatch", ready_dispatch, do_idle },
	{ "seccomp", ready_seccomp, do_nothing },
	{ "writable_text", ready_writable_text, do_idle },
	{ "threads", ready_threads, do_idle },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return 1;
	argument = argc > 2 ? argv[2] : NULL;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		cases[i].ready();
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
