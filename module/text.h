/* SPDX-License-Identifier: GPL-2.0-only */
/* Names: of a target, written so that they harm no terminal and no parser, and of errors. */
#ifndef MLU_TEXT_H
#define MLU_TEXT_H

#include <linux/seq_file.h>

void mlu_seq_name(struct seq_file *m, const char *name, size_t len);
void mlu_seq_path(struct seq_file *m, const char *path, size_t len);
size_t mlu_escape(char *buf, size_t room, const char *text, size_t len);
const char *mlu_errno_name(int err);
pid_t mlu_tid_in(u32 tid, struct pid_namespace *ns);

#endif /* MLU_TEXT_H */
