/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel side's files in debugfs. Nothing else of the tool knows where they are. */
#ifndef MLU_IPC_H
#define MLU_IPC_H

#include <stdint.h>
#include <stdio.h>

struct mlu_ipc;

/*
 * Opens the kernel side, loading the module if it must: from module_file, or by
 * name if that is NULL. NULL: it has said what is missing.
 *
 * A target attached with bound=1 lives until mlu_ipc_close(), or until the
 * tool dies of whatever.
 */
struct mlu_ipc *mlu_ipc_open(const char *module_file);
void mlu_ipc_close(struct mlu_ipc *ipc);

/* Writes one command. 0, or an errno with *sentence, to be freed, saying why it was refused. */
int mlu_ipc_command(struct mlu_ipc *ipc, const char *command, char **sentence);

/* The text of control, and of a target's "report", "allocations" or "stats"; NULL with errno. */
FILE *mlu_ipc_control(struct mlu_ipc *ipc);
FILE *mlu_ipc_target(struct mlu_ipc *ipc, uint64_t id, const char *name);

/* The stats of all targets. */
FILE *mlu_ipc_stats(struct mlu_ipc *ipc);

/* For its tests: the same with the files in dir, nothing loaded. */
struct mlu_ipc *mlu_ipc_open_in(const char *dir);

#endif
