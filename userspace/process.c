// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles of processes.
 *
 * A pidfd and an open /proc/PID directory keep referring to the same process, even if its PID is
 * reused. Depends on msg.c and text.c.
 */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"
#include "text.h"

/* Return: the PID of the process that a thread belongs to, 0 if there is no such thread. */
static pid_t read_tgid(pid_t tid)
{
	char *path = mu_format("/proc/%d/status", tid);
	FILE *file = fopen(path, "re");
	pid_t group = 0;
	char line[256];

	free(path);
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &group) == 1)
			break;
	if (file)
		fclose(file);
	return group;
}

static FILE *open_maps(int proc)
{
	int fd = openat(proc, "maps", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fdopen(fd, "r") : NULL;
}

static bool has_memory(int proc)
{
	FILE *maps = open_maps(proc);
	bool some = maps && getc(maps) != EOF;

	if (maps)
		fclose(maps);
	return some;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Open the directory of the first thread that has memory. Return: -1 if no thread has. */
static int open_thread(int proc)
{
	int tasks = openat(proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = tasks >= 0 ? fdopendir(tasks) : NULL;
	struct dirent *entry;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		fd = openat(tasks, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && !has_memory(fd)) {
			close(fd);
			fd = -1;
		}
	}
	if (dir)
		closedir(dir);
	else
		close_if_open(tasks);
	return fd;
}

/* If the leader has exited and other threads run on, use the directory of one of these. */
static int open_proc(pid_t pid)
{
	char *path = mu_format("/proc/%d", pid);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int thread = fd >= 0 && !has_memory(fd) ? open_thread(fd) : -1;

	free(path);
	if (thread < 0)
		return fd;
	close(fd);
	return thread;
}

/**
 * mu_process_open_quietly() - open a process that may have exited
 * @process: set to the handle
 * @pid: PID of the process, or TID of any of its threads
 *
 * Return: false, with errno, if there is no such process.
 */
bool mu_process_open_quietly(struct mu_process *process, pid_t pid)
{
	int error;

	*process = (struct mu_process){ .pid = read_tgid(pid), .proc = -1, .pidfd = -1 };
	errno = ESRCH;
	if (process->pid) {
		process->pidfd = syscall(SYS_pidfd_open, process->pid, 0);
		process->proc = open_proc(process->pid);
	}
	if (process->pidfd >= 0 && process->proc >= 0)
		return true;
	error = errno;
	mu_process_close(process);
	errno = error;
	return false;
}

/**
 * mu_process_open() - open a process
 * @process: set to the handle
 * @pid: PID of the process, or TID of any of its threads
 *
 * Return: false, with a message, if there is no such process.
 */
bool mu_process_open(struct mu_process *process, pid_t pid)
{
	if (mu_process_open_quietly(process, pid))
		return true;
	if (errno == ESRCH || errno == ENOENT)
		mu_warn("no such process: %d", pid);
	else
		mu_warn("process %d: %s", pid, strerror(errno));
	return false;
}

/**
 * mu_process_close() - close the handle of a process
 * @process: the handle
 */
void mu_process_close(struct mu_process *process)
{
	close_if_open(process->pidfd);
	close_if_open(process->proc);
	process->pidfd = -1;
	process->proc = -1;
}

/**
 * mu_process_maps() - open /proc/PID/maps
 * @process: the process
 *
 * Return: the file, or NULL.
 */
FILE *mu_process_maps(const struct mu_process *process)
{
	return open_maps(process->proc);
}

/**
 * mu_process_name() - get the current name of a process
 * @process: the process
 *
 * Return: the name, safe to print, to be freed.
 */
char *mu_process_name(const struct mu_process *process)
{
	int fd = openat(process->proc, "comm", O_RDONLY | O_CLOEXEC);
	char name[64] = "";
	ssize_t len = fd >= 0 ? read(fd, name, sizeof(name) - 1) : 0;

	close_if_open(fd);
	if (len > 0) /* the name may contain newlines, but the last one is the kernel's */
		name[len - 1] = '\0';
	return mu_escape(*name ? name : "?");
}
