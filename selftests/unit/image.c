// SPDX-License-Identifier: GPL-2.0-only
/*
 * image: an ELF image in memory as a source of bytes, see image.h.
 */
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
	if (!memory) {
		perror("malloc");
		exit(1);
	}
	return memory;
}

static int read_image(const struct mlu_elf_source *src, u64 off, void *buf, size_t len)
{
	struct image *image = (struct image *)src; /* its first member */

	if (off > src->size || len > src->size - off) {
		fprintf(stderr, "read of %zu bytes at %#llx of %#llx\n", len, off, src->size);
		abort();
	}
	image->reads++;
	if (image->reads == image->fail_at)
		return -EIO;
	memcpy(buf, image->bytes + off, len);
	return 0;
}

static void init(struct image *image, u8 *bytes, size_t len)
{
	memset(image, 0, sizeof(*image));
	image->src.read = read_image;
	image->src.size = len;
	image->bytes = bytes;
	image->len = len;
}

void image_copy(struct image *image, const void *bytes, size_t len)
{
	u8 *copy = need(malloc(len ? len : 1));

	if (len)
		memcpy(copy, bytes, len);
	init(image, copy, len);
}

static u8 *read_all(FILE *file, size_t *len)
{
	size_t room = 1 << 20, got;
	u8 *bytes = need(malloc(room));

	*len = 0;
	while ((got = fread(bytes + *len, 1, room - *len, file)) > 0) {
		*len += got;
		if (*len == room) {
			room *= 2;
			bytes = need(realloc(bytes, room));
		}
	}
	return need(realloc(bytes, *len ? *len : 1));
}

bool image_load(struct image *image, const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t len;
	u8 *bytes;

	if (!file)
		return false;
	bytes = read_all(file, &len);
	fclose(file);
	init(image, bytes, len);
	return true;
}

void image_free(struct image *image)
{
	free(image->bytes);
	free(image->scratch);
	memset(image, 0, sizeof(*image));
}

int image_open(struct image *image, size_t scratch_len)
{
	free(image->scratch);
	image->scratch = need(malloc(scratch_len));
	image->scratch_len = scratch_len;
	return mlu_elf_open(&image->elf, &image->src, image->scratch, scratch_len);
}
