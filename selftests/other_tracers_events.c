// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another tracer, for other_tracers.c: uprobe events of tracefs on allocators, and return probes on
 * them and on functions that call them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mst.h"
#include "other_tracers.h"

#define TRACEFS "/sys/kernel/debug/tracing/"

static bool write_to(const char *file, int flags, const char *text)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), TRACEFS "%s", file);
	fd = open(path, O_WRONLY | flags);
	n = fd < 0 ? -1 : write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/**
 * tracer_turn() - enable or disable all events
 * @on: true to enable them
 *
 * Return: true if that succeeded
 */
bool tracer_turn(bool on)
{
	return write_to("events/mlu_test/enable", 0, on ? "1" : "0");
}

/**
 * tracer_exit() - disable the events and remove them
 */
void tracer_exit(void)
{
	tracer_turn(false);
	close(open(TRACEFS "uprobe_events", O_WRONLY | O_TRUNC));
}

static void define_event(const char *event, const char *file, unsigned long offset)
{
	char text[700];

	snprintf(text, sizeof(text), "%s %s:0x%lx\n", event, file, offset);
	if (!write_to("uprobe_events", O_APPEND, text))
		mst_die("uprobe_events did not accept: %s", text);
}

static const char *const chain[TRACER_CHAIN] = { "chain_inner", "chain_middle", "chain_outer",
						 "main" };

struct tracer_place tracer_place[TRACER_CHAIN];

/* Gets a function's place from nm. In these programs a text address equals its file offset. */
static struct tracer_place place_of(const char *program, const char *function)
{
	struct tracer_place found;
	char command[700];
	FILE *nm;

	snprintf(command, sizeof(command), "nm -S %s/%s | grep ' %s$'", mst_here("programs"),
		 program, function);
	nm = popen(command, "r");
	if (!nm || fscanf(nm, "%lx %lx", &found.start, &found.size) != 2)
		mst_die("no function found by: %s", command);
	pclose(nm);
	return found;
}

static void define_return(const char *program, unsigned long offset)
{
	char file[512];

	snprintf(file, sizeof(file), "%s/%s", mst_here("programs"), program);
	define_event("r:mlu_test/out", file, offset);
}

/* All return probes share one event, as disabling an event waits for its handlers each time. */
static void define_all(void)
{
	void *const code[] = { malloc, calloc, realloc, free, posix_memalign };
	unsigned long offset;
	char file[256] = "";
	size_t i;

	offset = mst_place_in_file(malloc, file);
	define_event("p:mlu_test/malloc_in", file, offset);
	for (i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
		offset = mst_place_in_file(code[i], file);
		define_event("r:mlu_test/out", file, offset);
	}
	for (i = 0; i < TRACER_CHAIN - 1; i++)
		define_return("chain", tracer_place[i].start);
	snprintf(file, sizeof(file), "%s", mst_here("programs/libexecuted.so"));
	define_event("r:mlu_test/frame_out", file, place_of("libexecuted.so", "free").start);
	define_return("deep_open", place_of("deep_open", "program_take").start);
	define_return("deep_open", place_of("deep_open", "open_library").start);
}

/* Return: the number of hits of an event; -1 if it does not exist. */
static long hits_of(const char *event)
{
	FILE *profile = fopen(TRACEFS "uprobe_profile", "r");
	char line[512], name[128];
	long hits, found = -1;

	while (profile && fgets(line, sizeof(line), profile))
		if (sscanf(line, "%*s %127s %ld", name, &hits) == 2 && !strcmp(name, event))
			found = hits;
	if (profile)
		fclose(profile);
	return found;
}

/**
 * tracer_hits_of_malloc() - get what the other tracer has counted at the entry of malloc
 *
 * Return: the number of hits, or -1 if there is no such event
 */
long tracer_hits_of_malloc(void)
{
	return hits_of("malloc_in");
}

/**
 * tracer_turn_on_frame() - enable the return probe on libexecuted's free alone
 *
 * Its first instruction allocates its frame. The trace buffer is cleared.
 *
 * Return: true if that succeeded
 */
bool tracer_turn_on_frame(void)
{
	return write_to("trace", O_TRUNC, "\n") &&
	       write_to("events/mlu_test/frame_out/enable", 0, "1");
}

/**
 * tracer_entries_of_frame() - get how often libexecuted's free was called
 *
 * A return probe's hits are counted at the entry of the function.
 *
 * Return: the number of calls that the other tracer has counted, or -1 if it has no such event
 */
long tracer_entries_of_frame(void)
{
	return hits_of("frame_out");
}

/**
 * tracer_returns_of_frame() - get how often libexecuted's free has returned
 *
 * Return: the number of events in the trace buffer
 */
long tracer_returns_of_frame(void)
{
	FILE *trace = fopen(TRACEFS "trace", "r");
	char line[512];
	long found = 0;

	while (trace && fgets(line, sizeof(line), trace))
		found += !!strstr(line, " frame_out: (");
	if (trace)
		fclose(trace);
	return found;
}

/**
 * tracer_is_possible() - check for uprobe events and nm
 *
 * Return: true if this machine has both
 */
bool tracer_is_possible(void)
{
	return access(TRACEFS "uprobe_events", W_OK) == 0 && access("/usr/bin/nm", X_OK) == 0;
}

/**
 * tracer_init() - find the functions of the programs and create the events, disabled
 */
void tracer_init(void)
{
	int i;

	tracer_exit();
	for (i = 0; i < TRACER_CHAIN; i++)
		tracer_place[i] = place_of("chain", chain[i]);
	define_all();
}
