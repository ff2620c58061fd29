// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz the search: the input is a list of blocks and an image of memory, both chosen freely, and is
 * changed halfway. Verdicts are compared with the oracle's if there are few blocks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "search_free.h"
#include "search_oracle.h"
#include "search_refs.h"

#define BASE 0x7f0000000000UL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t take_number(const uint8_t **data, size_t *size, size_t bytes)
{
	uint64_t value = 0;

	if (bytes > *size)
		bytes = *size;
	memcpy(&value, *data, bytes);
	*data += bytes;
	*size -= bytes;
	return value;
}

/* Addresses and sizes are small numbers, or any numbers. */
static struct mu_blocks *take_blocks(const uint8_t **data, size_t *size)
{
	size_t nr = take_number(data, size, 1) % (ORACLE_MAX + 1);
	struct mu_blocks *blocks = mu_zalloc(sizeof(*blocks));

	blocks->at = mu_zalloc((nr + 1) * sizeof(*blocks->at));
	blocks->now_ns = 100;
	for (; blocks->nr < nr && *size; blocks->nr++) {
		struct mu_block *b = &blocks->at[blocks->nr];
		bool is_free = take_number(data, size, 1) == 255;

		b->address = is_free ? take_number(data, size, 8) :
				       BASE + take_number(data, size, 2);
		b->size = take_number(data, size, is_free ? 8 : 1);
		b->time_ns = take_number(data, size, 1);
		b->flags = take_number(data, size, 1) % 16 ? 0 : 4;
	}
	return blocks;
}

static bool read_image(void *context, uint64_t address, uint64_t *words, size_t nr)
{
	const struct image *image = context;

	if (address % 8 || address < image->address || nr > image->nr ||
	    address - image->address > (image->nr - nr) * 8)
		return false;
	memcpy(words, image->words + (address - image->address) / 8, nr * 8);
	return true;
}

/* A byte of the input is a word of the image: a small number, or an address in the image. */
static void take_image(struct image *image, const uint8_t **data, size_t *size)
{
	image->address = BASE;
	image->nr = *size / 3;
	image->words = mu_zalloc((image->nr + 1) * 8);
	for (size_t i = 0; i < image->nr; i++) {
		uint64_t kind = take_number(data, size, 1);
		uint64_t value = take_number(data, size, 2);

		image->words[i] = kind % 2 ? BASE + value : value;
	}
}

static void check_verdicts(const struct mu_search *s, const struct image *image, const bool *gone)
{
	uint8_t wanted[ORACLE_MAX];

	find_verdicts(image, 1, s->blocks, gone, &s->free, NULL, 0, wanted);
	for (size_t i = 0; i < s->blocks->nr; i++)
		if (s->verdict[i] != wanted[i])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mu_blocks *blocks = take_blocks(&data, &size);
	struct mu_blocks *later = take_blocks(&data, &size);
	bool gone[ORACLE_MAX] = {};
	struct image image;
	const struct mu_peek peek = { .read = read_image, .context = &image };
	struct mu_search *s;

	take_image(&image, &data, &size);
	mu_blocks_keep_known(blocks);
	s = mu_search_new(blocks, 1 << 20);
	mu_search_words(s, image.address, image.words, image.nr);
	mu_search_classify(s);
	check_verdicts(s, &image, gone);
	mu_search_sort(s);
	mu_search_forget(s, BASE, BASE + 4096);
	mu_search_words(s, BASE, image.words, image.nr < 512 ? image.nr : 512);
	mu_blocks_sort(later);
	mu_search_keep(s, later);
	for (size_t i = 0; i < blocks->nr; i++)
		gone[i] = s->is_gone[i];
	mu_search_classify(s);
	check_verdicts(s, &image, gone);
	mu_search_find_free(s, &peek, &(uint64_t){ BASE + 3 * 8192 }, 1);
	mu_search_classify(s);
	check_verdicts(s, &image, gone);
	mu_search_ignore_glibc(s, &peek);
	mu_search_classify(s);
	mu_search_free(s);
	mu_blocks_free(blocks);
	mu_blocks_free(later);
	free(image.words);
	return 0;
}
