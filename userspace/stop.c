// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stopping all threads of a process for a short time.
 *
 * The threads are seized and interrupted, and the list of threads is read again until it has no new
 * one. No ptrace option is set: if the tool dies, the kernel resumes the threads. A signal that a
 * thread stops for is delivered when it is resumed. The command of -c is traced already; its first
 * thread is continued instead of detached.
 *
 * stop_registers.c reads the registers. Depends on mem.c, remote.c for the clock, and text.c.
 */
#include "stop.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "remote.h"
#include "text.h"

#define MAX_THREADS (1UL << 20)
#define POLL_NS 50000

struct status {
	char state;
	pid_t tracer;
};

static bool read_status(int proc, pid_t tid, struct status *status)
{
	char *path = mu_format("task/%d/status", tid);
	int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	char line[256];

	free(path);
	*status = (struct status){};
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "State: %c", &status->state);
		sscanf(line, "TracerPid: %d", &status->tracer);
	}
	fclose(file);
	return status->state;
}

static char *name_of_process(pid_t pid)
{
	char *path = mu_format("/proc/%d/comm", pid);
	FILE *file = fopen(path, "re");
	char name[64] = "?";
	char *escaped;

	free(path);
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	escaped = mu_escape(name);
	path = mu_format("%s[%d]", escaped, pid);
	free(escaped);
	return path;
}

/* === The list of threads === */

static struct mu_thread *find_thread(const struct mu_stop *stop, pid_t tid)
{
	for (size_t i = 0; i < stop->nr; i++)
		if (stop->threads[i].tid == tid)
			return &stop->threads[i];
	return NULL;
}

static void add_thread(struct mu_stop *stop, pid_t tid)
{
	stop->threads = mu_grow(stop->threads, stop->nr, &stop->capacity, sizeof(*stop->threads));
	stop->threads[stop->nr++] = (struct mu_thread){ .tid = tid };
}

/* Return: the number of threads that were not in the list, or -1. */
static ssize_t list_threads(struct mu_stop *stop)
{
	int fd = openat(stop->proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t before = stop->nr;
	struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)) && stop->nr < MAX_THREADS) {
		pid_t tid = atoi(entry->d_name);

		if (isdigit(entry->d_name[0]) && !find_thread(stop, tid))
			add_thread(stop, tid);
	}
	closedir(dir);
	return stop->nr - before;
}

/**
 * mu_stop_other_tracer() - check whether another program traces the process with ptrace
 * @stop: the process
 *
 * Return: its name and PID, to be freed, or NULL.
 */
char *mu_stop_other_tracer(const struct mu_stop *stop)
{
	struct mu_stop all = { .proc = stop->proc };
	char *name = NULL;
	struct status status;

	list_threads(&all);
	for (size_t i = 0; i < all.nr && !name; i++)
		if (read_status(all.proc, all.threads[i].tid, &status) && status.tracer &&
		    status.tracer != getpid())
			name = name_of_process(status.tracer);
	free(all.threads);
	return name;
}

/* === Stopping === */

static char *explain_refusal(const struct status *status, pid_t tid, int error)
{
	char *tracer, *text;

	if (!status->tracer)
		return mu_format("thread %d cannot be stopped: %s", tid, strerror(error));
	tracer = name_of_process(status->tracer);
	text = mu_format("%s traces it with ptrace", tracer);
	free(tracer);
	return text;
}

/* Return: false, with a reason, if the thread cannot be traced. A thread that ends is no error. */
static bool interrupt_thread(struct mu_stop *stop, struct mu_thread *t, char **why)
{
	struct status status;
	int error;

	if (ptrace(PTRACE_SEIZE, t->tid, NULL, NULL)) {
		error = errno;
		if (error == ESRCH || !read_status(stop->proc, t->tid, &status) ||
		    strchr("ZXx", status.state)) {
			t->is_gone = true;
			return true;
		}
		if (status.tracer != getpid()) {
			t->is_gone = true;
			*why = explain_refusal(&status, t->tid, error);
			return false;
		}
		t->was_traced = true;
	}
	if (ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL))
		t->is_gone = true;
	return true;
}

static void note_status(struct mu_thread *t, int status)
{
	if (!WIFSTOPPED(status)) {
		t->is_gone = true;
		return;
	}
	t->is_stopped = true;
	t->signal = status >> 16 ? 0 : WSTOPSIG(status);
	t->is_job_stopped = status >> 16 && WSTOPSIG(status) != SIGTRAP;
}

