// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying a file with the user and group ids of the process that has it mapped.
 *
 * root may not read a file system that a user has mounted with FUSE, nor files on an NFS server
 * that squashes root. A child process takes the ids of the process, and so no right that the
 * process does not have, and copies the file to memory. The file system may never answer, so
 * that the child is waited for a few seconds only.
 *
 * The process, which has the same ids as the child, must not gain anything. The change of ids
 * makes the child not dumpable, so that it cannot be traced or inspected, and it has no files
 * open but the file, the copy and /proc/self. The process can kill the child, or delay it until
 * the timeout.
 *
 * Depends on file_identity.c.
 */
#include "file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"

#define WAIT_MS 5000
#define SIZE_MAX_COPIED (512LL << 20)

struct ids {
	uid_t uid;
	gid_t gid;
	gid_t *group;
	size_t nr, capacity;
};

static void read_groups(struct ids *ids, const char *text)
{
	char *end;

	for (;;) {
		gid_t group = strtoul(text, &end, 10);

		if (end == text)
			break;
		ids->group = mu_grow(ids->group, ids->nr, &ids->capacity, sizeof(*ids->group));
		ids->group[ids->nr++] = group;
		text = end;
	}
}

/* Read the ids that the process opens files with: the fourth one of each line. */
static bool read_ids(int proc, struct ids *ids)
{
	int fd = openat(proc, "status", O_RDONLY | O_CLOEXEC);
	FILE *status = fd >= 0 ? fdopen(fd, "r") : NULL;
	unsigned int found = 0;
	char *line = NULL;
	size_t size = 0;

	while (status && getline(&line, &size, status) > 0) {
		found += sscanf(line, "Uid: %*u %*u %*u %u", &ids->uid) == 1;
		found += sscanf(line, "Gid: %*u %*u %*u %u", &ids->gid) == 1;
		if (!strncmp(line, "Groups:", 7))
			read_groups(ids, line + 7);
	}
	free(line);
	if (status)
		fclose(status);
	return found == 2;
}

static bool set_ids(const struct ids *ids)
{
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !setgroups(ids->nr, ids->group) &&
	       !setresgid(ids->gid, ids->gid, ids->gid) &&
	       !setresuid(ids->uid, ids->uid, ids->uid) && !prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int close_others(int handle, int copy)
{
	if (dup2(handle, 3) < 0 || dup2(copy, 4) < 0)
		return -1;
	syscall(__NR_close_range, 0, 2, 0);
	return syscall(__NR_close_range, 5, ~0U, 0);
}

static int open_regular(int handle)
{
	char path[32];
	struct stat st;

	if (fstat(handle, &st))
		return -1;
	errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	if (!S_ISREG(st.st_mode) || st.st_size > SIZE_MAX_COPIED)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int copy_file(int from, int to)
{
	static char buffer[65536];
	long long copied = 0;
	ssize_t len;

	while ((len = read(from, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, len) != len)
			return -1;
		copied += len;
		errno = EFBIG;
		if (copied > SIZE_MAX_COPIED)
			return -1;
	}
	return len;
}

/* Called in the child. */
static int copy_with_ids(const struct ids *ids, int handle, int copy, const struct mu_inode *inode)
{
	int fd;

	if (close_others(handle, copy) || !set_ids(ids))
		return -1;
	fd = open_regular(3);
	if (fd < 0)
		return -1;
	errno = ESTALE;
	if (inode && !mu_file_is_inode(-1, fd, inode))
		return -1;
	return copy_file(fd, 4);
}

/*
 * The exit status of the child is an errno. A child that waits for a FUSE daemon may not exit even
 * if it is killed, and is not waited for then.
 */
static int wait_for_child(pid_t child)
{
	struct pollfd end = { .fd = syscall(SYS_pidfd_open, child, 0), .events = POLLIN };
	bool late = end.fd < 0 || poll(&end, 1, WAIT_MS) != 1;
	int status;

	if (late)
		kill(child, SIGKILL);
	if (end.fd >= 0)
		close(end.fd);
	errno = ETIMEDOUT;
	if (waitpid(child, &status, late ? WNOHANG : 0) != child || late)
		return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
	return errno ? -1 : 0;
}

/* Both descriptors are duplicated above those that the child keeps. */
static int run_child(const struct ids *ids, int handle, int copy, const struct mu_inode *inode)
{
	int high = fcntl(handle, F_DUPFD_CLOEXEC, 16), high_copy = fcntl(copy, F_DUPFD_CLOEXEC, 16);
	pid_t child = high >= 0 && high_copy >= 0 ? fork() : -1;
	int result = -1, error;

	if (!child)
		_exit(copy_with_ids(ids, high, high_copy, inode) ? errno : 0);
	if (child > 0)
		result = wait_for_child(child);
	error = errno;
	if (high >= 0)
		close(high);
	if (high_copy >= 0)
		close(high_copy);
	errno = error;
	return result;
}

static int copy_to_memory(const struct ids *ids, int handle, const struct mu_inode *inode)
{
	int copy = memfd_create("copy", MFD_CLOEXEC), error;

	if (copy < 0 || !run_child(ids, handle, copy, inode))
		return copy;
	error = errno;
	close(copy);
	errno = error;
	return -1;
}

/**
 * mu_file_copy() - copy a file that only the user of a process may read
 * @proc: /proc/PID of the process
 * @handle: the file, opened with O_PATH
 * @inode: inode that the file has to have, NULL: any
 *
 * Return: an open copy of the file, or -1 with errno.
 */
int mu_file_copy(int proc, int handle, const struct mu_inode *inode)
{
	struct ids ids = { .uid = 0 };
	int fd = -1;

	/* root itself has been refused already. */
	if (geteuid() == 0 && read_ids(proc, &ids) && ids.uid)
		fd = copy_to_memory(&ids, handle, inode);
	else
		errno = EACCES;
	free(ids.group);
	return fd;
}
