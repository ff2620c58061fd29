// SPDX-License-Identifier: GPL-2.0-only
/*
 * life CASE [ARGUMENT]: a process that holds one block and then forks, execs,
 * exits, or is from the start of a kind that needs care.  Each case is told at
 * its function; "ready" cases set something up before the attach.
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
static volatile char selector; /* all system calls of this thread are let through */

static void *hold(size_t size)
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
		fprintf(stderr, "the child came to harm: 0x%x\n", status);
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

/* The child and its child go on allocating and freeing; theirs is not ours. */
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

/* The child also frees the parent's block, in its own memory only. */
static void do_fork(void)
{
	void *p = hold(123);
	pid_t pid = fork();

	if (!pid) {
		free(p);
		go_on_allocating();
	}
	wait_for(pid);
	hold(124);
}

/* A child in the parent's own memory: what it keeps there is the parent's. */
static void do_vfork(void)
{
	void *volatile p = NULL;
	pid_t pid;

	hold(125);
	pid = vfork();
	if (!pid) {
		p = malloc(126);
		_exit(0);
	}
	wait_for(pid);
	program_keep(p, 126);
}

/* A child that execs from the parent's memory: the parent is not told to have exec'd. */
static void do_spawn(void)
{
	char *argv[] = { "true", NULL };
	pid_t pid;

	hold(127);
	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ))
		program_die("posix_spawn");
	wait_for(pid);
	hold(128);
}

/* Becomes another program, which begins with "ready" like any other. */
static void do_exec(void)
{
	hold(129);
	program_done();
	execl("/proc/self/exe", "life", "idle", NULL);
	program_die("exec");
}

static int end_of_pipe[2];

/* A process of its own in the same memory, until the other one has become another program. */
static int share_memory(void *arg)
{
	char c;

	(void)arg;
	close(end_of_pipe[1]);
	if (read(end_of_pipe[0], &c, 1))
		program_die("the pipe");
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
	hold(130);
}

/* Many blocks at many sites, and an end by exit(). */
static void do_exit(void)
{
	int i;

	for (i = 0; i < 100; i++)
		hold(131 + i);
}

static void *outlive(void *arg)
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
	hold(140);
	program_done();
	hold(141);
	program_done();
	_exit(0);
}

static void make_the_other_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, outlive, NULL))
		program_die("pthread_create");
}

/* The bare system call: pthread_exit() would load a library, with allocations of its own. */
static void leave(void)
{
	syscall(SYS_exit, 0);
}

/* The main thread ends after the attach and another one goes on. */
static void ready_leader(void)
{
	argument = "ready already";
	make_the_other_thread();
}

/* The main thread has ended before the attach. */
static void ready_leaderless(void)
{
	make_the_other_thread();
	leave();
}

static void ready_comm(void)
{
	if (prctl(PR_SET_NAME, argument))
		program_die("PR_SET_NAME");
}

/* Its own system calls may be turned into signals. */
static void ready_dispatch(void)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector))
		_exit(4);
}

/* Only read, write and exit are left; the memory to give is there already. */
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
		hold(1500);
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

/* Breakpoints are not put into writable text, and nobody says so. */
static void ready_writable_text(void)
{
	dl_iterate_phdr(make_writable, NULL);
}

/* A process of its own kind: threads by the dozen, of which any may be named. */
static void *wait_for_ever(void *arg)
{
	program_keep_uncounted(NULL, 0);
	for (;;)
		pause();
	return arg;
}

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
	{ "leader", ready_leader, leave },
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
