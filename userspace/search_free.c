// SPDX-License-Identifier: GPL-2.0-only
/*
 * A search for references to blocks: memory that glibc's malloc has free, whose words are no
 * references.
 *
 * A chunk is taken for free only if a list of glibc that is in use has it: the lists are followed
 * from where glibc itself begins, the variables tcache and thread_arena of a thread. Both are in
 * the static TLS of a stopped thread, directly below its thread pointer. They have no symbols, so
 * that each word there is tried; what it points to must have the form of the structure in all its
 * parts. search_tcache.c and search_arena.c state why this is a proof.
 *
 * The proof holds for the stop: no thread runs, and a chunk that is in a list then belongs to
 * malloc. A thread may have been stopped in malloc or free. A chunk that malloc is taking out has
 * not been returned, and a chunk that free is putting in was given up by the program: either way
 * the words in it are no references. A list that is half changed does not have its form, and
 * nothing in it is taken for free. Words are excluded by their address when the verdicts are
 * determined, so that it does not matter whether they were looked up before the chunk was freed.
 *
 * Two chunks that overlap contradict each other, and neither is free. A block that is recorded and
 * exists is never excluded. Depends on search_refs.c,
 * search_tcache.c, search_arena.c, search_chunks.c and ranges.c.
 */
#include "search_free.h"

#include <stdlib.h>

#include "search_arena.h"
#include "search_tcache.h"

#define MAX_CHUNKS (1UL << 16)

/**
 * mu_search_find_free() - find the memory that glibc has free
 * @s: the search; what it had as free memory is replaced
 * @peek: the memory, of the stopped process
 * @thread_pointers: of the stopped threads
 * @nr: number of @thread_pointers
 */
void mu_search_find_free(struct mu_search *s, const struct mu_peek *peek,
			 const uint64_t *thread_pointers, size_t nr)
{
	struct mu_free f = { .peek = peek, .left = MAX_CHUNKS };

	mu_free_find_tcaches(&f, thread_pointers, nr);
	mu_free_find_bins(&f, thread_pointers, nr);
	mu_ranges_free(&s->free);
	s->free = mu_ranges_disjoint(f.parts, f.nr);
	free(f.parts);
}
