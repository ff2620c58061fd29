// SPDX-License-Identifier: GPL-2.0-only
/*
 * A search for references to blocks: collecting free chunks of glibc, and finding its variables in
 * the static TLS of threads. Depends on mem.c.
 */
#include "search_chunks.h"

#include "mem.h"

#define WORDS_PER_PAGE (MU_PAGE / sizeof(uint64_t))
#define TLS_PAGES 4

/**
 * mu_free_add() - add the words of a free chunk
 * @f: the chunks
 * @start: the first word
 * @end: behind the last one
 *
 * Return: false if too many chunks were read.
 */
bool mu_free_add(struct mu_free *f, uint64_t start, uint64_t end)
{
	if (!f->left)
		return false;
	f->left--;
	f->parts = mu_grow(f->parts, f->nr, &f->capacity, sizeof(*f->parts));
	f->parts[f->nr++] = (struct mu_range){ .start = start, .end = end };
	return true;
}

static bool may_be_pointer(uint64_t value)
{
	return value >= MU_PAGE && value % 16 == 0 && value >> 47 == 0;
}

/**
 * mu_free_scan_tls() - try the words of a thread's static TLS
 * @f: passed to @take
 * @thread_pointer: of the thread
 * @take: called for each word that may be a pointer; returns true if it is the one looked for
 * @context: passed to @take
 *
 * Return: the distance of the word from the thread pointer, or 0.
 */
uint64_t mu_free_scan_tls(struct mu_free *f, uint64_t thread_pointer, mu_free_taker *take,
			  void *context)
{
	uint64_t words[WORDS_PER_PAGE];
	uint64_t page = (thread_pointer - 1) & -MU_PAGE;

	if (thread_pointer < TLS_PAGES * MU_PAGE || thread_pointer % sizeof(*words))
		return 0;
	for (size_t i = 0; i < TLS_PAGES; i++, page -= MU_PAGE) {
		size_t below = (thread_pointer - page) / sizeof(*words);

		if (!f->peek->read(f->peek->context, page, words, WORDS_PER_PAGE))
			return 0;
		for (size_t j = below < WORDS_PER_PAGE ? below : WORDS_PER_PAGE; j-- > 0;)
			if (may_be_pointer(words[j]) && take(f, context, words[j]))
				return thread_pointer - (page + j * sizeof(*words));
	}
	return 0;
}
