// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compressed output, with zlib.
 */
#include "gzip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <zlib.h>

#include "mem.h"

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

static bool begin_deflate(z_stream *z)
{
	return deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_HEADER,
			    MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
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

	if (!begin_deflate(&z))
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

/* === Streams === */

struct stream {
	z_stream z;
	FILE *out;
	int error; /* of a write: the first one, after which nothing is written */
};

static ssize_t write_stream(void *cookie, const char *bytes, size_t nr)
{
	struct stream *s = cookie;

	s->z.next_in = (unsigned char *)bytes;
	s->z.avail_in = nr; /* at most the buffer of the stream */
	if (!s->error)
		s->error = deflate_chunks(&s->z, s->out, Z_NO_FLUSH);
	if (!s->error)
		return nr;
	errno = -s->error;
	return 0;
}

static int close_stream(void *cookie)
{
	struct stream *s = cookie;
	int error = s->error;

	s->z.avail_in = 0;
	if (!error)
		error = deflate_chunks(&s->z, s->out, Z_FINISH);
	deflateEnd(&s->z);
	free(s);
	errno = -error;
	return error ? EOF : 0;
}

/**
 * mu_gzip_open() - open a stream that is compressed
 * @out: where it is written as a gzip file; is not closed with it
 *
 * Return: the stream, whose fclose() completes the file and fails if a write failed, or NULL if
 * there is no memory.
 */
FILE *mu_gzip_open(FILE *out)
{
	const cookie_io_functions_t functions = { .write = write_stream, .close = close_stream };
	struct stream *s = mu_zalloc(sizeof(*s));
	FILE *stream;

	s->out = out;
	if (!begin_deflate(&s->z)) {
		free(s);
		return NULL;
	}
	stream = fopencookie(s, "w", functions);
	if (stream)
		return stream;
	deflateEnd(&s->z);
	free(s);
	return NULL;
}
