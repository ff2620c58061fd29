// SPDX-License-Identifier: GPL-2.0-only
/*
 * The syntax of control: every bad command fails with its errno and a message that names the
 * mistake, and changes nothing else.
 */
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

/* In a command, "@" is replaced by the PID of a process that can be attached to. */
struct refusal {
	const char *command;
	int err;
	const char *names; /* what the message must contain, ignoring case */
};

static const struct refusal bad_words[] = {
	{ "", EINVAL, "" },
	{ "\n", EINVAL, "" },
	{ " \t \n", EINVAL, "" },
	{ "frobnicate @", EINVAL, "frobnicate" },
	{ "ATTACH @", EINVAL, "ATTACH" },
	{ "attachment @", EINVAL, "attachment" },
	{ "@x", EINVAL, "x" },
	{ "all", EINVAL, "all" },
	{ "attach", EINVAL, "pid" },
	{ "detach", EINVAL, "pid" },
	{ "clear", EINVAL, "pid" },
	{ "mark", EINVAL, "pid" },
	{ "freeze", EINVAL, "pid" },
	{ "thaw", EINVAL, "pid" },
	{ "attach abc", EINVAL, "abc" },
	{ "attach -1", EINVAL, "-1" },
	{ "attach 0", EINVAL, "0" },
	{ "attach +", EINVAL, "+" },
	{ "attach 99999999999999999999", EINVAL, "99999999999999999999" },
	{ "attach 4294967297", EINVAL, "4294967297" },
	{ "attach all", EINVAL, "all" },
	{ "detach abc", EINVAL, "abc" },
	{ "detach -1", EINVAL, "-1" },
	{ "detach everything", EINVAL, "everything" },
	{ "freeze 5s", EINVAL, "5s" },
	{ "mark all now", EINVAL, "now" },
	{ "clear abc", EINVAL, "abc" },
	{ "detach @ @", EINVAL, "@" },
	{ "detach all all", EINVAL, "all" },
	{ "clear @ min=1", EINVAL, "min" },
	{ "attach @\nattach 1", EINVAL, "one line" },
	{ "@\n1", EINVAL, "one line" },
	{ "attach\n@", EINVAL, "one line" },
};

