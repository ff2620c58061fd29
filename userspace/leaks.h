/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_LEAKS_H
#define MU_LEAKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "areas.h"
#include "blocks.h"
#include "remote.h"
#include "search_refs.h"
#include "stop.h"

#define MU_LEAKS_STOPS 2

/* The place of a reference that is not in memory: bits above those of a TID or descriptor. */
#define MU_SOURCE_REGISTER (1U << 28)
#define MU_SOURCE_SIGNAL (2U << 28)
#define MU_SOURCE_EPOLL (3U << 28)
#define MU_SOURCE_TIMER (4U << 28)
#define MU_SOURCE_KIND (15U << 28)

/**
 * struct mu_leaks_source - where the records of the blocks come from
 * @open: open the list of blocks as it is now; return NULL, with a message, if it does not exist
 * @context: passed to @open
 */
struct mu_leaks_source {
	FILE *(*open)(void *context);
	void *context;
};

/**
 * struct mu_leaks - a search of a running process for references to its blocks
 * @source: of the blocks
 * @pid: PID of the process
 * @proc: its directory in /proc
 * @older_ms: blocks that are younger are not called lost
 * @max_stop_ms: limit of the time that the process is stopped at once
 * @is_exact: search everything while the process is stopped
 * @stop: its threads
 * @remote: its memory
 * @areas: its mappings at the last stop
 * @blocks: its blocks at the begin of the search, those whose reachability can be determined
 * @now_ns: time of the last list of blocks
 * @overlapping: number of blocks that overlapped others
 * @search: the search
 * @seen: pages that were searched while the process ran
 * @unseen: pages that could not be read while the process ran
 * @unread: pages that could not be read at the last stop
 * @was_lost: for each block, whether it was lost at all stops before the last one
 * @is_tracked: the kernel tells which pages are written
 * @speed: of reading and searching, in bytes per ms
 * @listing_ns: how long listing the pages takes
 * @lists_ns: how long recognizing glibc's lists takes
 * @stopped_ns: how long each stop was
 * @searched: bytes that the last stop's verdict is based on
 * @in_stop: bytes of them that were searched in the stop
 * @absent: bytes of shared memory that could not be searched
 * @is_kernel_unread: epoll's data or timers could not be read
 */
struct mu_leaks {
	struct mu_leaks_source source;
	pid_t pid;
	int proc;
	uint64_t older_ms;
	uint64_t max_stop_ms;
	bool is_exact;

	struct mu_stop stop;
	struct mu_remote remote;
	struct mu_areas areas;
	struct mu_blocks *blocks;
	uint64_t now_ns;
	size_t overlapping;
	struct mu_search *search;
	struct mu_ranges seen;
	struct mu_ranges unseen;
	struct mu_ranges unread;
	uint8_t *was_lost;
	bool is_tracked;
	double speed;
	uint64_t listing_ns;
	uint64_t lists_ns;
	uint64_t stopped_ns[MU_LEAKS_STOPS];
	uint64_t searched;
	uint64_t in_stop;
	uint64_t absent;
	bool is_kernel_unread;
};

bool mu_leaks_begin(struct mu_leaks *l);
bool mu_leaks_stop(struct mu_leaks *l, size_t nr);
bool mu_leaks_is_lost(const struct mu_leaks *l, size_t block);
bool mu_leaks_is_undecided(const struct mu_leaks *l, size_t block);
void mu_leaks_end(struct mu_leaks *l);

#endif
