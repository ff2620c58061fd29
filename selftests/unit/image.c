// SPDX-License-Identifier: GPL-2.0-only
/* image: an ELF image in memory as the byte source of the ELF reader, see image.h. */
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check_memory(void *memory)
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

static void init_image(struct image *image, u8 *bytes, size_t len)
{
	memset(image, 0, sizeof(*image));
	image->src.read = read_image;
	image->src.size = len;
	image->bytes = bytes;
	image->len = len;
}

/**
 * image_copy() - make an image of a copy of bytes
 * @image: is initialized
 * @bytes: the bytes
 * @len: how many
 *
 * Exits if there is no memory.
 */
void image_copy(struct image *image, const void *bytes, size_t len)
{
	u8 *copy = check_memory(malloc(len ? len : 1));

	if (len)
		memcpy(copy, bytes, len);
	init_image(image, copy, len);
}

static u8 *read_all(FILE *file, size_t *len)
{
	size_t size = 1 << 20, got;
	u8 *bytes = check_memory(malloc(size));

	*len = 0;
	while ((got = fread(bytes + *len, 1, size - *len, file)) > 0) {
		*len += got;
		if (*len == size) {
			size *= 2;
			bytes = check_memory(realloc(bytes, size));
		}
	}
	return check_memory(realloc(bytes, *len ? *len : 1));
}

/**
 * image_load() - make an image of a file
 * @image: is initialized, unless the file cannot be opened
 * @path: the file
 *
 * Return: false if the file cannot be opened
 */
bool image_load(struct image *image, const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t len;
	u8 *bytes;

	if (!file)
		return false;
	bytes = read_all(file, &len);
	fclose(file);
	init_image(image, bytes, len);
	return true;
}

/**
 * image_free() - free an image's memory
 * @image: the image
 */
void image_free(struct image *image)
{
	free(image->bytes);
	free(image->scratch);
	memset(image, 0, sizeof(*image));
}

/**
 * image_open() - mlu_elf_open() with a scratch buffer in the heap
 * @image: the image
 * @scratch_len: size of the buffer
 *
 * Return: that of mlu_elf_open()
 */
int image_open(struct image *image, size_t scratch_len)
{
	free(image->scratch);
	image->scratch = check_memory(malloc(scratch_len));
	image->scratch_len = scratch_len;
	return mlu_elf_open(&image->elf, &image->src, image->scratch, scratch_len);
}
