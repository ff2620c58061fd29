// SPDX-License-Identifier: GPL-2.0-only
/* The search for references: the index, verdicts compared with an oracle, and glibc's lists. */
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "search_refs.h"
#include "search_glibc.h"
#include "search_oracle.h"
#include "tap.h"

#define BASE 0x7f0000000000UL
#define IMAGE_WORDS 2048
#define ROUNDS 1000

static uint64_t random_state = 88172645463325252UL;

static uint64_t random_number(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static struct mu_blocks *new_blocks(size_t nr)
{
	struct mu_blocks *blocks = mu_zalloc(sizeof(*blocks));

	blocks->at = mu_zalloc(nr * sizeof(*blocks->at));
	blocks->now_ns = 1000;
	return blocks;
}

static void add_block(struct mu_blocks *blocks, uint64_t address, uint64_t size)
{
	blocks->at[blocks->nr++] = (struct mu_block){ .address = address, .size = size };
}

/* === The index === */

static uint32_t find_slowly(const struct mu_blocks *blocks, uint64_t address)
{
	int found = oracle_block(blocks, NULL, address);

	return found < 0 ? MU_NO_BLOCK : (uint32_t)found;
}

static size_t count_wrong_at(const struct mu_index *index, const struct mu_blocks *blocks,
			     uint64_t address)
{
	size_t wrong = 0;

	for (int i = -9; i < 10; i++)
		wrong += mu_index_find(index, address + i) != find_slowly(blocks, address + i);
	return wrong;
}

static size_t count_wrong(const struct mu_blocks *blocks)
{
	struct mu_index index;
	size_t wrong = 0;

	mu_index_init(&index, blocks);
	for (size_t i = 0; i < blocks->nr; i++) {
		const struct mu_block *b = &blocks->at[i];

		wrong += count_wrong_at(&index, blocks, b->address);
		wrong += count_wrong_at(&index, blocks, b->address + b->size / 2);
		wrong += count_wrong_at(&index, blocks, b->address + b->size);
		wrong += count_wrong_at(&index, blocks, (b->address + b->size) & -4096UL);
		wrong += count_wrong_at(&index, blocks, random_state);
	}
	wrong += count_wrong_at(&index, blocks, 0);
	wrong += count_wrong_at(&index, blocks, UINT64_MAX);
	mu_index_free(&index);
	return wrong;
}

/* Blocks that are dense, far apart, or large, from a few bytes to most of the address space. */
static size_t check_random_index(void)
{
	struct mu_blocks *blocks = new_blocks(300);
	unsigned int gap = 1 + random_number(40);
	unsigned int size = 1 + random_number(40);
	size_t nr = random_number(300);
	uint64_t address = random_number(1UL << 40) + 4096;
	size_t wrong;

	for (size_t i = 0; i < nr; i++) {
		uint64_t bytes = random_number(1UL << random_number(size));

		add_block(blocks, address, bytes);
		address += (bytes ? bytes : 1) + random_number(1UL << random_number(gap));
	}
	if (mu_blocks_keep_known(blocks))
		wrong = 1;
	else
		wrong = count_wrong(blocks);
	mu_blocks_free(blocks);
	return wrong;
}

static void test_index(void)
{
	size_t wrong = 0;

	for (size_t i = 0; i < 100; i++)
		wrong += check_random_index();
	is_number(wrong, 0, "each address is found in its block, at all distances and sizes");
}

static void test_hostile_index(void)
{
	struct mu_blocks *blocks = new_blocks(200000);
	struct mu_index index;

	for (size_t i = 0; i < 100000; i++)
		add_block(blocks, (i + 1) << 30, 8);
	mu_blocks_keep_known(blocks);
	mu_index_init(&index, blocks);
	is_number(mu_index_find(&index, (5UL << 30) + 7), 4,
		  "100,000 blocks a GiB apart have an index");
	tap_ok(index.shift > 12, "its tables are bounded: the granules are larger");
	mu_index_free(&index);
	mu_blocks_free(blocks);
}

static void test_known(void)
{
	struct mu_blocks *blocks = new_blocks(20);

	add_block(blocks, 0x9000, 16);
	add_block(blocks, 0x1000, 64);
	add_block(blocks, 0x1010, 16); /* inside the one before */
	add_block(blocks, 0x1020, 16);
	add_block(blocks, 0x1040, 16);
	add_block(blocks, 0x2000, 0);
	add_block(blocks, 0x3000, UINT64_MAX - 0x3000);
	add_block(blocks, UINT64_MAX - 7, 16);
	add_block(blocks, 0x4000, 16);
	blocks->at[blocks->nr - 1].flags = 1;
	add_block(blocks, 0x5000, 16);
	blocks->at[blocks->nr - 1].flags = MU_BLOCK_TAKEN;
	add_block(blocks, 0x6000, 16);
	blocks->at[blocks->nr - 1].time_ns = 1000;
	is_number(mu_blocks_keep_known(blocks), 3, "blocks that overlap are removed");
	is_number(blocks->nr, 3, "so are mappings, blocks in flight, new ones and bad ranges");
	tap_ok(blocks->at[0].address == 0x1040 && blocks->at[1].address == 0x2000 &&
		       blocks->at[2].address == 0x9000,
	       "the others are sorted");
	mu_blocks_free(blocks);
}

/* === Verdicts === */

static void fill_words(struct image *image, const struct mu_blocks *blocks, size_t percent)
{
	for (size_t i = 0; i < image->nr; i++) {
		const struct mu_block *b;

		image->words[i] = random_number(3) ? 0 : random_state;
		if (!blocks->nr || random_number(1000) >= percent)
			continue;
		b = &blocks->at[random_number(blocks->nr)];
		image->words[i] = b->address;
		if (random_number(3) == 0)
			image->words[i] += random_number(b->size + 2);
	}
}

static void place_blocks(struct mu_blocks *blocks, const struct image *image)
{
	uint64_t address = image->address + random_number(512) * 8;
	uint64_t end = image->address + image->nr * 8;

	while (blocks->nr < ORACLE_MAX) {
		uint64_t size = random_number(random_number(10) ? 100 : 9000);

		if (address + size >= end)
			break;
		add_block(blocks, address, size);
		address += ((size ? size : 1) + 7) / 8 * 8 + random_number(80) * 8;
	}
	mu_blocks_keep_known(blocks);
}

static void look_up(struct mu_search *s, const struct image *image, size_t from, size_t to)
{
	mu_search_words(s, image->address + from * 8, image->words + from, to - from);
}

static size_t count_differences(struct mu_search *s, const struct image *image, const bool *gone,
				const uint64_t *values, size_t nr_values)
{
	uint8_t wanted[ORACLE_MAX];
	size_t wrong = 0;

	mu_search_drop_values(s);
	for (size_t i = 0; i < nr_values; i++)
		mu_search_value(s, values[i], i);
	mu_search_classify(s);
	find_verdicts(image, 1, s->blocks, gone, &s->free, values, nr_values, wanted);
	for (size_t i = 0; i < s->blocks->nr; i++)
		wrong += s->verdict[i] != wanted[i];
	return wrong;
}

/* A leader is definitely lost, and only indirectly lost blocks have another one. */
static size_t count_wrong_leaders(const struct mu_search *s)
{
	size_t wrong = 0;

	for (size_t i = 0; i < s->blocks->nr; i++) {
		bool is_own = s->leader[i] == i;

		wrong += is_own == (s->verdict[i] == MU_INDIRECT);
		wrong += !is_own && s->verdict[s->leader[i]] != MU_DEFINITE;
	}
	return wrong;
}

/* Some memory is known to be free, of blocks and of others. */
static void free_some(struct mu_search *s, const struct image *image)
{
	for (size_t word = random_number(500); word < image->nr; word += random_number(500)) {
		size_t nr = random_number(100);

		mu_ranges_add(&s->free, image->address + word * 8,
			      image->address + (word + nr) * 8);
		word += nr + 1;
	}
}

/* Change some pages and free some blocks, as a process does while it is searched. */
static void change_image(struct mu_search *s, struct image *image, bool *gone,
			 struct mu_blocks *now)
{
	size_t page = random_number(image->nr / 512);
	struct image part = { .words = image->words + page * 512, .nr = 512 };

	fill_words(&part, s->blocks, 30);
	mu_search_sort(s);
	mu_search_forget(s, image->address + page * MU_PAGE, image->address + (page + 1) * MU_PAGE);
	look_up(s, image, page * 512, (page + 1) * 512);
	for (size_t i = 0; i < s->blocks->nr; i++) {
		gone[i] = !random_number(8);
		if (gone[i] && random_number(2))
			now->at[i].time_ns = 7;
		else if (gone[i])
			now->at[i].flags = MU_BLOCK_TAKEN;
	}
	mu_search_keep(s, now);
	free_some(s, image);
}

static struct mu_blocks *copy_blocks(const struct mu_blocks *blocks)
{
	struct mu_blocks *copy = new_blocks(ORACLE_MAX);

	memcpy(copy->at, blocks->at, blocks->nr * sizeof(*blocks->at));
	copy->nr = blocks->nr;
	return copy;
}

static size_t check_random_graph(size_t *wrong_leaders)
{
	struct image image = { .address = BASE, .nr = IMAGE_WORDS };
	struct mu_blocks *blocks = new_blocks(ORACLE_MAX);
	size_t nr_values = random_number(3);
	bool gone[ORACLE_MAX] = {};
	struct mu_blocks *now;
	struct mu_search *s;
	uint64_t values[3];
	size_t wrong;

	image.words = mu_zalloc(image.nr * 8);
	place_blocks(blocks, &image);
	fill_words(&image, blocks, random_number(60));
	for (size_t i = 0; i < nr_values; i++)
		values[i] = BASE + random_number(IMAGE_WORDS * 8);
	s = mu_search_new(blocks, 1UL << 20);
	look_up(s, &image, 0, image.nr);
	wrong = count_differences(s, &image, gone, values, nr_values);
	*wrong_leaders += count_wrong_leaders(s);
	now = copy_blocks(blocks);
	change_image(s, &image, gone, now);
	wrong += count_differences(s, &image, gone, values, nr_values);
	mu_search_free(s);
	mu_blocks_free(now);
	mu_blocks_free(blocks);
	free(image.words);
	return wrong;
}

static void test_random_graphs(void)
{
	size_t wrong = 0;
	size_t wrong_leaders = 0;

	for (size_t i = 0; i < ROUNDS; i++)
		wrong += check_random_graph(&wrong_leaders);
	is_number(wrong, 0, "random graphs have the oracle's verdicts, also after changes");
	is_number(wrong_leaders, 0, "each indirectly lost block has a definitely lost leader");
}

static void test_limit(void)
{
	struct mu_blocks *blocks = new_blocks(1);
	uint64_t words[1024];
	struct mu_search *s;

	add_block(blocks, BASE, 8);
	for (size_t i = 0; i < 1024; i++)
		words[i] = BASE;
	s = mu_search_new(blocks, 600);
	mu_search_words(s, BASE + MU_PAGE, words, 512);
	tap_ok(!s->is_full, "references below the limit are kept");
	mu_search_words(s, BASE + 2 * MU_PAGE, words, 512);
	tap_ok(s->is_full, "too many references are noticed");
	mu_search_free(s);
	mu_blocks_free(blocks);
}

static void test_chain(void)
{
	struct mu_blocks *blocks = new_blocks(2);
	uint64_t words[8] = {};
	struct mu_search *s;

	add_block(blocks, BASE, 16);
	add_block(blocks, BASE + 32, 16);
	mu_blocks_keep_known(blocks);
	words[1] = BASE + 40; /* the first block has a word for the middle of the second one */
	s = mu_search_new(blocks, 1024);
	mu_search_words(s, BASE, words, 8);
	mu_search_value(s, BASE, 77);
	mu_search_classify(s);
	tap_ok(s->verdict[0] == MU_REACHABLE && !s->parent[0].is_memory &&
		       s->parent[0].source == 77,
	       "a block that a register refers to has it as its parent");
	tap_ok(s->verdict[1] == MU_POSSIBLE && s->parent[1].is_memory &&
		       s->parent[1].address == BASE + 8,
	       "a block that a block refers to has the word as its parent");
	mu_search_free(s);
	mu_blocks_free(blocks);
}

/* === glibc's lists === */

#define ARENA 64 /* number of the word top */

static bool read_image(void *context, uint64_t address, uint64_t *words, size_t nr)
{
	const struct image *image = context;

	if (address % 8 || address < image->address ||
	    address - image->address > (image->nr - nr) * 8 || nr > image->nr)
		return false;
	memcpy(words, image->words + (address - image->address) / 8, nr * 8);
	return true;
}

static uint64_t address_of(size_t word)
{
	return BASE + word * 8;
}

/* An arena with empty bins, and a block of 24 bytes at word 202 with a free chunk at word 204. */
static void make_heap(struct image *image, struct mu_blocks *blocks)
{
	for (size_t i = 0; i < 40; i++) {
		image->words[ARENA + 2 + 2 * i] = address_of(ARENA + 2 * i);
		image->words[ARENA + 3 + 2 * i] = address_of(ARENA + 2 * i);
	}
	image->words[201] = 0x21;
	image->words[205] = 0x101;
	image->words[206] = address_of(206);
	image->words[207] = address_of(ARENA + 4);
	add_block(blocks, address_of(202), 24);
}

static enum mu_verdict verdict_of_heap(struct image *image, struct mu_blocks *blocks)
{
	const struct mu_peek peek = { .read = read_image, .context = image };
	struct mu_search *s = mu_search_new(blocks, 1 << 16);
	enum mu_verdict verdict;

	look_up(s, image, 0, image->nr);
	mu_search_ignore_glibc(s, &peek);
	mu_search_classify(s);
	verdict = s->verdict[0];
	mu_search_free(s);
	return verdict;
}

static void check_heap(size_t word, bool is_link, enum mu_verdict wanted, const char *claim)
{
	struct image image = { .address = BASE, .nr = 512 };
	struct mu_blocks *blocks = new_blocks(1);

	image.words = mu_zalloc(image.nr * 8);
	make_heap(&image, blocks);
	if (is_link) {
		image.words[206] = address_of(ARENA + 4);
		image.words[ARENA + 6] = address_of(204);
		image.words[ARENA + 7] = address_of(204);
	}
	image.words[word] = address_of(204);
	is_number(verdict_of_heap(&image, blocks), wanted, claim);
	mu_blocks_free(blocks);
	free(image.words);
}

static void test_glibc(void)
{
	check_heap(ARENA + 6, true, MU_DEFINITE, "links of a bin are no references");
	check_heap(300, true, MU_POSSIBLE, "the same value in a word of the program is one");
	check_heap(209, false, MU_POSSIBLE, "a link that is not led back to is one");
	check_heap(ARENA, false, MU_DEFINITE, "the field top of an arena is ignored");
	check_heap(ARENA + 1, false, MU_DEFINITE, "the field last_remainder is ignored");
	check_heap(ARENA - 1, false, MU_DEFINITE, "the last fast bin is ignored");
	check_heap(ARENA - 10, false, MU_DEFINITE, "the first fast bin is ignored");
	check_heap(ARENA - 11, false, MU_POSSIBLE, "the word before the fast bins is one");
}

int main(void)
{
	test_index();
	test_hostile_index();
	test_known();
	test_random_graphs();
	test_limit();
	test_chain();
	test_glibc();
	return done_testing();
}
