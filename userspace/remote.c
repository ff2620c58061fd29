// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the memory of another process.
 *
 * process_vm_readv() copies once, but respects the protection of pages; /proc/PID/mem copies twice
 * and does not. Depends on nothing.
 */
#include "remote.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/**
 * mu_clock_ns() - read CLOCK_MONOTONIC
 *
 * Return: the time in nanoseconds.
 */
uint64_t mu_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/**
 * mu_remote_open() - open the memory of a process
 * @remote: set to the memory
 * @pid: PID of the process
 * @proc: its directory in /proc
 *
 * Return: false with errno if it could not be opened.
 */
bool mu_remote_open(struct mu_remote *remote, pid_t pid, int proc)
{
	*remote = (struct mu_remote){ .pid = pid };
	remote->mem = openat(proc, "mem", O_RDONLY | O_CLOEXEC);
	return remote->mem >= 0;
}

/**
 * mu_remote_close() - close the memory of a process
 * @remote: the memory
 */
void mu_remote_close(struct mu_remote *remote)
{
	if (remote->mem >= 0)
		close(remote->mem);
	remote->mem = -1;
}

/**
 * mu_remote_is_late() - check whether the deadline has passed
 * @remote: the memory
 *
 * Return: true if it has.
 */
bool mu_remote_is_late(const struct mu_remote *remote)
{
	return remote->deadline_ns && mu_clock_ns() > remote->deadline_ns;
}

/**
 * mu_remote_read() - read the memory of a process
 * @remote: the memory
 * @address: of the first byte
 * @to: where it is stored
 * @size: number of bytes
 *
 * Return: the number of bytes that were read, less than @size if the next one cannot be read.
 */
size_t mu_remote_read(struct mu_remote *remote, uint64_t address, void *to, size_t size)
{
	struct iovec local = { .iov_base = to, .iov_len = size };
	struct iovec other = { .iov_base = (void *)(uintptr_t)address, .iov_len = size };
	ssize_t got = process_vm_readv(remote->pid, &local, 1, &other, 1, 0);
	size_t done = got > 0 ? got : 0;

	if (done == size)
		return size;
	got = pread(remote->mem, (char *)to + done, size - done, address + done);
	return done + (got > 0 ? got : 0);
}

/**
 * mu_remote_words() - read words that the caller can do without
 * @remote: the memory
 * @address: of the first word
 * @words: set to the words
 * @nr: number of words
 *
 * Return: false if they could not all be read, or if the deadline has passed.
 */
bool mu_remote_words(struct mu_remote *remote, uint64_t address, uint64_t *words, size_t nr)
{
	return !mu_remote_is_late(remote) &&
	       mu_remote_read(remote, address, words, nr * sizeof(*words)) == nr * sizeof(*words);
}
