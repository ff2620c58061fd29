// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compressed output, with zlib.
 */
#include "gzip.h"

#include <errno.h>
#include <stdint.h>
#include <zlib.h>

#define GZIP_HEADER 16 /* added to windowBits, see deflateInit2() */
#define MEMORY_LEVEL 8
#define CHUNK 65536
#define INPUT_LIMIT 0x40000000u

static int deflate_chunks(z_stream *z, FILE *out, int flush)
{
	unsigned char chunk[CHUNK] = {};

	do {
		z->next_out = chunk;
		z->avail_out = sizeof(chunk);
		if (deflate(z, flush) == Z_STREAM_ERROR)
			return -EINVAL;
		if (fwrite(chunk, 1, sizeof(chunk) - z->avail_out, out) !=
		    sizeof(chunk) - z->avail_out)
			return errno ? -errno : -EIO;
	} while (!z->avail_out);
	return 0;
}

/**
 * mu_gzip_write() - write bytes as a gzip file
 * @out: the stream
 * @bytes: the bytes
 * @nr: number of @bytes
 *
 * Return: 0, or a negative errno.
 */
int mu_gzip_write(FILE *out, const void *bytes, size_t nr)
{
	const unsigned char *p = bytes;
	z_stream z = {};
	int error = 0;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_HEADER,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do { /* zlib counts input in 32 bits */
		z.next_in = (unsigned char *)p;
		z.avail_in = nr < INPUT_LIMIT ? nr : INPUT_LIMIT;
		p += z.avail_in;
		nr -= z.avail_in;
		error = deflate_chunks(&z, out, nr ? Z_NO_FLUSH : Z_FINISH);
	} while (nr && !error);
	deflateEnd(&z);
	return error;
}
