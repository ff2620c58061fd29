// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the search: search_speed [BLOCKS [SIZE [PERCENT]]] looks up the memory of blocks, of
 * which PERCENT of the words are references, and prints the speeds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "mem.h"
#include "search_refs.h"

static double read_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t read_argument(int argc, char **argv, int i, uint64_t otherwise)
{
	return argc > i ? strtoull(argv[i], NULL, 0) : otherwise;
}

static uint64_t next_random(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return state >> 33;
}

/* A third of the other words are 0, a third are small, and a third are addresses elsewhere. */
static uint64_t other_word(uint64_t heap)
{
	uint64_t random = next_random();

	switch (random % 3) {
	case 0:
		return 0;
	case 1:
		return random % 1000;
	default:
		return random % 2 ? 0x7f0000000000UL + (random << 8) : heap - (random << 12);
	}
}

static struct mu_blocks *make_blocks(uint64_t *words, size_t nr, size_t size, size_t percent)
{
	struct mu_blocks *blocks = mu_zalloc(sizeof(*blocks));
	size_t step = (size + 8 + 15) / 16 * 16 / 8;
	uint64_t heap = (uintptr_t)words;

	blocks->at = mu_zalloc(nr * sizeof(*blocks->at));
	blocks->nr = nr;
	blocks->now_ns = 1;
	for (size_t i = 0; i < nr; i++)
		blocks->at[i] = (struct mu_block){ .address = heap + i * step * 8, .size = size };
	for (size_t i = 0; i < nr * step; i++)
		words[i] = next_random() % 100 < percent ? heap + next_random() % nr * step * 8 :
							   other_word(heap);
	return blocks;
}

int main(int argc, char **argv)
{
	size_t nr = read_argument(argc, argv, 1, 1000000);
	size_t size = read_argument(argc, argv, 2, 1000);
	size_t percent = read_argument(argc, argv, 3, 10);
	size_t bytes = nr * ((size + 8 + 15) / 16 * 16);
	uint64_t *words = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
	struct mu_blocks *blocks;
	struct mu_search *s;
	double times[5];

	if (words == MAP_FAILED)
		return 1;
	blocks = make_blocks(words, nr, size, percent);
	times[0] = read_clock();
	mu_blocks_keep_known(blocks);
	times[1] = read_clock();
	s = mu_search_new(blocks, UINT32_MAX);
	times[2] = read_clock();
	mu_search_words(s, (uintptr_t)words, words, bytes / 8);
	times[3] = read_clock();
	mu_search_value(s, (uintptr_t)words, 0);
	mu_search_classify(s);
	times[4] = read_clock();
	printf("%zu blocks of %zu bytes, %zu %% references: %.2f GiB, sorted in %.3f s, index in "
	       "%.3f s, looked up at %.2f GiB/s, %zu references classified in %.3f s\n",
	       nr, size, percent, bytes / 1073741824.0, times[1] - times[0], times[2] - times[1],
	       bytes / 1073741824.0 / (times[3] - times[2]), s->nr_edges, times[4] - times[3]);
	mu_search_free(s);
	mu_blocks_free(blocks);
	return 0;
}
