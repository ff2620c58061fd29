// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test library: find the files of the tests, load and unload the module.
 */
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kselftest.h"
#include "mst.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

/* Removes the last component of @path; a path of one component is left unchanged. */
static void cut_last_component(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash && slash != path)
		*slash = 0;
}

/*
 * Returns the directory that the tests were built in: the directory of the running program, or its
 * parent if the program was built in a subdirectory.
 */
static const char *tests_dir(void)
{
	static char dir[512];
	char programs[600];
	ssize_t n;

	if (dir[0])
		return dir;
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	if (n <= 0)
		mst_die("readlink /proc/self/exe: %m");
	dir[n] = 0;
	cut_last_component(dir);
	snprintf(programs, sizeof(programs), "%s/programs", dir);
	if (access(programs, F_OK))
		cut_last_component(dir);
	return dir;
}

/**
 * mst_here() - build the path of a file of the tests
 * @name: a path relative to the directory that the tests were built in
 *
 * Return: the absolute path, in a static buffer that the fourth call from now overwrites.
 */
const char *mst_here(const char *name)
{
	static char path[4][1024];
	static int turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", tests_dir(), name);
	return p;
}

/**
 * mst_scratch() - create the scratch directory of this process at the first call
 *
 * Return: its path. The directory is on a real file system and is not removed at the end.
 */
const char *mst_scratch(void)
{
	static char dir[64];

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/tmp/mlu-XXXXXX");
		if (!mkdtemp(dir))
			mst_die("mkdtemp: %m");
	}
	return dir;
}

/* Called by dl_iterate_phdr(); sets the PATH_MAX bytes at @path if the object is libc. */
static int is_libc(struct dl_phdr_info *info, size_t size, void *path)
{
	return strstr(info->dlpi_name, "/libc.so.6") && realpath(info->dlpi_name, path);
}

/**
 * mst_libc() - find the file name of the libc that this process has mapped
 *
 * Return: the name without directories. Symbolic links are followed: libc.so.6 is one before
 * glibc 2.33.
 */
const char *mst_libc(void)
{
	static char path[PATH_MAX];

	if (!path[0] && !dl_iterate_phdr(is_libc, path))
		mst_die("no libc is mapped");
	return strrchr(path, '/') + 1;
}

/**
 * mst_place_in_file() - find the file and the file offset of code that this process has mapped
 * @code: the address
 * @file: set to the path of the file; a buffer of 256 bytes
 *
 * Return: the offset in the file, or 0 if no file is mapped at the address.
 */
unsigned long mst_place_in_file(const void *code, char *file)
{
	unsigned long start, end, offset, addr = (unsigned long)code, found = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (!found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %255s", &start, &end, &offset, file) ==
			    4 &&
		    addr >= start && addr < end)
			found = addr - start + offset;
	fclose(maps);
	return found;
}

/**
 * mst_has_user_dispatch() - check for Syscall User Dispatch (Linux 5.11)
 *
 * It is turned off here, which is a no-op in a process that has never turned it on.
 *
 * Return: true if the kernel supports it.
 */
bool mst_has_user_dispatch(void)
{
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0) == 0;
}

/* Reads "A.B.C", where ".C" may be missing; returns A << 16 | B << 8 | C, or 0. */
static unsigned int parse_version(const char *text)
{
	unsigned int a, b, c = 0;

	if (sscanf(text, "%u.%u.%u", &a, &b, &c) < 2)
		return 0;
	return a << 16 | b << 8 | (c > 255 ? 255 : c);
}

/* Debian's kernels before 6.12 have their version in the text of the build only. */
static unsigned int kernel_version(void)
{
	struct utsname name;
	const char *debian;

	uname(&name);
	debian = strstr(name.version, " Debian ");
	return parse_version(debian ? debian + strlen(" Debian ") : name.release);
}

/**
 * mst_has_exits() - check whether the kernel supports exit probes
 *
 * It has to skip the instruction of a breakpoint if the handler has changed the instruction
 * pointer. Linux does so since 6.18, and since some versions of its stable branches.
 *
 * Return: true if functions can have exit probes.
 */
