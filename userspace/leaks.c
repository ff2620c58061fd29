// SPDX-License-Identifier: GPL-2.0-only
/*
 * Searching a running process for references to its recorded blocks: the protocol.
 *
 * The memory is searched while the process runs. If the kernel tracks which pages are written, only
 * these are searched again at each stop, otherwise all of it is. A block is lost only if it was
 * unreachable at both stops. The length of a stop is estimated before it begins.
 *
 * The list of blocks is read before the search, to know what to search for, and after each stop:
 * a block that still exists then existed at the stop. Depends on leaks_memory.c and stop.c.
 */
#include "leaks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "leaks_memory.h"
#include "mem.h"
#include "msg.h"
#include "search_glibc.h"

#define NS_PER_MS 1000000ULL
#define MIN_SPEED 1e5 /* bytes per ms, before anything was measured */
#define FIXED_MS 1
#define PENDING_NS 1000000000ULL

/* References may take a quarter of the machine's memory. */
static size_t edge_limit(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		return 1UL << 24;
	return (uint64_t)info.totalram * info.mem_unit / 4 / sizeof(struct mu_edge);
}

static struct mu_blocks *read_blocks(struct mu_leaks *l)
{
	FILE *in = l->source.open(l->source.context);
	struct mu_blocks *blocks = in ? mu_blocks_read(in) : NULL;

	if (in)
		fclose(in);
	return blocks;
}

/* === While the process runs === */

static void measure_speed(struct mu_leaks *l, const struct mu_ranges *ranges)
{
	uint64_t start = mu_clock_ns();
	uint64_t bytes = mu_ranges_bytes(ranges);
	double ms;

	mu_leaks_search_ranges(l, ranges);
	ms = (mu_clock_ns() - start) / 1e6;
	l->speed = ms > 0 && bytes > MU_PAGE * 16 ? bytes / ms : MIN_SPEED;
}

static void measure_lists(struct mu_leaks *l)
{
	uint64_t start = mu_clock_ns();

	mu_leaks_ignore_lists(l);
	l->lists_ns = mu_clock_ns() - start;
}

static bool list_pages(struct mu_leaks *l, struct mu_pages *pages, bool with_files)
{
	uint64_t start = mu_clock_ns();

	if (!mu_areas_read(&l->areas, l->proc) ||
	    !mu_pages_read(pages, &l->areas, l->proc, with_files)) {
		mu_warn("pid %d: its pages cannot be listed: %s", l->pid, strerror(errno));
		return false;
	}
	l->listing_ns = mu_clock_ns() - start;
	return true;
}

/*
 * Without tracking, nothing of this remains valid, but how long it took, and which blocks are
 * reachable anyway.
 */
static bool search_running(struct mu_leaks *l)
{
	struct mu_pages pages = {};
	bool listed = list_pages(l, &pages, false);

	if (listed) {
		measure_speed(l, &pages.all);
		l->unseen = l->unread;
		l->unread = (struct mu_ranges){};
		l->seen = mu_ranges_subtract(&pages.all, &l->unseen);
		mu_search_find_listed(l->search);
		measure_lists(l);
	}
	mu_pages_free(&pages);
	return listed;
}

static bool start_tracking(struct mu_leaks *l)
{
	l->is_tracked = !l->is_exact && mu_dirty_is_tracked();
	if (!l->is_tracked || mu_clear_dirty(l->proc))
		return true;
	mu_warn("pid %d: clear_refs: %s", l->pid, strerror(errno));
	return false;
}

static bool is_traced_by_other(const struct mu_leaks *l)
{
	char *tracer = mu_stop_other_tracer(&l->stop);

	if (!tracer)
		return false;
	mu_warn("pid %d cannot be stopped: %s traces it with ptrace", l->pid, tracer);
	free(tracer);
	return true;
}

/**
 * mu_leaks_begin() - begin a search: read the blocks, and search the running process
 * @l: the search; the members down to @is_exact are set, the others are zero
 *
 * Return: false, with a message, if it failed. mu_leaks_end() is needed in any case.
 */
bool mu_leaks_begin(struct mu_leaks *l)
{
	l->stop = (struct mu_stop){ .proc = l->proc, .pid = l->pid };
	l->remote.mem = -1;
	if (is_traced_by_other(l))
		return false;
	if (!mu_remote_open(&l->remote, l->pid, l->proc)) {
		mu_warn("pid %d: its memory cannot be read: %s", l->pid, strerror(errno));
		return false;
	}
	if (!start_tracking(l))
		return false;
	l->blocks = read_blocks(l);
	if (!l->blocks)
		return false;
	l->overlapping = mu_blocks_keep_known(l->blocks);
	l->was_lost = mu_zalloc(l->blocks->nr);
	l->search = mu_search_new(l->blocks, edge_limit());
	return search_running(l);
}

/* === Stops === */

static uint64_t changed_bytes(const struct mu_leaks *l, const struct mu_pages *pages)
{
	return mu_ranges_bytes(&pages->all) - (l->is_tracked ? mu_ranges_bytes(&pages->clean) : 0);
}

