// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel lockdown raised while the module is loaded: first integrity, then confidentiality. It
 * cannot be lowered again, so this test has its own machine: nothing that needs control can run
 * after it.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

static bool raise_to(const char *level)
{
	int fd = open(LOCKDOWN, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, level, strlen(level));

	close(fd);
	return n == (ssize_t)strlen(level);
}

static int errno_of_open(const char *file, int flags)
{
	int fd = mst_open(flags, "%s", file), err = fd < 0 ? errno : 0;

	close(fd);
	return err;
}

/*
 * A single test, as each step depends on the one before: control cannot be opened, but a file
 * that is open already still works; reports stay readable at integrity; the target runs on and is
 * counted.
 */
TEST(lockdown_closes_control_and_harms_no_target)
{
	struct mst_program prog;
	int control, id;

	if (access(LOCKDOWN, W_OK))
		SKIP(return, "this kernel has no lockdown");
	mst_fresh();
	mst_spawn(&prog, "chain", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", prog.pid));
	id = mst_id(prog.pid);
	mst_step(&prog, "go");
	control = mst_open(O_RDWR, "control");
	if (!raise_to("integrity"))
		SKIP(return, "lockdown was raised before");
	EXPECT_EQ(EPERM, errno_of_open("control", O_RDWR));
	EXPECT_EQ(EPERM, errno_of_open("control", O_WRONLY));
	EXPECT_EQ(EPERM, errno_of_open("control", O_RDONLY));
	EXPECT_EQ(0, errno_of_open("report", O_RDONLY));
	EXPECT_EQ(0, errno_of_open("allocations", O_RDONLY));
	EXPECT_EQ(0, errno_of_open("stats", O_RDONLY));
	mst_step(&prog, "go");
	EXPECT_EQ(8, mst_stat(id, "allocated") - mst_stat(id, "freed"));
	EXPECT_TRUE(mst_sound(id));
	ASSERT_TRUE(raise_to("confidentiality"));
	EXPECT_EQ(EPERM, errno_of_open("control", O_RDWR));
	mst_step(&prog, "go");
	EXPECT_ACCEPTED(mst_command_through(control, "detach %d", prog.pid));
	close(control);
	EXPECT_EQ(0, mst_end(&prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
