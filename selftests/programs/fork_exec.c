// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork_exec CASE [ARGUMENT...]: a process that forks a child and allocates beside it ("fork"),
 * executes the program ARGUMENT ("exec"), or runs in namespaces of its own, with a root file system
 * in the directory ARGUMENT ("container"). "process_1" is the program inside the container.
 *
 * Used by fork_and_namespaces.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>

#include "program.h"

static char **arguments;

static void *keep_block(size_t size)
{
	void *p = malloc(size);

	program_keep(p, size);
	return p;
}

/* Calls each function whose breakpoint the test looks for; returns a value computed with them. */
static unsigned int use_all(unsigned int seed)
{
	unsigned int *p = malloc(300), *q = calloc(1, 400), sum;
	void *r;

	p = realloc(p, 500);
	if (posix_memalign(&r, 64, 600))
		_exit(1);
	*p = seed;
	*q += *p * 3;
	sum = *q + 1;
	free(p);
	free(q);
	free(r);
	return sum;
}

static void expect_byte(int fd, char want)
{
	char c = 0;

	if (read(fd, &c, 1) != 1 || c != want)
		program_die("unexpected answer, or none, of the child or parent");
}

static void say_byte(int fd, char c)
{
	if (write(fd, &c, 1) != 1)
		program_die("write");
}

/* The child: allocates twice when it is asked to, answers, and exits when it is asked to. */
static void be_a_child(int in, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	expect_byte(in, 'a');
	say_byte(out, use_all(7) == 22 ? 'b' : 'x');
	expect_byte(in, 'c');
	say_byte(out, use_all(9) == 28 ? 'd' : 'x');
	expect_byte(in, 'e');
	_exit(0);
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		program_die("the child failed");
}

/*
 * First step: forks. Second: both processes allocate, which removes the breakpoints that the child
 * has inherited. Third: both allocate again. Fourth: waits for the exit of the child.
 */
static void do_fork(void)
{
	int to[2], from[2];
	pid_t pid;

	if (pipe(to) || pipe(from))
		program_die("pipe");
	keep_block(123);
	pid = fork();
	if (!pid)
		be_a_child(to[0], from[1]);
	program_done();
	say_byte(to[1], 'a');
	keep_block(124);
	if (use_all(11) != 34)
		program_die("wrong sum");
	expect_byte(from[0], 'b');
	program_done();
	say_byte(to[1], 'c');
	expect_byte(from[0], 'd');
	keep_block(125);
	program_done();
	say_byte(to[1], 'e');
	wait_for(pid);
}

/* Executes the program that the arguments name. */
static void do_exec(void)
{
	keep_block(126);
	program_done();
	execv(arguments[0], arguments);
	program_die(arguments[0]);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0755);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		program_die(path);
	close(fd);
}

static void copy_file(const char *from, const char *to)
{
	static char buffer[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	ssize_t n;

	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, n) != n)
			program_die(to);
	if (n)
		program_die(from);
	close(in);
	close(out);
}

static bool is_shared(const char *from, const char *to)
{
	return !mkdir(to, 0755) && !mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

/* Makes a root directory with this program as /app and the libraries of the host. */
static void make_root(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", arguments[0], "tmpfs", 0, NULL) || chdir(arguments[0]) ||
	    !is_shared("/usr", "usr") || !is_shared("/lib", "lib") || !is_shared("/lib64", "lib64"))
		program_die("mount of the root directory");
	copy_file("/proc/self/exe", "app");
}

/* Runs the program as process 1 and root of new namespaces; the parent waits for its exit. */
static void be_contained(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS))
		_exit(4);
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", "0 0 1");
	write_file("/proc/self/gid_map", "0 0 1");
	make_root();
	pid = fork();
	if (pid) {
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		wait_for(pid);
		_exit(0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chroot("."))
		program_die("chroot");
	execl("/app", "app", "process_1", NULL);
	program_die("/app");
}

static void do_process_1(void)
{
	if (getpid() != 1)
		program_die("not process 1");
	keep_block(127);
	free(keep_block(128) ? malloc(129) : NULL);
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
	{ "exec", do_nothing, do_exec },
	{ "container", be_contained, do_nothing },
	{ "process_1", do_nothing, do_process_1 },
};

int main(int argc, char **argv)
{
	size_t i;

	arguments = argv + 2;
	for (i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++) {
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
