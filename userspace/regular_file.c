// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening files whose paths come from a target, which may lead anywhere.
 *
 * Depends on mem.c only.
 */
#include "regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem.h"

/* glibc 2.31 has no wrapper. */
static int open_in_root(int dir, const char *path, unsigned int how)
{
	struct open_how open_how = {
		.flags = O_PATH | O_CLOEXEC | (how & MU_NO_LINK ? O_NOFOLLOW : 0),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(__NR_openat2, dir, path, &open_how, sizeof(open_how));
}

/* O_NONBLOCK: the owner of a file may delay others with a lease. */
static int open_readable(int fd)
{
	char *path = mu_format("/proc/self/fd/%d", fd);
	int readable = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = errno;

	free(path);
	errno = error;
	return readable;
}

/**
 * mu_regular_file_open() - open a regular file for reading
 * @dir: directory that @path is relative to
 * @path: the path
 * @how: MU_IN_ROOT, MU_NO_LINK, or 0
 *
 * Opens with O_PATH first, as opening a device or a fifo may block or have side effects.
 *
 * Return: the open file, or -1 with errno, which is EINVAL for any other type of file.
 */
int mu_regular_file_open(int dir, const char *path, unsigned int how)
{
	int handle = how & MU_IN_ROOT ? open_in_root(dir, path, how) :
					openat(dir, path, O_PATH | O_CLOEXEC);
	struct stat st;
	int fd = -1, error;

	if (handle < 0)
		return -1;
	if (!fstat(handle, &st)) {
		errno = EINVAL;
		if (S_ISREG(st.st_mode))
			fd = open_readable(handle);
	}
	error = errno;
	close(handle);
	errno = error;
	return fd;
}