/* Return: the number of threads that have not stopped yet. */
static size_t collect_stops(struct mu_stop *stop)
{
	size_t running = 0;
	int status;

	for (size_t i = 0; i < stop->nr; i++) {
		struct mu_thread *t = &stop->threads[i];
		pid_t got;

		if (t->is_stopped || t->is_gone)
			continue;
		got = waitpid(t->tid, &status, __WALL | WNOHANG);
		if (got == t->tid)
			note_status(t, status);
		else if (got < 0)
			t->is_gone = true;
		else
			running++;
	}
	return running;
}

static char *explain_running(const struct mu_stop *stop)
{
	for (size_t i = 0; i < stop->nr; i++) {
		const struct mu_thread *t = &stop->threads[i];

		if (!t->is_stopped && !t->is_gone)
			return mu_format("thread %d does not stop: it is in a system call that "
					 "cannot be interrupted",
					 t->tid);
	}
	return NULL;
}

static bool wait_for_stops(struct mu_stop *stop, uint64_t deadline_ns, char **why)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };

	while (collect_stops(stop)) {
		if (mu_clock_ns() > deadline_ns) {
			*why = explain_running(stop);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
}

static bool stop_listed(struct mu_stop *stop, size_t first, uint64_t deadline_ns, char **why)
{
	for (size_t i = first; i < stop->nr; i++)
		if (!interrupt_thread(stop, &stop->threads[i], why))
			return false;
	return wait_for_stops(stop, deadline_ns, why);
}

static bool stop_all(struct mu_stop *stop, uint64_t deadline_ns, char **why)
{
	size_t first;
	ssize_t found;

	do {
		first = stop->nr;
		found = list_threads(stop);
		if (!stop_listed(stop, first, deadline_ns, why))
			return false;
	} while (found > 0);
	if (!found && stop->nr < MAX_THREADS)
		return true;
	*why = mu_format("its threads cannot be listed");
	return false;
}

/**
 * mu_stop_threads() - stop all threads of a process
 * @stop: the process
 * @deadline_ns: give up at this time of mu_clock_ns()
 * @why: set to the reason, to be freed, if false is returned
 *
 * Return: true if they are stopped, until mu_stop_resume(). If not, they have been resumed.
 */
bool mu_stop_threads(struct mu_stop *stop, uint64_t deadline_ns, char **why)
{
	stop->nr = 0;
	*why = NULL;
	if (stop_all(stop, deadline_ns, why))
		return true;
	mu_stop_resume(stop);
	return false;
}

/* === Resuming === */

static void resume_thread(struct mu_thread *t)
{
	if (t->is_gone || !t->is_stopped)
		return;
	if (t->was_traced && t->is_job_stopped)
		ptrace(PTRACE_LISTEN, t->tid, NULL, NULL);
	else
		ptrace(t->was_traced ? PTRACE_CONT : PTRACE_DETACH, t->tid, NULL, t->signal);
	t->is_stopped = false;
	t->is_gone = true;
}

/**
 * mu_stop_resume() - resume all threads
 * @stop: the process
 */
void mu_stop_resume(struct mu_stop *stop)
{
	collect_stops(stop);
	for (size_t i = 0; i < stop->nr; i++)
		resume_thread(&stop->threads[i]);
}

/*
 * The stops of the command of -c are handled with its other events.
 *
 * Return: a thread that was interrupted and has not stopped yet, or 0.
 */
static pid_t find_pending(const struct mu_stop *stop)
{
	for (size_t i = 0; i < stop->nr; i++)
		if (!stop->threads[i].is_gone && !stop->threads[i].was_traced)
			return stop->threads[i].tid;
	return 0;
}

/**
 * mu_stop_wait_pending() - resume the threads that stop late
 * @stop: the process, after mu_stop_resume()
 * @deadline_ns: give up at this time of mu_clock_ns()
 *
 * Return: 0, or a thread that has not stopped yet, and would stay stopped when it does.
 */
pid_t mu_stop_wait_pending(struct mu_stop *stop, uint64_t deadline_ns)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };

	while (find_pending(stop) && mu_clock_ns() < deadline_ns) {
		nanosleep(&pause, NULL);
		mu_stop_resume(stop);
	}
	return find_pending(stop);
}