static const struct refusal bad_keys[] = {
	{ "attach @ @", EINVAL, "@" },
	{ "attach @ nonsense", EINVAL, "nonsense" },
	{ "attach @ colour=red", EINVAL, "colour" },
	{ "attach @ MIN=1", EINVAL, "MIN" },
	{ "attach @ =1", EINVAL, "key" },
	{ "attach @ min", EINVAL, "min" },
	{ "attach @ min=", EINVAL, "min" },
	{ "attach @ min=nonsense", EINVAL, "min" },
	{ "attach @ min=-1", EINVAL, "min" },
	{ "attach @ min=1.5", EINVAL, "min" },
	{ "attach @ min=18446744073709551616", EINVAL, "min" },
	{ "attach @ min=1 min=1", EINVAL, "min" },
	{ "attach @ max=", EINVAL, "max" },
	{ "attach @ max=many", EINVAL, "max" },
	{ "attach @ max=1 min=0 max=2", EINVAL, "max" },
	{ "attach @ min=11 max=10", EINVAL, "min" },
	{ "attach @ max=10 min=11", EINVAL, "min" },
	{ "attach @ depth=0", EINVAL, "depth" },
	{ "attach @ depth=129", EINVAL, "depth" },
	{ "attach @ depth=deep", EINVAL, "depth" },
	{ "attach @ depth=4294967297", EINVAL, "depth" },
	{ "attach @ older=-5", EINVAL, "older" },
	{ "attach @ older=yesterday", EINVAL, "older" },
	{ "attach @ object=", EINVAL, "object" },
	{ "attach @ object=a object=b", EINVAL, "object" },
	{ "attach @ bound=", EINVAL, "bound" },
	{ "attach @ bound=2", EINVAL, "bound" },
	{ "attach @ bound=yes", EINVAL, "bound" },
	{ "attach @ exits=", EINVAL, "exits" },
	{ "attach @ exits=1", EINVAL, "exits" },
	{ "attach @ exits=sometimes", EINVAL, "exits" },
	{ "attach @ exits=alwaysx", EINVAL, "exits" },
	{ "attach @ exits=needed exits=always", EINVAL, "exits" },
	{ "attach @ prefix=", EINVAL, "prefix" },
	{ "attach @ prefix=a:b", EINVAL, "prefix" },
	{ "attach @ prefix=123456789012345678901234567890123", EINVAL, "32" },
	{ "attach @ prefix=a prefix=b", EINVAL, "prefix" },
	{ "attach @ prefix=no_such_", ENOENT, "no_such_malloc" },
	{ "attach @ pair=", EINVAL, "pair" },
	{ "attach @ pair=a", EINVAL, "ALLOC:SIZEARG" },
	{ "attach @ pair=a:1", EINVAL, "ALLOC:SIZEARG" },
	{ "attach @ pair=a:1,", EINVAL, "ALLOC:SIZEARG" },
	{ "attach @ pair=a:1,b", EINVAL, "ALLOC:SIZEARG" },
	{ "attach @ pair=a,b:1", EINVAL, "ALLOC:SIZEARG" },
	{ "attach @ pair=:1,b:1", EINVAL, "ALLOC:SIZEARG" },
	{ "attach @ pair=a:0,b:1", EINVAL, "from 1 to 4" },
	{ "attach @ pair=a:1,b:5", EINVAL, "from 1 to 4" },
	{ "attach @ pair=a:11,b:1", EINVAL, "from 1 to 4" },
	{ "attach @ pair=a:1,b:1,c:1", EINVAL, "ALLOC:SIZEARG" },
	{ "attach @ pair=a:1,a:1", EINVAL, "a second meaning" },
	{ "attach @ pair=malloc:1,b:1", EINVAL, "malloc a second meaning" },
	{ "attach @ pair=a:1,free:1", EINVAL, "free a second meaning" },
	{ "attach @ pair=a:1,b:1 pair=a:2,b:1", EINVAL, "a a second meaning" },
	{ "attach @ pair=a:1,b:1 pair=c:1,b:2", EINVAL, "b a second meaning" },
	{ "attach @ pair=a:1,b:1 pair=b:1,c:1", EINVAL, "b a second meaning" },
	{ "attach @ pair=a:1,b:1 pair=a:1,b:1 pair=a:1,b:1 pair=a:1,b:1 pair=a:1,b:1 "
	  "pair=a:1,b:1 pair=a:1,b:1 pair=a:1,b:1 pair=a:1,b:1",
	  EINVAL, "more than 8" },
	{ "attach @ pair=a:1,b:1 pair=c:1,b:1", ENOENT, "defines a, nor" },
	{ "attach @ object=no-such-library.so", ENOENT, "no-such-library.so" },
};

static const struct refusal bad_targets[] = {
	{ "detach @", ENOENT, "@" }, { "clear @", ENOENT, "@" }, { "mark @", ENOENT, "@" },
	{ "freeze @", ENOENT, "@" }, { "thaw @", ENOENT, "@" },	 { "attach 2", ENOENT, "kernel" },
	{ "2", ENOENT, "kernel" },
};

static const char *with_pid(const char *text, pid_t pid, char *to)
{
	char *at = to;

	for (; *text; text++)
		at += sprintf(at, *text == '@' ? "%d" : "%c", *text == '@' ? pid : *text);
	*at = 0;
	return to;
}

/* The age at the end of a refusal, or -1 if it is missing. */
static long refused_ms_ago(const char *tail)
{
	unsigned long ms;
	int len = 0;

	if (sscanf(tail, " %lu ms ago%n", &ms, &len) != 1 || !len || tail[len])
		return -1;
	return ms;
}

/* One printable line: "refused COMMAND: MESSAGE (ERRNO), written by COMM[PID] N ms ago". */
static bool is_well_formed(const char *names, int err)
{
	const char *message = strstr(mst_refusal, ": "), *end = NULL, *at;
	char tail[128];

	snprintf(tail, sizeof(tail), " (%s), written by control_syntax[%d]",
		 err == EINVAL ? "EINVAL" :
		 err == ENOENT ? "ENOENT" :
		 err == ESRCH  ? "ESRCH" :
		 err == EBUSY  ? "EBUSY" :
		 err == E2BIG  ? "E2BIG" :
		 err == EFAULT ? "EFAULT" :
				 "?",
		 getpid());
	if (!strncmp(mst_refusal, "refused ", 8) && message)
		end = strstr(message, tail);
	for (at = mst_refusal; *at; at++)
		if (!isprint((unsigned char)*at))
			end = NULL;
	return end && end - message > 6 && refused_ms_ago(end + strlen(tail)) >= 0 &&
	       strcasestr(message, names);
}

