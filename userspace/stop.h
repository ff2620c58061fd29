/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_STOP_H
#define MU_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct mu_thread - a thread of a process that is stopped, or being stopped
 * @tid: its TID
 * @is_stopped: it is stopped
 * @is_gone: it has ended
 * @was_traced: the tool traced it before, so that it is continued and not detached
 * @is_job_stopped: job control has stopped it, and it must stay so
 * @signal: that it gets when it is resumed
 * @sp: its stack pointer
 * @thread_pointer: its thread pointer
 */
struct mu_thread {
	pid_t tid;
	bool is_stopped;
	bool is_gone;
	bool was_traced;
	bool is_job_stopped;
	int signal;
	uint64_t sp;
	uint64_t thread_pointer;
};

/**
 * struct mu_stop - all threads of a process
 * @proc: the directory of the process in /proc
 * @pid: its PID
 * @threads: the threads
 * @nr: number of @threads
 * @capacity: allocated elements of @threads
 */
struct mu_stop {
	int proc;
	pid_t pid;
	struct mu_thread *threads;
	size_t nr;
	size_t capacity;
};

char *mu_stop_other_tracer(const struct mu_stop *stop);
bool mu_stop_threads(struct mu_stop *stop, uint64_t deadline_ns, char **why);
void mu_stop_resume(struct mu_stop *stop);
pid_t mu_stop_wait_pending(struct mu_stop *stop, uint64_t deadline_ns);

typedef void mu_word_taker(void *context, uint64_t value, pid_t tid);

void mu_stop_registers(struct mu_stop *stop, mu_word_taker *take, void *context);
void mu_stop_signals(const struct mu_stop *stop, mu_word_taker *take, void *context);

#endif
