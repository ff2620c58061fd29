// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of stopped threads, and what their pending signals carry.
 *
 * Vector registers are read as the kernel saves them (XSAVE): a pointer may be there only while
 * memory is copied.
 */
#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "arch.h"
#include "compiler.h"
#include "stop.h"

#define MAX_VECTORS 65536
#define SIGNALS 32
#define MAX_SIGNALS 4096
#define WORDS_PER_SIGNAL (sizeof(siginfo_t) / sizeof(uint64_t))

static void take_words(const uint64_t *words, size_t bytes, pid_t tid, mu_word_taker *take,
		       void *context)
{
	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		if (words[i])
			take(context, words[i], tid);
}

static void read_registers(struct mu_thread *t, mu_word_taker *take, void *context)
{
	static uint64_t vectors[MAX_VECTORS / sizeof(uint64_t)];
	union {
		struct user_regs_struct regs;
		uint64_t words[sizeof(struct user_regs_struct) / sizeof(uint64_t)];
	} general = {};
	struct iovec io = { .iov_base = &general, .iov_len = sizeof(general) };

	if (ptrace(PTRACE_GETREGSET, t->tid, NT_PRSTATUS, &io))
		return;
	t->sp = MU_SP(general.regs);
	t->thread_pointer = MU_THREAD_POINTER(general.regs);
	take_words(general.words, io.iov_len, t->tid, take, context);
	io = (struct iovec){ .iov_base = vectors, .iov_len = sizeof(vectors) };
	if (!ptrace(PTRACE_GETREGSET, t->tid, MU_NOTE_VECTORS, &io))
		take_words(vectors, io.iov_len, t->tid, take, context);
}

/**
 * mu_stop_registers() - read the registers of all stopped threads
 * @stop: the process
 * @take: called for each word that is not 0
 * @context: passed to @take
 *
 * Sets the stack pointers and thread pointers of the threads.
 */
void mu_stop_registers(struct mu_stop *stop, mu_word_taker *take, void *context)
{
	for (size_t i = 0; i < stop->nr; i++)
		if (stop->threads[i].is_stopped)
			read_registers(&stop->threads[i], take, context);
}

static void read_signals(pid_t tid, unsigned int flags, mu_word_taker *take, void *context)
{
	struct __ptrace_peeksiginfo_args args = { .flags = flags, .nr = SIGNALS };
	union {
		siginfo_t infos[SIGNALS];
		uint64_t words[SIGNALS * WORDS_PER_SIGNAL];
	} pending;
	long got;

	do {
		got = ptrace(PTRACE_PEEKSIGINFO, tid, &args, &pending);
		if (got > 0)
			take_words(pending.words, got * sizeof(siginfo_t), tid, take, context);
		args.off += SIGNALS;
	} while (got == SIGNALS && args.off < MAX_SIGNALS);
}

/**
 * mu_stop_signals() - read the values that pending signals carry
 * @stop: the process
 * @take: called for each word that is not 0
 * @context: passed to @take
 */
void mu_stop_signals(const struct mu_stop *stop, mu_word_taker *take, void *context)
{
	bool has_shared = false;

	for (size_t i = 0; i < stop->nr; i++) {
		const struct mu_thread *t = &stop->threads[i];

		if (!t->is_stopped)
			continue;
		read_signals(t->tid, 0, take, context);
		if (!has_shared)
			read_signals(t->tid, PTRACE_PEEKSIGINFO_SHARED, take, context);
		has_shared = true;
	}
}
