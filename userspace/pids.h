/* SPDX-License-Identifier: GPL-2.0-only */
/* The PIDs of a command line, and the mistakes that an unquoted $(pgrep ...) makes of them. */
#ifndef MU_PIDS_H
#define MU_PIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mu_pids {
	pid_t *pid;
	size_t nr;
	size_t room;
};

/**
 * mu_pids_add() - add the PIDs of one -p
 * @pids: the list so far
 * @text: numbers with commas or white space between, as pgrep prints them
 * @own_word: @text was a word of its own, so that an empty expansion before it would have
 *	made it the PID
 *
 * Return: 0, or the exit status, having said what is wrong.
 */
int mu_pids_add(struct mu_pids *pids, const char *text, bool own_word);

/**
 * mu_pids_check_interval() - refuse an INTERVAL that is more likely a further PID
 * @pids: the list
 * @word: INTERVAL as it was written
 * @ms: its value
 *
 * A number without unit is refused if it is the PID of a process that runs the same program as
 * one of the list or has the same name, or, above ten minutes and no number of whole minutes, of
 * any process. The numbers of the list itself, and 1, are not.
 *
 * Return: 0, or the exit status, having said so.
 */
int mu_pids_check_interval(const struct mu_pids *pids, const char *word, uint64_t ms);

void mu_pids_free(struct mu_pids *pids);

#endif
