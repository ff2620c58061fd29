// SPDX-License-Identifier: GPL-2.0-only
/*
 * A search for references to blocks: chunks in the caches of threads, of glibc 2.31 to 2.41.
 *
 * tcache_perthread_struct has 64 counts of 16 bits, then 64 pointers to lists. List number i has
 * as many chunks as its count says, of 32 + 16 * i bytes; a pointer leads to the memory that
 * malloc returns. There, a cached chunk has the address of the next one, since 2.32 mangled with
 * the address that it is stored at, and a key: up to 2.33 the address of the structure, since
 * 2.34 one random number per process.
 *
 * A key proves nothing alone. malloc clears it only in a chunk that it takes out of a cache: when
 * a thread ends, its cached chunks become ordinary free ones, and malloc returns them with the key
 * in them. So may a copy of memory have it. The proof is that the chunk is in the list of a
 * thread's structure:
 *
 * - A word of the thread's static TLS points to a chunk of the structure's size, and each of its
 *   64 lists is either empty, with the count 0, or is a list of exactly so many chunks that ends
 *   with NULL, where each chunk is aligned, has the size of its list, and the same key. There is
 *   at least one. All threads have the word at the same distance from the thread pointer, the
 *   same way of mangling, and the same key if it is random. If a part of this fails, nothing in
 *   the structure is taken for free.
 * - If links are mangled, a structure that has this form by accident is excluded: the link at the
 *   end of each list is the address of the chunk itself, shifted, which programs do not store.
 * - If they are not (2.31), one chunk could be an object of the program: {NULL, its owner}. The
 *   key is the address of the structure, thus two lists at least must have chunks, whose sizes
 *   and numbers agree with the places of their pointers and counts. For other threads one is
 *   enough, as their word is the same variable.
 * - A structure that was in use once is not taken for one: when a thread ends, its pointers are
 *   cleared and its counts are not. Nor is a copy taken for one, if the key is the address of the
 *   structure. Later, a copy loses its form as soon as a chunk is taken out, which clears its key.
 *
 * A chunk that is in such a list is in the thread's cache, as nothing but malloc and free of this
 * thread change it. Depends on search_chunks.c.
 */
#include "search_tcache.h"

#include <string.h>

#define LISTS 64
#define COUNT_WORDS (LISTS * sizeof(uint16_t) / sizeof(uint64_t))
#define STRUCT_BYTES 0x280UL
#define HEADER 16UL
#define SIZE_FLAGS 7UL
#define IS_MMAPPED 2UL
#define MIN_CHUNK 32UL
#define SHIFT 12
#define MIN_LISTS_PLAIN 2
#define THREADS_SCANNED 64

/* How the chunks in a cache are linked; @key is 0 if it is the address of the structure. */
struct form {
	bool is_known;
	bool is_mangled;
	uint64_t key;
};

struct tcache {
	uint64_t address;
	uint16_t counts[LISTS];
	uint64_t lists[LISTS];
};

static bool read_tcache(const struct mu_free *f, uint64_t address, struct tcache *tcache)
{
	uint64_t words[1 + COUNT_WORDS + LISTS];
	uint64_t size;

	if (!f->peek->read(f->peek->context, address - sizeof(*words), words, 1) ||
	    (words[0] & IS_MMAPPED))
		return false;
	size = words[0] & ~SIZE_FLAGS;
	if (size != STRUCT_BYTES + HEADER && size != STRUCT_BYTES + 2 * HEADER)
		return false;
	if (!f->peek->read(f->peek->context, address, words, COUNT_WORDS + LISTS))
		return false;
	tcache->address = address;
	memcpy(tcache->counts, words, sizeof(tcache->counts));
	memcpy(tcache->lists, words + COUNT_WORDS, sizeof(tcache->lists));
	return true;
}

static bool add_list(struct mu_free *f, const struct tcache *tcache, size_t list,
		     const struct form *form)
{
	uint64_t key = form->key ? form->key : tcache->address;
	uint64_t chunk = tcache->lists[list];
	uint64_t size = MIN_CHUNK + list * 16;

	for (size_t i = 0; i < tcache->counts[list]; i++) {
		uint64_t words[3]; /* the size, then the link and the key */

		if (!chunk || chunk % 16 ||
		    !f->peek->read(f->peek->context, chunk - sizeof(*words), words, 3) ||
		    (words[0] & ~SIZE_FLAGS) != size || (words[0] & IS_MMAPPED) ||
		    words[2] != key || !mu_free_add(f, chunk, chunk + size - sizeof(*words)))
			return false;
		chunk = words[1] ^ (form->is_mangled ? chunk >> SHIFT : 0);
	}
	return !chunk;
}

/* Add all chunks of a structure, or none. */
static bool add_lists(struct mu_free *f, const struct tcache *tcache, const struct form *form)
{
	size_t before = f->nr;
	size_t used = 0;

	for (size_t i = 0; i < LISTS; i++) {
		used += !!tcache->counts[i];
		if (!add_list(f, tcache, i, form)) {
			f->nr = before;
			return false;
		}
	}
	if (used >= (form->is_mangled || form->is_known ? 1 : MIN_LISTS_PLAIN))
		return true;
	f->nr = before;
	return false;
}

static bool read_key(const struct mu_free *f, const struct tcache *tcache, uint64_t *key)
{
	size_t i = 0;

	while (i < LISTS && !tcache->lists[i])
		i++;
	return i < LISTS && f->peek->read(f->peek->context, tcache->lists[i] + 8, key, 1) && *key;
}

static bool try_form(struct mu_free *f, const struct tcache *tcache, struct form *form,
		     bool is_mangled, uint64_t key)
{
	const struct form tried = { .is_mangled = is_mangled, .key = key };

	if (!add_lists(f, tcache, &tried))
		return false;
	*form = tried;
	form->is_known = true;
	return true;
}

static bool take_tcache(struct mu_free *f, void *context, uint64_t address)
{
	struct form *form = context;
	struct tcache tcache;
	uint64_t key;

	if (!read_tcache(f, address, &tcache))
		return false;
	if (form->is_known)
		return add_lists(f, &tcache, form);
	if (!read_key(f, &tcache, &key))
		return false;
	if (key != address)
		return try_form(f, &tcache, form, true, key);
	return try_form(f, &tcache, form, false, 0) || try_form(f, &tcache, form, true, 0);
}

static void take_at(struct mu_free *f, struct form *form, uint64_t variable)
{
	uint64_t address;

	if (f->peek->read(f->peek->context, variable, &address, 1) && address && address % 16 == 0)
		take_tcache(f, form, address);
}

/**
 * mu_free_find_tcaches() - find the chunks in the caches of threads
 * @f: the chunks are added
 * @thread_pointers: of the stopped threads
 * @nr: number of @thread_pointers
 */
void mu_free_find_tcaches(struct mu_free *f, const uint64_t *thread_pointers, size_t nr)
{
	struct form form = {};
	uint64_t distance = 0;
	size_t i = 0;

	while (i < nr && i < THREADS_SCANNED && !distance)
		distance = mu_free_scan_tls(f, thread_pointers[i++], take_tcache, &form);
	for (; i < nr && distance; i++)
		take_at(f, &form, thread_pointers[i] - distance);
}
