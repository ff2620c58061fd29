// SPDX-License-Identifier: GPL-2.0-only
/*
 * Searching the memory of a process for references to its blocks, running or stopped.
 *
 * A page that was searched while the process ran, and that is clean at the stop, still holds the
 * words that were looked up. At the stop all other pages are searched: those written since, those
 * that are new, and the stacks, whose dead parts are known only then. Depends on areas.c, roots.c,
 * remote.c, the search and ranges.c.
 */
#include "leaks_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "mem.h"
#include "roots.h"
#include "search_free.h"

#define CHUNK_BYTES (256UL << 10)
#define CACHED_PAGES 2048

/* Search the words of a chunk. A page that cannot be read is counted and skipped. */
static void search_chunk(struct mu_leaks *l, uint64_t address, uint64_t *words, size_t bytes)
{
	size_t got = mu_remote_read(&l->remote, address, words, bytes);

	mu_search_words(l->search, address, words, got / sizeof(*words));
	while (got < bytes) {
		uint64_t page = (address + got) & -MU_PAGE;
		size_t skipped = page + MU_PAGE - address;

		if (skipped > bytes)
			skipped = bytes;
		mu_ranges_add(&l->unread, address + got, address + skipped);
		address += skipped;
		bytes -= skipped;
		got = bytes ? mu_remote_read(&l->remote, address, words, bytes) : 0;
		mu_search_words(l->search, address, words, got / sizeof(*words));
	}
}

/* Return: the number of bytes up to the end of the range, or to the end of a page far enough. */
static size_t chunk_bytes(uint64_t address, uint64_t end)
{
	uint64_t limit = (address & -MU_PAGE) + CHUNK_BYTES;

	return (limit < end ? limit : end) - address;
}

/**
 * mu_leaks_search_ranges() - look up all words in a set of addresses
 * @l: the search
 * @ranges: the set
 *
 * Return: false if the deadline of @l->remote has passed.
 */
bool mu_leaks_search_ranges(struct mu_leaks *l, const struct mu_ranges *ranges)
{
	uint64_t *words = aligned_alloc(MU_PAGE, CHUNK_BYTES);
	bool in_time = words;

	for (size_t i = 0; i < ranges->nr && in_time; i++) {
		uint64_t address = ranges->at[i].start;

		while (address < ranges->at[i].end && in_time) {
			size_t bytes = chunk_bytes(address, ranges->at[i].end);

			search_chunk(l, address, words, bytes);
			address += bytes;
			in_time = !mu_remote_is_late(&l->remote);
		}
	}
	free(words);
	return in_time;
}

/* Forget the references in all pages but these. */
static void forget_others(struct mu_search *s, const struct mu_ranges *kept)
{
	uint64_t start = 0;

	mu_search_sort(s);
	for (size_t i = 0; i < kept->nr; i++) {
		mu_search_forget(s, start, kept->at[i].start);
		start = kept->at[i].end;
	}
	mu_search_forget(s, start, UINT64_MAX);
}

/*
 * Split the pages of the stopped process into those that were searched before and are unchanged,
 * and the others. Clean pages that could not be read before belong to the others: since Linux 6.11
 * only a tracer can read pages without permissions. Other clean pages have their file's contents.
 */
static void split_pages(const struct mu_leaks *l, const struct mu_pages *pages,
			const struct mu_ranges *dead, struct mu_ranges *kept,
			struct mu_ranges *changed)
{
	static const struct mu_ranges none;
	const struct mu_ranges *clean = l->is_tracked ? &pages->clean : &none;
	struct mu_ranges partly_dead = mu_ranges_to_pages(dead, MU_PAGE);
	struct mu_ranges alive = mu_ranges_subtract(clean, &partly_dead);
	struct mu_ranges unchanged = mu_ranges_subtract(&alive, &l->unseen);

	*kept = mu_ranges_intersect(&unchanged, &l->seen);
	*changed = mu_ranges_subtract(&pages->all, &unchanged);
	mu_ranges_free(&partly_dead);
	mu_ranges_free(&alive);
	mu_ranges_free(&unchanged);
}

static bool search_changed(struct mu_leaks *l, const struct mu_pages *pages,
			   const struct mu_ranges *dead)
{
	struct mu_ranges kept, changed, live;
	bool in_time;

	split_pages(l, pages, dead, &kept, &changed);
	live = mu_ranges_subtract(&changed, dead);
	l->in_stop = mu_ranges_bytes(&live);
	l->searched = l->in_stop + mu_ranges_bytes(&kept);
	l->unread.nr = 0;
	forget_others(l->search, &kept);
	in_time = mu_leaks_search_ranges(l, &live);
	mu_ranges_free(&kept);
	mu_ranges_free(&changed);
	mu_ranges_free(&live);
	return in_time;
}

