// SPDX-License-Identifier: GPL-2.0-only
/* The search for references: free chunks of glibc in made images, and what looks like them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "search_free.h"
#include "search_oracle.h"
#include "tap.h"

#define BASE 0x7f0000000000UL
#define WORDS 4096
#define TLS 1024 /* numbers of words: of two thread pointers, */
#define OTHER_TLS 3072
#define VARIABLE 20 /* how far the variable tcache is below */
#define STRUCT 1100 /* the structures of two threads */
#define OTHER 1300
#define CHUNKS 2000 /* cached chunks, 20 words apart */
#define BLOCK 1500  /* the block */
#define KEY 0x9e3779b97f4a7c15UL

/* A heap as one version of glibc leaves it. */
struct form {
	bool is_mangled;
	bool has_random_key;
};

static const struct form plain = {};
static const struct form mangled = { .is_mangled = true };
static const struct form random_key = { .is_mangled = true, .has_random_key = true };

static struct image image = { .address = BASE, .nr = WORDS };

static uint64_t address_of(size_t word)
{
	return BASE + word * 8;
}

static bool read_image(void *context, uint64_t address, uint64_t *words, size_t nr)
{
	(void)context;
	if (address % 8 || address < BASE || nr > WORDS || address - BASE > (WORDS - nr) * 8)
		return false;
	memcpy(words, image.words + (address - BASE) / 8, nr * 8);
	return true;
}

static void set_count(size_t structure, size_t list, uint16_t count)
{
	memcpy((char *)&image.words[structure] + list * sizeof(count), &count, sizeof(count));
}

static uint64_t *head_of(size_t structure, size_t list)
{
	return &image.words[structure + 16 + list];
}

/* Put chunks into a list, the last one first; each refers to the block by its third word. */
static void cache_chunks(const struct form *form, size_t structure, size_t list, size_t word,
			 size_t nr)
{
	uint64_t next = 0;

	for (size_t i = 0; i < nr; i++, word += 20) {
		uint64_t chunk = address_of(word);

		image.words[word - 1] = (32 + 16 * list) | 1;
		image.words[word] = next ^ (form->is_mangled ? chunk >> 12 : 0);
		image.words[word + 1] = form->has_random_key ? KEY : address_of(structure);
		image.words[word + 2] = address_of(BLOCK);
		next = chunk;
	}
	*head_of(structure, list) = next;
	set_count(structure, list, nr);
}

/* Thread 1 has two chunks of 48 bytes and one of 96, thread 2 has one of 64 bytes. */
static void make_heap(const struct form *form)
{
	free(image.words);
	image.words = mu_zalloc(WORDS * 8);
	image.words[TLS - VARIABLE] = address_of(STRUCT);
	image.words[OTHER_TLS - VARIABLE] = address_of(OTHER);
	image.words[STRUCT - 1] = 0x291;
	image.words[OTHER - 1] = 0x295;
	cache_chunks(form, STRUCT, 1, CHUNKS, 2);
	cache_chunks(form, STRUCT, 4, CHUNKS + 40, 1);
	cache_chunks(form, OTHER, 2, CHUNKS + 60, 1);
}

static struct mu_search *search_heap(struct mu_blocks *blocks)
{
	const struct mu_peek peek = { .read = read_image };
	const uint64_t threads[] = { address_of(TLS), address_of(OTHER_TLS) };
	struct mu_search *s = mu_search_new(blocks, 1 << 16);

	mu_search_words(s, BASE, image.words, image.nr);
	mu_search_find_free(s, &peek, threads, 2);
	mu_search_classify(s);
	return s;
}

static struct mu_blocks one_block(struct mu_block *at)
{
	*at = (struct mu_block){ .address = address_of(BLOCK), .size = 64 };
	return (struct mu_blocks){ .at = at, .nr = 1, .now_ns = 1 };
}

