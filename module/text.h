/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing names of targets and writers so that no byte affects a terminal or a parser. */
#ifndef MLU_TEXT_H
#define MLU_TEXT_H

#include <linux/seq_file.h>
#include <linux/types.h>

void mlu_seq_name(struct seq_file *m, const char *name, size_t len);
void mlu_seq_hex(struct seq_file *m, u64 number, unsigned int width);
void mlu_seq_code(struct seq_file *m, const char *name, size_t len, u64 address);
void mlu_seq_path(struct seq_file *m, const char *path, size_t len);
size_t mlu_escape(char *buf, size_t size, const char *text, size_t len);
const char *mlu_errno_name(int err);

#endif /* MLU_TEXT_H */
