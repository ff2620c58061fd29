/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PROTOBUF_H
#define MU_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct mu_message - a protobuf message that is being built; begins with zeros
 * @bytes: the encoded fields
 * @nr: number of @bytes
 * @capacity: allocated elements of @bytes
 */
struct mu_message {
	unsigned char *bytes;
	size_t nr;
	size_t capacity;
};

void mu_message_clear(struct mu_message *m);
void mu_message_free(struct mu_message *m);
void mu_message_varint(struct mu_message *m, uint64_t value);
void mu_message_number(struct mu_message *m, unsigned int field, uint64_t value);
void mu_message_bytes(struct mu_message *m, unsigned int field, const void *bytes, size_t nr);
void mu_message_add(struct mu_message *m, unsigned int field, const struct mu_message *part);

#endif
