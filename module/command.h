/* SPDX-License-Identifier: GPL-2.0-only */
/* The grammar of commands, and refusals as control shows them. */
#ifndef MLU_COMMAND_H
#define MLU_COMMAND_H

#include <linux/seq_file.h>

#include "request.h"

#define MLU_COMMAND_MAX 4096
#define MLU_SHOWN_MAX 160

/**
 * struct mlu_refusal - a refused command, as control shows it
 * @err: the errno, negative; 0: no command was refused
 * @time_ns: ktime_get_ns() at the refusal
 * @writer: thread group of the writer, with a reference
 * @comm: name of the writer
 * @command: the command, escaped and truncated
 * @reason: why it was refused, escaped
 */
struct mlu_refusal {
	int err;
	u64 time_ns;
	struct pid *writer;
	char comm[TASK_COMM_LEN];
	char command[MLU_SHOWN_MAX];
	char reason[MLU_REASON_MAX];
};

int mlu_command(const char *text, size_t len, struct mlu_session *session,
		struct mlu_refusal *refusal);
void mlu_command_unread(int err, struct mlu_refusal *refusal);

void mlu_options_show(struct seq_file *m, const struct mlu_options *options);

#endif /* MLU_COMMAND_H */
