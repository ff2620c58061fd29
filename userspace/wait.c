// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for the next table, a signal, the exit of a process, or a stop of the command.
 *
 * Signals are read from a signalfd, exits of processes from their pidfds. Depends on msg.c.
 */
#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"

static bool is_hangup_ignored(void)
{
	struct sigaction action;

	return !sigaction(SIGHUP, NULL, &action) && action.sa_handler == SIG_IGN;
}

static void fill_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGCHLD);
	if (!is_hangup_ignored())
		sigaddset(set, SIGHUP);
}

/**
 * mu_wait_init() - block the signals that mu_wait() waits for
 *
 * From then on SIGINT, SIGTERM, SIGHUP and SIGCHLD make mu_wait() return instead of ending the
 * tool. SIGHUP stays ignored if it is ignored, as under nohup.
 *
 * Return: a descriptor for mu_wait(), or -1, with a message.
 */
int mu_wait_init(void)
{
	sigset_t set;
	int fd;

	fill_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		mu_warn("cannot wait for signals: %s", strerror(errno));
	return fd;
}

/**
 * mu_wait_add_resize() - let mu_wait() return MU_RESIZED when the size of the terminal changes
 * @signals: descriptor of mu_wait_init()
 */
void mu_wait_add_resize(int signals)
{
	sigset_t set;

	fill_signals(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signalfd(signals, &set, 0);
}

/**
 * mu_wait_clock() - read CLOCK_MONOTONIC
 *
 * Return: the time in milliseconds.
 */
uint64_t mu_wait_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Return: the time for poll(), which takes an int: a longer wait takes several calls. */
static int time_left(uint64_t deadline)
{
	uint64_t now = mu_wait_clock();

	if (deadline <= now)
		return 0;
	return deadline - now < INT_MAX ? deadline - now : INT_MAX;
}

/* A signal that ends the tool has precedence over all others. */
static enum mu_wake read_signals(int signals)
{
	enum mu_wake wake = MU_CHILD;
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH && wake != MU_SIGNAL)
			wake = MU_RESIZED;
		else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGWINCH)
			wake = MU_SIGNAL;
	}
	return wake;
}

/* Return: MU_TIME if no descriptor is ready. */
static enum mu_wake check_descriptors(const struct pollfd *fds, size_t nr, size_t *which)
{
	if (fds[0].revents)
		return read_signals(fds[0].fd);
	for (size_t i = 1; i < nr; i++) {
		if (!fds[i].revents)
			continue;
		*which = i - 1;
		return MU_EXITED;
	}
	return MU_TIME;
}

/**
 * mu_wait() - wait for a signal, the exit of a process, or a deadline
 * @signals: descriptor of mu_wait_init()
 * @waited: the processes
 * @deadline: by mu_wait_clock()
 * @which: set to the index of the process if MU_EXITED is returned
 *
 * Return: what has happened.
 */
enum mu_wake mu_wait(int signals, const struct mu_waited *waited, uint64_t deadline, size_t *which)
{
	struct pollfd *fds = mu_zalloc((waited->nr + 1) * sizeof(*fds));
	enum mu_wake wake;
	int left;

	fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	for (size_t i = 0; i < waited->nr; i++)
		fds[i + 1] = (struct pollfd){ .fd = waited->pidfd[i], .events = POLLIN };
	do {
		left = time_left(deadline);
		wake = poll(fds, waited->nr + 1, left) > 0 ?
			       check_descriptors(fds, waited->nr + 1, which) :
			       MU_TIME;
	} while (wake == MU_TIME && left);
	free(fds);
	return wake;
}
