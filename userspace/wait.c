// SPDX-License-Identifier: GPL-2.0-only
/* Waiting: signals come by a signalfd, ends of processes by their pidfds. */
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

/* As under nohup. */
static bool hangup_is_ignored(void)
{
	struct sigaction action;

	return !sigaction(SIGHUP, NULL, &action) && action.sa_handler == SIG_IGN;
}

int mu_wait_init(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	if (!hangup_is_ignored())
		sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		mu_warn("signals cannot be waited for: %s", strerror(errno));
	return fd;
}

uint64_t mu_wait_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* poll() takes an int of milliseconds: long waits are many. */
static int time_left(uint64_t deadline)
{
	uint64_t now = mu_wait_clock();

	if (deadline <= now)
		return 0;
	return deadline - now < INT_MAX ? deadline - now : INT_MAX;
}

/* A signal that ends the tool counts before any number of SIGCHLD. */
static enum mu_wake read_signals(int signals)
{
	enum mu_wake wake = MU_CHILD;
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			wake = MU_SIGNAL;
	return wake;
}

/* What the descriptors have to tell; MU_TIME: nothing. */
static enum mu_wake look(const struct pollfd *fds, size_t nr, size_t *which)
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
		wake = poll(fds, waited->nr + 1, left) > 0 ? look(fds, waited->nr + 1, which) :
							     MU_TIME;
	} while (wake == MU_TIME && left);
	free(fds);
	return wake;
}