/* Check how many bytes are free, and the verdict by the oracle. */
static void check_heap(uint64_t bytes, enum mu_verdict wanted, const char *claim)
{
	bool gone[ORACLE_MAX] = {};
	uint8_t verdict[ORACLE_MAX];
	struct mu_block at;
	struct mu_blocks blocks = one_block(&at);
	struct mu_search *s = search_heap(&blocks);

	find_verdicts(&image, 1, &blocks, gone, &s->free, NULL, 0, verdict);
	if (s->verdict[0] != wanted || verdict[0] != wanted || mu_ranges_bytes(&s->free) != bytes)
		printf("# %lu bytes, verdict %d\n", mu_ranges_bytes(&s->free), s->verdict[0]);
	tap_ok(s->verdict[0] == wanted && verdict[0] == wanted &&
		       mu_ranges_bytes(&s->free) == bytes,
	       claim);
	mu_search_free(s);
}

#define CACHED (2 * 40 + 88 + 56)

static void test_forms(void)
{
	make_heap(&plain);
	check_heap(CACHED, MU_DEFINITE, "cached chunks of glibc 2.31 are no roots");
	make_heap(&mangled);
	check_heap(CACHED, MU_DEFINITE, "cached chunks of glibc 2.32 are no roots");
	make_heap(&random_key);
	check_heap(CACHED, MU_DEFINITE, "cached chunks of glibc 2.34 are no roots");
	image.words[CHUNKS + 5] = address_of(BLOCK);
	check_heap(CACHED, MU_REACHABLE, "the size of the next chunk is not free");
}

/* The other thread's chunk stays free in some, so that the reference in it does not count. */
static void test_look_alikes(void)
{
	make_heap(&random_key);
	image.words[TLS - VARIABLE] = 0;
	image.words[OTHER_TLS - VARIABLE] = 0;
	check_heap(0, MU_REACHABLE, "chunks with a key are roots if no thread has them");
	make_heap(&random_key);
	image.words[CHUNKS + 41] = 0;
	check_heap(56, MU_REACHABLE, "a structure with a chunk without a key does not count");
	make_heap(&random_key);
	image.words[CHUNKS + 61] = KEY + 2;
	check_heap(CACHED - 56, MU_REACHABLE, "nor is one whose key is another one");
	make_heap(&random_key);
	set_count(STRUCT, 1, 1);
	check_heap(56, MU_REACHABLE, "nor is one with a list that is longer than its count");
	set_count(STRUCT, 1, 3);
	check_heap(56, MU_REACHABLE, "nor is one with a list that is shorter");
	make_heap(&random_key);
	*head_of(STRUCT, 1) = 0;
	check_heap(56, MU_REACHABLE, "nor is one of a thread that has ended");
	make_heap(&random_key);
	image.words[CHUNKS - 1] = 0x41;
	check_heap(56, MU_REACHABLE, "nor is one with a chunk of another size");
	make_heap(&random_key);
	image.words[STRUCT - 1] = 0x251;
	check_heap(56, MU_REACHABLE, "nor is one of another size");
	make_heap(&random_key);
	image.words[CHUNKS] = address_of(CHUNKS + 20) ^ address_of(CHUNKS) >> 12;
	check_heap(56, MU_REACHABLE, "nor is one whose list is a ring");
}

static void test_plain_look_alikes(void)
{
	make_heap(&plain);
	set_count(STRUCT, 1, 0);
	*head_of(STRUCT, 1) = 0;
	check_heap(0, MU_REACHABLE, "one list is too little evidence if links are not mangled");
	make_heap(&plain);
	image.words[CHUNKS + 41] = address_of(OTHER);
	check_heap(0, MU_REACHABLE, "a chunk of an owner that is not the structure does not count");
	make_heap(&mangled);
	image.words[CHUNKS + 40] = 0;
	check_heap(56, MU_REACHABLE,
		   "a link that is not mangled among mangled ones does not count");
}

static void test_overlaps(void)
{
	make_heap(&random_key);
	*head_of(OTHER, 2) = 0;
	set_count(OTHER, 2, 0);
	*head_of(OTHER, 4) = address_of(CHUNKS + 40);
	set_count(OTHER, 4, 1);
	image.words[CHUNKS + 62] = 0;
	check_heap(CACHED - 56 - 88, MU_REACHABLE, "a chunk that two threads have is not free");
}

