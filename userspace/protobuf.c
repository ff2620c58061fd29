// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wire format of protobuf: fields that are numbers or bytes. Depends on mem.c.
 */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define VARINT 0
#define LENGTH_DELIMITED 2
#define TAG_BITS 3
#define VARINT_BITS 7
#define VARINT_MORE 0x80

static void add_byte(struct mu_message *m, unsigned char byte)
{
	m->bytes = mu_grow(m->bytes, m->nr, &m->capacity, 1);
	m->bytes[m->nr++] = byte;
}

/**
 * mu_message_clear() - begin a new message, in the same memory
 * @m: the message
 */
void mu_message_clear(struct mu_message *m)
{
	m->nr = 0;
}

/**
 * mu_message_free() - free a message
 * @m: the message
 */
void mu_message_free(struct mu_message *m)
{
	free(m->bytes);
}

/**
 * mu_message_varint() - append a number without a field, as packed fields have them
 * @m: the message
 * @value: the number; of a signed one, its two's complement
 */
void mu_message_varint(struct mu_message *m, uint64_t value)
{
	for (; value >= VARINT_MORE; value >>= VARINT_BITS)
		add_byte(m, value | VARINT_MORE);
	add_byte(m, value);
}

/**
 * mu_message_number() - append a field that is a number
 * @m: the message
 * @field: its number
 * @value: the value; 0 is the default of all fields, and is omitted
 */
void mu_message_number(struct mu_message *m, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	mu_message_varint(m, field << TAG_BITS | VARINT);
	mu_message_varint(m, value);
}

/**
 * mu_message_bytes() - append a field that is a string, a message or packed numbers
 * @m: the message
 * @field: its number
 * @bytes: the bytes
 * @nr: number of @bytes
 */
void mu_message_bytes(struct mu_message *m, unsigned int field, const void *bytes, size_t nr)
{
	mu_message_varint(m, field << TAG_BITS | LENGTH_DELIMITED);
	mu_message_varint(m, nr);
	for (size_t i = 0; i < nr; i++)
		add_byte(m, ((const unsigned char *)bytes)[i]);
}

/**
 * mu_message_add() - append a field that is a message
 * @m: the message
 * @field: its number
 * @part: the value
 */
void mu_message_add(struct mu_message *m, unsigned int field, const struct mu_message *part)
{
	mu_message_bytes(m, field, part->bytes, part->nr);
}
