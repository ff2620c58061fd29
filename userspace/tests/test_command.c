// SPDX-License-Identifier: GPL-2.0-only
/*
 * -c: a command is stopped at its entry point, with all its libraries mapped, and runs on normally
 * after it is released.
 */
#include <signal.h>

#include "command.h"
#include "msg.h"
#include "program.h"
#include "tap.h"

/* Appends a line to the file that its first argument names. */
static const char program[] = "#include <stdio.h>\n"
			      "#include <stdlib.h>\n"
			      "int main(int argc, char **argv)\n"
			      "{\n"
			      "	FILE *f = fopen(argv[1], \"a\");\n"
			      "	fprintf(f, \"%d|%s\\n\", argc, argc > 2 ? argv[2] : \"\");\n"
			      "	return fclose(f) ? 9 : 7;\n"
			      "}\n";

/* Return: the output of the program, "" if it has not run yet. */
static const char *read_output(void)
{
	return read_line(mu_format("%s/out", dir));
}

static void remove_output(void)
{
	char *path = mu_format("%s/out", dir);

	unlink(path);
	free(path);
}

static bool maps_libc(pid_t pid)
{
	char *command = mu_format("grep -q '/libc[.-]' /proc/%d/maps", pid);
	bool mapped = system(command) == 0;

	free(command);
	return mapped;
}

static void check_program(bool good, const char *name, const char *what)
{
	char *text = mu_format("%s: %s", name, what);

	tap_ok(good, text);
	free(text);
}

static void test_program(const char *name, bool dynamic)
{
	char *line = mu_format("'%s/%s' %s/out \"a  b\"", dir, name, dir);
	struct mu_command c;
	int status = mu_command_start(&c, line);
	pid_t pid = c.pid;

	free(line);
	check_program(status == 0 && pid > 0, name, "is started");
	if (status)
		return;
	check_program(read_pc(pid) == read_entry(pid), name, "is stopped at its entry point");
	check_program(!has_breakpoint(pid), name, "has no breakpoint");
	check_program(!*read_output(), name, "has executed nothing");
	if (dynamic)
		check_program(maps_libc(pid), name, "has its libraries mapped");
	check_program(getpgid(pid) == pid, name, "is not in the process group of Ctrl-C");
	mu_command_release(&c);
	check_program(ends_with_status(pid, 7), name, "runs to its end after the release");
	is_text(read_output(), "3|a  b", "it ran once, with its arguments");
	remove_output();
}

static void test_programs(void)
{
	write_file("p.c", program, 0644);
	if (tap_ok(build_program("pie", "-fPIE -pie"), "a PIE is built"))
		test_program("pie", true);
	if (tap_ok(build_program("fixed", "-fno-PIE -no-pie"),
		   "a program at a fixed address is built"))
		test_program("fixed", true);
	if (tap_ok(build_program("static", "-static"), "a static program is built"))
		test_program("static", false);
	if (tap_ok(build_program("static-pie", "-static-pie"), "a static PIE is built"))
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
	tap_ok(read_pc(pid) == read_entry(pid), "its interpreter is stopped at its entry point");
	mu_command_release(&c);
	tap_ok(ends_with_status(pid, 5), "the script runs to its end after the release");
}

static void expect_refusal(const char *line, int wanted, const char *what)
{
	struct mu_command c;

	is_number(mu_command_start(&c, line), wanted, what);
	tap_ok(waitpid(-1, NULL, WNOHANG) < 0, "no process is left");
}

static void test_refusals(void)
{
	char *plain = mu_format("%s/p.c", dir);

	expect_refusal("no-such-command-anywhere", MU_NOT_FOUND,
		       "a command that does not exist: 127");
	expect_refusal("/no/such/file -x", MU_NOT_FOUND, "a path that does not exist: 127");
	expect_refusal(plain, MU_CANNOT_RUN, "a file that is not executable: 126");
	expect_refusal(dir, MU_CANNOT_RUN, "a directory: 126");
	expect_refusal("echo 'x", MU_USAGE, "an unterminated quote: 64");
	expect_refusal("", MU_USAGE, "an empty command: 64");
	free(plain);
}

/* A program whose library cannot be found ends in its dynamic linker. */
static void test_early_end(void)
{
	char *line = mu_format("%s/needy", dir);

	if (tap_ok(build_program("libgone.so", "-shared -fPIC") &&
			   build_program("needy", "-L. -lgone -Wl,--no-as-needed -lgone"),
		   "a program that needs a library is built"))
		expect_refusal(line, MU_NOTHING, "a program that ends in its dynamic linker: 2");
	free(line);
}

static void test_kill(void)
{
	struct mu_command c;
	int status = mu_command_start(&c, "sleep 1000");

	is_number(status, 0, "a command to be killed is started");
	mu_command_kill(&c);
	tap_ok(kill(c.pid, 0) < 0, "it does not exist after that");
}

/* The tool dies while the command is stopped at its entry point: the command runs on. */
static void test_death_of_tool(void)
{
	char *line = mu_format("%s/pie %s/out", dir, dir);
	pid_t tool = fork();
	struct mu_command c;

	if (tool == 0)
		_exit(mu_command_start(&c, line));
	waitpid(tool, NULL, 0);
	for (int tries = 0; tries < 100 && !*read_output(); tries++)
		usleep(50000);
	is_text(read_output(), "2|", "a command outlives a tool that dies before the release");
	free(line);
	remove_output();
}

int main(void)
{
	if (!make_directory())
		return 2;
	test_programs();
	test_script();
	test_refusals();
	test_early_end();
	test_kill();
	test_death_of_tool();
	remove_directory();
	return done_testing();
}
