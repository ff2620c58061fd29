/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of an attach command. */
#ifndef MLU_COMMAND_KEYS_H
#define MLU_COMMAND_KEYS_H

#include <linux/types.h>

struct mlu_request;

bool mlu_command_is_number(const char *word);
void mlu_command_append(char *list, size_t size, const char *name);
int mlu_key_parse(struct mlu_request *request, char *word, unsigned long *seen);

#endif /* MLU_COMMAND_KEYS_H */