static bool is_short_enough(struct mu_leaks *l)
{
	struct mu_pages pages = {};
	uint64_t bytes, ms;

	if (!list_pages(l, &pages, l->is_tracked))
		return false;
	bytes = changed_bytes(l, &pages);
	mu_pages_free(&pages);
	ms = bytes / l->speed + (l->listing_ns + l->lists_ns) / NS_PER_MS + FIXED_MS;
	if (ms <= l->max_stop_ms)
		return true;
	mu_warn("pid %d: it would be stopped for about %" PRIu64 " ms, to search %" PRIu64
		" MiB%s: --max-stop %" PRIu64 " allows it",
		l->pid, ms, bytes >> 20,
		l->is_tracked || l->is_exact ? "" : " (this kernel does not track written pages)",
		ms + ms / 2);
	return false;
}

static void explain_stop(const struct mu_leaks *l, char *why, int error)
{
	if (why)
		mu_warn("pid %d cannot be stopped: %s", l->pid, why);
	else if (error)
		mu_warn("pid %d: its pages cannot be listed: %s", l->pid, strerror(error));
	else
		mu_warn("pid %d: the search did not end within %" PRIu64
			" ms, and the process was resumed: try a larger --max-stop",
			l->pid, l->max_stop_ms);
	free(why);
}

/* Return: false, with a message, if the search was not completed. The process runs in any case. */
static bool search_in_stop(struct mu_leaks *l, uint64_t *stopped_ns)
{
	uint64_t start = mu_clock_ns();
	char *why = NULL;
	bool done;
	int error = 0;

	l->remote.deadline_ns = start + l->max_stop_ms * NS_PER_MS;
	done = mu_stop_threads(&l->stop, l->remote.deadline_ns, &why);
	if (done) {
		done = mu_leaks_search_stopped(l);
		error = errno;
		mu_stop_resume(&l->stop);
	}
	*stopped_ns = mu_clock_ns() - start;
	l->remote.deadline_ns = 0;
	if (!done)
		explain_stop(l, why, error);
	return done;
}

/* Everything is looked up again at each stop if written pages are not tracked. */
static void forget_running(struct mu_leaks *l)
{
	if (l->is_tracked)
		return;
	l->search->nr_pages = 0;
	l->search->nr_edges = 0;
	l->search->nr_suspects = 0;
}

static bool drop_freed(struct mu_leaks *l)
{
	struct mu_blocks *now = read_blocks(l);

	if (!now)
		return false;
	mu_blocks_sort(now);
	mu_search_keep(l->search, now);
	l->now_ns = now->now_ns;
	mu_blocks_free(now);
	return true;
}

static bool is_unreachable(const struct mu_search *s, size_t block)
{
	return s->verdict[block] == MU_DEFINITE || s->verdict[block] == MU_INDIRECT;
}

/**
 * mu_leaks_stop() - stop the process once, and determine the verdicts
 * @l: the search
 * @nr: number of the stop, from 0
 *
 * Return: false, with a message, if it failed.
 */
bool mu_leaks_stop(struct mu_leaks *l, size_t nr)
{
	struct mu_search *s = l->search;

	if (nr)
		for (size_t i = 0; i < l->blocks->nr; i++)
			l->was_lost[i] = is_unreachable(s, i);
	forget_running(l);
	if (!is_short_enough(l) || !search_in_stop(l, &l->stopped_ns[nr]) || !drop_freed(l))
		return false;
	if (s->is_full) {
		mu_warn("pid %d: it has too many references to search", l->pid);
		return false;
	}
	mu_search_classify(s);
	return true;
}

/* === Results === */

static bool is_old(const struct mu_leaks *l, const struct mu_block *b)
{
	return l->now_ns - b->time_ns >= l->older_ms * NS_PER_MS;
}

/**
 * mu_leaks_is_lost() - check whether a block was lost at both stops and is old enough
 * @l: the search, after both stops
 * @block: number of the block
 *
 * Return: true if it is definitely or indirectly lost.
 */
bool mu_leaks_is_lost(const struct mu_leaks *l, size_t block)
{
	return is_unreachable(l->search, block) && l->was_lost[block] &&
	       is_old(l, &l->blocks->at[block]);
}

/**
 * mu_leaks_is_undecided() - check whether a block was lost at the last stop only, or is too young
 * @l: the search, after both stops
 * @block: number of the block
 *
 * Return: true if that is so.
 */
bool mu_leaks_is_undecided(const struct mu_leaks *l, size_t block)
{
	return is_unreachable(l->search, block) && !mu_leaks_is_lost(l, block);
}

/* A thread that stops later would stay stopped for as long as the tool runs. */
static void release_threads(struct mu_leaks *l)
{
	pid_t tid = mu_stop_wait_pending(&l->stop, mu_clock_ns() + PENDING_NS);

	if (!tid)
		return;
	mu_warn("thread %d has not stopped yet: the tool ends, so that the kernel releases it",
		tid);
	exit(MU_NOTHING);
}

/**
 * mu_leaks_end() - end a search
 * @l: the search
 */
void mu_leaks_end(struct mu_leaks *l)
{
	release_threads(l);
	mu_search_free(l->search);
	mu_blocks_free(l->blocks);
	mu_remote_close(&l->remote);
	mu_areas_free(&l->areas);
	mu_ranges_free(&l->seen);
	mu_ranges_free(&l->unseen);
	mu_ranges_free(&l->unread);
	free(l->was_lost);
	free(l->stop.threads);
}
