// SPDX-License-Identifier: GPL-2.0-only
/*
 * -c: a command is stopped before its first own instruction, with everything
 * it was linked with mapped, and runs on unharmed when it is let go.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "command.h"
#include "mem.h"
#include "msg.h"
#include "tap.h"

static char *dir;

/* Writes to the file named by its argument how often it got to main. */
static const char program[] = "#include <stdio.h>\n"
			      "#include <stdlib.h>\n"
			      "int main(int argc, char **argv)\n"
			      "{\n"
			      "	FILE *f = fopen(argv[1], \"a\");\n"
			      "	fprintf(f, \"%d|%s\\n\", argc, argc > 2 ? argv[2] : \"\");\n"
			      "	return fclose(f) ? 9 : 7;\n"
			      "}\n";

static bool build(const char *name, const char *flags)
{
	char *command = mu_format("cd %s && ${CC:-cc} -O1 -w %s -o %s p.c", dir, flags, name);
	bool built = system(command) == 0;

	free(command);
	return built;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char *path = mu_format("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
	free(path);
}

/* What the program has written so far, "" for nothing. */
static const char *written(void)
{
	static char text[256];
	char *path = mu_format("%s/out", dir);
	FILE *file = fopen(path, "r");

	text[0] = '\0';
	if (file && !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	free(path);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void forget(void)
{
	char *path = mu_format("%s/out", dir);

	unlink(path);
	free(path);
}

static uint64_t pc_of(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec io = { .iov_base = &regs, .iov_len = sizeof(regs) };

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) ? 0 : MU_PC(regs);
}

static uint64_t entry_of(pid_t pid)
{
	char *path = mu_format("/proc/%d/auxv", pid);
	FILE *file = fopen(path, "r");
	uint64_t entry = 0;
	Elf64_auxv_t aux;

	while (file && fread(&aux, sizeof(aux), 1, file) == 1)
		if (aux.a_type == AT_ENTRY)
			entry = aux.a_un.a_val;
	if (file)
		fclose(file);
	free(path);
	return entry;
}

/* Whether the bytes at the entry point are those that the program's file has there. */
static bool has_breakpoint(pid_t pid)
{
	long word = ptrace(PTRACE_PEEKTEXT, pid, entry_of(pid), NULL);

	return (word & MU_BREAKPOINT_MASK) == MU_BREAKPOINT;
}

static bool maps_libc(pid_t pid)
{
	char *command = mu_format("grep -q '/libc[.-]' /proc/%d/maps", pid);
	bool mapped = system(command) == 0;

	free(command);
	return mapped;
}

static void claim(bool good, const char *name, const char *what)
{
	char *text = mu_format("%s: %s", name, what);

	ok(good, text);
	free(text);
}

static void test_program(const char *name, bool dynamic)
{
	char *line = mu_format("'%s/%s' %s/out \"a  b\"", dir, name, dir);
	struct mu_command c;
	int status = mu_command_start(&c, line);
	pid_t pid = c.pid;

	free(line);
	claim(status == 0 && pid > 0, name, "it is started");
	if (status)
		return;
	claim(pc_of(pid) == entry_of(pid), name, "it stands at its entry point");
	claim(!has_breakpoint(pid), name, "no breakpoint is left in it");
	claim(!*written(), name, "nothing of it has run");
	if (dynamic)
		claim(maps_libc(pid), name, "what it was linked with is mapped");
	claim(getpgid(pid) == pid, name, "Ctrl-C does not reach it");
	mu_command_release(&c);
	claim(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	      name, "let go, it runs to its own end");
	is_text(written(), "3|a  b", "with its arguments, once");
	forget();
}

static void test_programs(void)
{
	write_file("p.c", program, 0644);
	if (ok(build("pie", "-fPIE -pie"), "a PIE is built"))
		test_program("pie", true);
	if (ok(build("fixed", "-fno-PIE -no-pie"), "a program at a fixed address is built"))
		test_program("fixed", true);
	if (ok(build("static", "-static"), "a static program is built"))
		test_program("static", false);
	if (ok(build("static-pie", "-static-pie"), "a static PIE is built"))
		test_program("static-pie", false);
}

static void test_script(void)
{
	char *line = mu_format("%s/script", dir);
	struct mu_command c;
	int status;
	pid_t pid;

	write_file("script", "#!/bin/sh\nexit 5\n", 0755);
	status = mu_command_start(&c, line);
	pid = c.pid;
	free(line);
	is_number(status, 0, "a script is started");
	if (status)
		return;
	ok(pc_of(pid) == entry_of(pid), "its interpreter stands at its entry point");
	mu_command_release(&c);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 5,
	   "let go, the script runs to its own end");
}

static void refuses(const char *line, int wanted, const char *what)
{
	struct mu_command c;

	is_number(mu_command_start(&c, line), wanted, what);
	ok(waitpid(-1, NULL, WNOHANG) < 0, "nothing of it is left");
}

static void test_refusals(void)
{
	char *plain = mu_format("%s/p.c", dir);

	refuses("no-such-command-anywhere", MU_NOT_FOUND, "a command that is not there: 127");
	refuses("/no/such/file -x", MU_NOT_FOUND, "a path that is not there: 127");
	refuses(plain, MU_CANNOT_RUN, "a file that is not executable: 126");
	refuses(dir, MU_CANNOT_RUN, "a directory: 126");
	refuses("echo 'x", MU_USAGE, "a quote that is not closed: 64");
	refuses("", MU_USAGE, "an empty command: 64");
	free(plain);
}

/* A library that cannot be found ends a program in its dynamic linker. */
static void test_early_end(void)
{
	char *line = mu_format("%s/needy", dir);

	if (ok(build("libgone.so", "-shared -fPIC") &&
		       build("needy", "-L. -lgone -Wl,--no-as-needed -lgone"),
	       "a program that needs a library is built"))
		refuses(line, MU_NOTHING, "a program that ends in its linker: 2");
	free(line);
}

static void test_kill(void)
{
	struct mu_command c;
	int status = mu_command_start(&c, "sleep 1000");

	is_number(status, 0, "a command to be killed is started");
	mu_command_kill(&c);
	ok(kill(c.pid, 0) < 0, "killed, it is gone");
}

/* The tool dies while the command stands at its entry point: it runs on without harm. */
static void test_death_of_tool(void)
{
	char *line = mu_format("%s/pie %s/out", dir, dir);
	pid_t tool = fork();
	struct mu_command c;

	if (tool == 0)
		_exit(mu_command_start(&c, line));
	waitpid(tool, NULL, 0);
	for (int tries = 0; tries < 100 && !*written(); tries++)
		usleep(50000);
	is_text(written(), "2|", "a command outlives a tool that dies before it lets go");
	free(line);
	forget();
}

int main(void)
{
	char *command;

	dir = mu_format("/tmp/memleak-user-XXXXXX");
	if (!mkdtemp(dir)) {
		perror(dir);
		return 2;
	}
	test_programs();
	test_script();
	test_refusals();
	test_early_end();
	test_kill();
	test_death_of_tool();
	command = mu_format("rm -rf '%s'", dir);
	if (system(command))
		perror(dir);
	free(command);
	free(dir);
	return done_testing();
}
