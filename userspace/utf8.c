// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for other programs: any bytes as text that is valid UTF-8 and can be in JSON, XML and
 * protobuf strings.
 *
 * A byte is written as a backslash and three octal digits, as the module does, if it is a
 * backslash, a control character, or no part of a valid character; so are the control characters of
 * Unicode and the two code points that XML forbids. All else stays as it is. The bytes can be
 * recovered.
 *
 * Depends on text.c and mem.c.
 */
#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

#define FIRST_PRINTABLE 0xa0 /* of what is not ASCII */
#define FIRST_SURROGATE 0xd800
#define LAST_SURROGATE 0xdfff
#define FIRST_FORBIDDEN 0xfffe
#define LAST_FORBIDDEN 0xffff
#define LAST_CODE_POINT 0x10ffff

/* Return: the number of bytes that the first one announces, 0 if it is no first byte. */
static size_t announced_length(unsigned char first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

static bool is_shown(uint32_t c, size_t length)
{
	static const uint32_t smallest[] = { [2] = FIRST_PRINTABLE, [3] = 0x800, [4] = 0x10000 };

	if (c < smallest[length] || c > LAST_CODE_POINT)
		return false;
	if (c >= FIRST_SURROGATE && c <= LAST_SURROGATE)
		return false;
	return c < FIRST_FORBIDDEN || c > LAST_FORBIDDEN;
}

/**
 * mu_utf8_length() - get the length of the character at the start of a text
 * @text: the text
 *
 * Return: the number of its bytes, 0 if the first byte has to be escaped.
 */
size_t mu_utf8_length(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t length = announced_length(*p);
	uint32_t c;

	if (*p < 0x80)
		return *p >= 0x20 && *p != 0x7f && *p != '\\';
	if (!length)
		return 0;
	c = *p & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80) /* or the end of the text */
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return is_shown(c, length) ? length : 0;
}

/**
 * mu_utf8_escape() - make text of any bytes
 * @bytes: the bytes
 *
 * Return: the text, to be freed.
 */
char *mu_utf8_escape(const char *bytes)
{
	char *text = mu_zalloc(strlen(bytes) * 4 + 1);
	char *out = text;

	while (*bytes) {
		size_t length = mu_utf8_length(bytes);
		unsigned char byte = *bytes;

		if (length) {
			memcpy(out, bytes, length);
			out += length;
			bytes += length;
			continue;
		}
		*out++ = '\\';
		*out++ = '0' + (byte >> 6);
		*out++ = '0' + ((byte >> 3) & 7);
		*out++ = '0' + (byte & 7);
		bytes++;
	}
	return text;
}

/**
 * mu_utf8_reescape() - make text of a name that was escaped for a terminal
 * @escaped: the name, as of the module or of mu_escape()
 *
 * Return: the text, to be freed.
 */
char *mu_utf8_reescape(const char *escaped)
{
	char *bytes = mu_zalloc(strlen(escaped) + 1);
	char *text = mu_utf8_escape(mu_unescape(bytes, escaped) ? bytes : escaped);

	free(bytes);
	return text;
}