static void test_gone(void)
{
	struct mu_block at[2];
	struct mu_blocks blocks = one_block(at);
	struct mu_search *s;

	make_heap(&random_key);
	at[blocks.nr++] = (struct mu_block){ .address = address_of(CHUNKS), .size = 40 };
	s = search_heap(&blocks);
	mu_search_classify(s);
	is_number(s->verdict[0], MU_INDIRECT, "a block that exists is searched as a block");
	s->is_gone[1] = true;
	mu_search_classify(s);
	is_number(s->verdict[0], MU_DEFINITE, "and not at all when it was freed");
	mu_search_free(s);
}

/* Any word of the structures and chunks that changes makes less memory free, and never other. */
static void test_changed_words(void)
{
	size_t wrong = 0;

	for (size_t i = STRUCT - 1; i < CHUNKS + 70; i++) {
		const uint64_t values[] = { 0, 1, KEY, address_of(CHUNKS), address_of(BLOCK) };
		struct mu_block at;
		struct mu_blocks blocks = one_block(&at);

		for (size_t j = 0; j < 5; j++) {
			struct mu_search *s;

			make_heap(&random_key);
			image.words[i] = values[j];
			s = search_heap(&blocks);
			wrong += mu_ranges_bytes(&s->free) > CACHED;
			mu_search_free(s);
		}
	}
	is_number(wrong, 0, "a changed word never makes other memory free");
}

/* === Bins === */

#define ARENA 3400 /* number of the first word; the thread's TLS has its address */
#define BIN (ARENA + 14 + 2 * 90)

/* An arena whose bin number 90 has one chunk, of 512 bytes, with a reference. */
static void make_arena(void)
{
	make_heap(&random_key);
	image.words[TLS - VARIABLE] = 0;
	image.words[OTHER_TLS - VARIABLE] = address_of(ARENA);
	for (size_t i = 0; i < 254; i++)
		image.words[ARENA + 14 + i] = address_of(ARENA + 12 + i / 2 * 2);
	image.words[ARENA + 270] = address_of(ARENA);
	image.words[ARENA + 273] = 0x21000;
	image.words[BIN] = address_of(CHUNKS + 200);
	image.words[BIN + 1] = address_of(CHUNKS + 200);
	image.words[CHUNKS + 201] = 513;
	image.words[CHUNKS + 202] = address_of(BIN - 2);
	image.words[CHUNKS + 203] = address_of(BIN - 2);
	image.words[CHUNKS + 264] = 512;
	image.words[CHUNKS + 265] = 0x100;
	for (size_t i = 0; i < 100; i++)
		image.words[CHUNKS + i] = 0;
	image.words[CHUNKS + 250] = address_of(BLOCK);
}

static void check_arena(size_t word, uint64_t value, uint64_t bytes, const char *claim)
{
	make_arena();
	image.words[word] = value;
	check_heap(bytes, bytes ? MU_DEFINITE : MU_REACHABLE, claim);
}

static void test_bins(void)
{
	check_arena(0, 0, 504, "a chunk in a bin is free from its links to its end");
	check_arena(CHUNKS + 265, 0x101, 0, "it is not if the next one says that it is in use");
	check_arena(CHUNKS + 264, 496, 0, "nor if the next one has another size for it");
	check_arena(CHUNKS + 201, 512, 0, "nor if the chunk before it is free");
	check_arena(CHUNKS + 202, address_of(BIN), 0, "nor if its list does not lead back");
	check_arena(CHUNKS + 203, address_of(BIN), 0, "nor if its link back is another one");
	check_arena(BIN + 1, address_of(CHUNKS), 0, "nor if the bin does not end with it");
	check_arena(ARENA + 16, 0, 0, "an arena with a bin without links does not count");
	check_arena(ARENA + 16, address_of(CHUNKS), 0, "nor does one with a half empty bin");
	check_arena(OTHER_TLS - VARIABLE, 0, 0, "nor does one that no thread has");
}

int main(void)
{
	test_bins();
	test_forms();
	test_look_alikes();
	test_plain_look_alikes();
	test_overlaps();
	test_gone();
	test_changed_words();
	free(image.words);
	return done_testing();
}