/* === What is not in memory === */

static void take_register(void *context, uint64_t value, pid_t tid)
{
	struct mu_leaks *l = context;

	mu_search_value(l->search, value, MU_SOURCE_REGISTER | tid);
}

static void take_signal(void *context, uint64_t value, pid_t tid)
{
	struct mu_leaks *l = context;

	mu_search_value(l->search, value, MU_SOURCE_SIGNAL | tid);
}

static void take_kernel(void *context, uint64_t value, int fd)
{
	struct mu_leaks *l = context;

	mu_search_value(l->search, value,
			fd < 0 ? MU_SOURCE_TIMER : MU_SOURCE_EPOLL | (fd & ~MU_SOURCE_KIND));
}

static void search_elsewhere(struct mu_leaks *l)
{
	bool has_epoll, has_timers;

	mu_search_drop_values(l->search);
	mu_stop_registers(&l->stop, take_register, l);
	mu_stop_signals(&l->stop, take_signal, l);
	has_epoll = mu_roots_epoll(l->proc, take_kernel, l);
	has_timers = mu_roots_timers(l->proc, take_kernel, l);
	l->is_kernel_unread = !has_epoll || !has_timers;
}

/* === glibc's lists === */

/* Pages that were read, by the last bits of their number. */
struct page_cache {
	struct mu_remote *remote;
	struct cached_page {
		uint64_t address; /* 0: empty */
		uint64_t words[MU_PAGE / sizeof(uint64_t)];
	} pages[CACHED_PAGES];
};

static const struct cached_page *read_page(struct page_cache *cache, uint64_t address)
{
	struct cached_page *page = &cache->pages[address / MU_PAGE % CACHED_PAGES];

	if (page->address == address && address)
		return page;
	page->address = 0;
	if (!mu_remote_words(cache->remote, address, page->words, ARRAY_SIZE(page->words)))
		return NULL;
	page->address = address;
	return page;
}

static bool read_words(void *context, uint64_t address, uint64_t *words, size_t nr)
{
	struct page_cache *cache = context;
	size_t first = address % MU_PAGE / sizeof(*words);
	const struct cached_page *page;

	if (address % sizeof(*words) || first + nr > ARRAY_SIZE(page->words))
		return mu_remote_words(cache->remote, address, words, nr);
	page = read_page(cache, address & -MU_PAGE);
	if (page)
		memcpy(words, page->words + first, nr * sizeof(*words));
	return page;
}

static void find_free(struct mu_leaks *l, const struct mu_peek *peek)
{
	uint64_t *thread_pointers = mu_zalloc(l->stop.nr * sizeof(*thread_pointers));
	size_t nr = 0;

	for (size_t i = 0; i < l->stop.nr; i++)
		if (l->stop.threads[i].is_stopped)
			thread_pointers[nr++] = l->stop.threads[i].thread_pointer;
	mu_search_find_free(l->search, peek, thread_pointers, nr);
	free(thread_pointers);
}

/**
 * mu_leaks_ignore_lists() - exclude words of glibc's lists, and its free memory at a stop
 * @l: the search
 */
void mu_leaks_ignore_lists(struct mu_leaks *l)
{
	struct page_cache *cache = mu_zalloc(sizeof(*cache));
	const struct mu_peek peek = { .read = read_words, .context = cache };

	cache->remote = &l->remote;
	find_free(l, &peek);
	mu_search_ignore_glibc(l->search, &peek);
	free(cache);
}

/**
 * mu_leaks_search_stopped() - complete the search while the process is stopped
 * @l: the search
 *
 * Return: false if it was not completed by the deadline of @l->remote, or with errno if the pages
 * could not be listed.
 */
bool mu_leaks_search_stopped(struct mu_leaks *l)
{
	struct mu_pages pages = {};
	struct mu_ranges dead;
	bool done;

	errno = EIO;
	if (!mu_areas_read(&l->areas, l->proc) ||
	    !mu_pages_read(&pages, &l->areas, l->proc, l->is_tracked))
		return false;
	search_elsewhere(l);
	dead = mu_roots_dead_stack(&l->stop, &l->areas, &l->remote);
	done = search_changed(l, &pages, &dead);
	if (done)
		mu_leaks_ignore_lists(l);
	l->absent = pages.absent;
	mu_ranges_free(&dead);
	mu_pages_free(&pages);
	errno = 0;
	return done;
}