static bool is_refused(const void *command, size_t len, int err, const char *names)
{
	int got = mst_write(command, len);

	if (got == err && is_well_formed(names, err))
		return true;
	mst_say("command '%.*s': got errno %d, expected %d; refusal '%.300s' should name '%s'",
		len > 100 ? 100 : (int)len, (const char *)command, got, err, mst_refusal, names);
	return false;
}

static bool are_refused(const struct refusal *r, size_t count, pid_t pid)
{
	char command[256], names[64];
	bool all = true;

	for (; count; count--, r++) {
		with_pid(r->command, pid, command);
		with_pid(r->names, pid, names);
		all = is_refused(command, strlen(command), r->err, names) && all;
	}
	return all;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

FIXTURE(control)
{
	struct mst_program prog;
};

FIXTURE_SETUP(control)
{
	mst_fresh();
	mst_spawn(&self->prog, "life", "idle", NULL);
}

FIXTURE_TEARDOWN(control)
{
	mst_kill(&self->prog);
	mst_fresh();
}

TEST_F(control, refuses_bad_words)
{
	EXPECT_TRUE(are_refused(bad_words, COUNT(bad_words), self->prog.pid));
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

TEST_F(control, refuses_bad_keys)
{
	EXPECT_TRUE(are_refused(bad_keys, COUNT(bad_keys), self->prog.pid));
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

TEST_F(control, refuses_processes_that_are_no_targets)
{
	EXPECT_TRUE(are_refused(bad_targets, COUNT(bad_targets), self->prog.pid));
}

TEST_F(control, refuses_more_than_4096_bytes)
{
	size_t size = 1 << 20;
	char *bytes = malloc(size);

	memset(bytes, '1', size);
	EXPECT_TRUE(is_refused(bytes, size, E2BIG, "4096"));
	EXPECT_TRUE(is_refused(bytes, 4097, E2BIG, "4096"));
	free(bytes);
}

TEST_F(control, accepts_4096_bytes)
{
	char bytes[4096];
	int len = sprintf(bytes, "attach %d", self->prog.pid);

	memset(bytes + len, ' ', sizeof(bytes) - len);
	EXPECT_EQ(0, mst_write(bytes, sizeof(bytes)));
	EXPECT_NE(0, mst_id(self->prog.pid));
}

/* Whatever the bytes are, the refusal is one line of printable characters. */
TEST_F(control, refuses_binary_bytes)
{
	unsigned char bytes[512];
	char nul[] = "attach 1\0 2";
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	EXPECT_TRUE(is_refused(bytes, sizeof(bytes), EINVAL, ""));
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0x80 + i * 37 % 128;
	EXPECT_TRUE(is_refused(bytes, sizeof(bytes), EINVAL, ""));
	EXPECT_TRUE(is_refused("\033[31mattach", 11, EINVAL, ""));
	EXPECT_TRUE(is_refused(nul, sizeof(nul) - 1, EINVAL, ""));
	EXPECT_TRUE(is_refused("\0", 1, EINVAL, ""));
}

TEST_F(control, refuses_an_unreadable_buffer)
{
	EXPECT_EQ(EFAULT, mst_write((void *)8, 10));
	EXPECT_TRUE(is_well_formed("bytes", EFAULT))
	{
		TH_LOG("%s", mst_refusal);
	}
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

TEST_F(control, refuses_processes_that_have_exited)
{
	char command[32];
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	sprintf(command, "attach %d", pid);
	EXPECT_TRUE(is_refused(command, strlen(command), ESRCH, "exited"))
	{
		TH_LOG("the process is a zombie");
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(is_refused(command, strlen(command), ESRCH, "process"));
	EXPECT_TRUE(is_refused(command + 7, strlen(command + 7), ESRCH, "process"));
	EXPECT_TRUE(is_refused("attach 2147483647", 17, ESRCH, "process"));
}

TEST_F(control, refuses_to_attach_twice)
{
	char command[64];
	int id;

	sprintf(command, "attach %d", self->prog.pid);
	ASSERT_ACCEPTED(mst_command("%s", command));
	id = mst_id(self->prog.pid);
	EXPECT_TRUE(is_refused(command, strlen(command), EBUSY, "already"));
	EXPECT_TRUE(is_refused(command + 7, strlen(command + 7), EBUSY, "already"));
	strcat(command, " min=100");
	EXPECT_TRUE(is_refused(command, strlen(command), EBUSY, "already"));
	EXPECT_EQ(1, mst_stat(0, "targets"));
	EXPECT_EQ(id, mst_id(self->prog.pid));
}

TEST_F(control, ignores_surrounding_white_space)
{
	ASSERT_ACCEPTED(mst_command(" \t attach %d min=1 \n", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("\n\n detach %d\n\n", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("  clear all  "));
	EXPECT_EQ(0, mst_stat(0, "targets"));
	ASSERT_ACCEPTED(mst_command(" %d\n", self->prog.pid));
	EXPECT_STREQ("tracing", mst_state(mst_id(self->prog.pid)));
}

TEST_F(control, keeps_a_target_unchanged_after_refusals)
{
	struct mst_program *prog = &self->prog;
	char before[4096], after[4096];

	ASSERT_ACCEPTED(mst_command("attach %d max=1000 depth=7", prog->pid));
	mst_step(prog, "go");
	ASSERT_TRUE(mst_line(mst_id(prog->pid), before, sizeof(before)));
	are_refused(bad_words, COUNT(bad_words), prog->pid);
	EXPECT_EQ(EINVAL, mst_command("attach %d min=2 min=1", prog->pid));
	EXPECT_EQ(EINVAL, mst_command("detach %d now", prog->pid));
	ASSERT_TRUE(mst_line(mst_id(prog->pid), after, sizeof(after)));
	EXPECT_STREQ(before, after);
	EXPECT_TRUE(mst_exact(prog));
}

/* A writer sees its own last refusal; a file that wrote nothing shows the last one of all. */
TEST_F(control, keeps_one_refusal_per_open_file)
{
	int one = mst_open(O_RDWR, "control"), other = mst_open(O_RDWR, "control");
	int fresh = mst_open(O_RDONLY, "control");

	ASSERT_EQ(EINVAL, mst_command_through(one, "first mistake"));
	ASSERT_EQ(EINVAL, mst_command_through(other, "second mistake"));
	EXPECT_CONTAINS(mst_refusal, "second");
	mst_refusal_through(one);
	EXPECT_CONTAINS(mst_refusal, "first");
	EXPECT_LACKS(mst_refusal, "second");
	mst_refusal_through(fresh);
	EXPECT_CONTAINS(mst_refusal, "second");
	close(one);
	close(other);
	close(fresh);
}

/* The writer is named even after it has exited. */
TEST_F(control, names_the_writer_of_the_last_refusal)
{
	char writer[64];
	int fd, status;
	pid_t pid = fork();

	if (!pid)
		_exit(mst_command("attach bogus") != EINVAL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	fd = mst_open(O_RDONLY, "control");
	mst_refusal_through(fd);
	close(fd);
	sprintf(writer, "written by control_syntax[%d]", pid);
	EXPECT_CONTAINS(mst_refusal, writer);
	EXPECT_CONTAINS(mst_refusal, "bogus");
}

static long age_through(int fd)
{
	mst_refusal_through(fd);
	return refused_ms_ago(strrchr(mst_refusal, ']') + 1);
}

/* The age lets a reader tell an old refusal from the answer to the latest command. */
TEST_F(control, shows_the_age_of_a_refusal)
{
	int own = mst_open(O_RDWR, "control"), fresh = mst_open(O_RDONLY, "control");
	long begin = mst_now_ms(), age;

	ASSERT_EQ(EINVAL, mst_command_through(own, "attach bogus"));
	usleep(1200000);
	age = age_through(own);
	EXPECT_GE(age, 1200);
	EXPECT_LE(age, mst_now_ms() - begin + 1);
	EXPECT_GE(age_through(fresh), age);
	/* The next refusal starts at age 0. */
	begin = mst_now_ms();
	ASSERT_EQ(EINVAL, mst_command_through(own, "attach bogus"));
	EXPECT_LE(age_through(own), mst_now_ms() - begin + 1);
	close(own);
	close(fresh);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