bool mst_has_exits(void)
{
	static const unsigned int since[] = { 0x050af7, 0x06019f, 0x060c3a, 0x061200 };
	unsigned int version = kernel_version(), i;

	for (i = 0; i < 3; i++)
		if (version >> 8 == since[i] >> 8)
			return version >= since[i];
	return version >= since[3];
}

/**
 * mst_return_probe_is_syscall() - check whether a return probe makes a system call (Linux 6.11)
 *
 * Return: true if it may end a process whose system calls are redirected.
 */
bool mst_return_probe_is_syscall(void)
{
	return kernel_version() >= 0x060b00;
}

static bool is_loaded(void)
{
	return access("/sys/module/memleak_user", F_OK) == 0;
}

/**
 * mst_load() - load the module, from $MLU_MODULE if it is set
 * @params: module parameters, NAME=VALUE separated by spaces
 *
 * Return: 0 or an errno.
 */
int mst_load(const char *params)
{
	const char *path = getenv("MLU_MODULE");
	int fd = open(path ? path : mst_here("../module/memleak_user.ko"), O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, params, 0))
		err = errno;
	close(fd);
	return err;
}

/**
 * mst_unload() - unload the module
 *
 * Return: 0 or an errno: EWOULDBLOCK if it is in use, ENOENT if it is not loaded.
 */
int mst_unload(void)
{
	return syscall(SYS_delete_module, "memleak_user", O_NONBLOCK) ? errno : 0;
}

/**
 * mst_reload() - unload the module if it is loaded, and load it with these parameters
 * @params: as for mst_load()
 *
 * Ends the test as failed if that is not possible, for instance because the module is in use.
 */
void mst_reload(const char *params)
{
	int err = is_loaded() ? mst_unload() : 0;

	if (err)
		mst_die("rmmod: %s", strerror(err));
	err = mst_load(params);
	if (err)
		mst_die("insmod memleak_user %s: %s", params, strerror(err));
}

/**
 * mst_begin() - prepare the process for the tests; to be called first in main()
 *
 * Mounts debugfs and loads the module if necessary. Skips the program (exit status 4) if it is not
 * run as root, or if the module is not built or cannot be loaded.
 */
void mst_begin(void)
{
	int err;

	if (geteuid())
		ksft_exit_skip("the tests need root\n");
	/* The kselftest runner's preloaded helper must not affect the traced programs. */
	unsetenv("LD_PRELOAD");
	/* A write to a program that has ended must fail with EPIPE, which mst_go() reports. */
	signal(SIGPIPE, SIG_IGN);
	if (access("/sys/kernel/debug", F_OK) == 0 && access("/sys/kernel/debug/sched", F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (is_loaded())
		return;
	err = mst_load("");
	if (err == ENOENT)
		ksft_exit_skip("the module is not built\n");
	if (err)
		ksft_exit_skip("the module cannot be loaded: %s\n", strerror(err));
}

/**
 * mst_fresh() - detach all targets and drop all that was recorded
 *
 * Ends the test as failed if the module refuses it.
 */
void mst_fresh(void)
{
	if (mst_command("detach all") || mst_command("clear all"))
		mst_die("cannot detach and clear all targets: %s", mst_refusal);
}

/**
 * mst_debug_kernel() - check whether the kernel has kmemleak or KCSAN
 *
 * Return: true for such a kernel, on which each event takes about ten times as long.
 */
bool mst_debug_kernel(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) == 0 ||
	       access("/sys/kernel/debug/kcsan", F_OK) == 0;
}

/**
 * mst_scaled() - choose a large count according to the speed of the kernel
 * @count: the count for an ordinary kernel
 * @debug_count: the count for a debug kernel
 *
 * Return: one of the two, multiplied by $MLU_COUNT percent if that is set.
 */
long mst_scaled(long count, long debug_count)
{
	const char *percent = getenv("MLU_COUNT");

	if (mst_debug_kernel())
		count = debug_count;
	return percent ? count * atol(percent) / 100 + 1 : count;
}

/**
 * mst_time() - choose a time limit according to the speed of the kernel
 * @limit: the limit for an ordinary kernel
 * @debug_limit: the limit for a debug kernel
 *
 * Return: one of the two. Unlike a count it does not depend on $MLU_COUNT.
 */
long mst_time(long limit, long debug_limit)
{
	return mst_debug_kernel() ? debug_limit : limit;
}
