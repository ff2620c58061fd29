// SPDX-License-Identifier: GPL-2.0-only
/*
 * The search for leaks without the module: search_host PID TABLE [OPTION...]
 *
 * The blocks come from the table of the preloaded recorder.
 *	-x		search everything while the process is stopped
 *	-m MS		longest stop
 *	-g MS		time between the stops
 *	-o MS		age of lost blocks
 *	-w ADDRESS	show what refers to this block
 *	-s SIZE		show what refers to the first block of this size
 *	-v		print speeds and costs
 *	-b		print the verdict and the size of each block, and no tables
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "leaks.h"
#include "leaks_show.h"
#include "mem.h"
#include "process.h"
#include "recorder_read.h"

static const struct recorder_table *table;

static FILE *open_blocks(void *context)
{
	FILE *file = tmpfile();

	(void)context;
	if (!file)
		return NULL;
	write_recorded_blocks(file, table);
	rewind(file);
	return file;
}

static const char *verdict_word(const struct mu_leaks *l, size_t i)
{
	static const char *const words[] = { "unknown", "definite", "indirect", "possible",
					     "reachable" };

	return mu_leaks_is_undecided(l, i) ? "undecided" : words[l->search->verdict[i]];
}

static void print_blocks(const struct mu_leaks *l)
{
	for (size_t i = 0; i < l->blocks->nr; i++)
		printf("%s %" PRIu64 " 0x%" PRIx64 " 0x%" PRIx64 "\n", verdict_word(l, i),
		       l->blocks->at[i].size, l->blocks->at[i].address,
		       ~table->stacks[l->blocks->at[i].stack]);
}

static uint64_t address_of_size(const struct mu_leaks *l, uint64_t size)
{
	for (size_t i = 0; i < l->blocks->nr; i++)
		if (l->blocks->at[i].size == size)
			return l->blocks->at[i].address;
	return 0;
}

int main(int argc, char **argv)
{
	struct mu_leaks l = { .source.open = open_blocks, .max_stop_ms = 10000 };
	uint64_t why = 0, size = 0, gap_ms = 1000;
	struct mu_process process;
	bool has_blocks = false;
	bool has_costs = false;
	int option;

	while ((option = getopt(argc, argv, "xm:g:o:w:s:bv")) != -1) {
		switch (option) {
		case 'x':
			l.is_exact = true;
			break;
		case 'm':
			l.max_stop_ms = strtoull(optarg, NULL, 0);
			break;
		case 'g':
			gap_ms = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			l.older_ms = strtoull(optarg, NULL, 0);
			break;
		case 'w':
			why = strtoull(optarg, NULL, 0);
			break;
		case 's':
			size = strtoull(optarg, NULL, 0);
			break;
		case 'v':
			has_costs = true;
			break;
		case 'b':
			has_blocks = true;
			break;
		default:
			return 64;
		}
	}
	if (argc - optind != 2)
		return 64;
	table = map_recorder(argv[optind + 1]);
	if (!table || !mu_process_open(&process, atoi(argv[optind])))
		return 64;
	l.pid = process.pid;
	l.proc = process.proc;
	if (!mu_leaks_begin(&l) || !mu_leaks_stop(&l, 0))
		return 2;
	usleep(gap_ms * 1000);
	if (!mu_leaks_stop(&l, 1))
		return 2;
	if (has_blocks)
		print_blocks(&l);
	else
		mu_leaks_show_sums(&l);
	if (has_costs)
		printf("speed %.2f GiB/s, listing pages %.1f ms, lists %.1f ms, %zu suspects, %zu "
		       "references, %s\n",
		       l.speed * 1000 / 1073741824, l.listing_ns / 1e6, l.lists_ns / 1e6,
		       l.search->nr_suspects, l.search->nr_edges,
		       l.is_tracked ? "tracked" : "not tracked");
	if (size)
		why = address_of_size(&l, size);
	if (why)
		mu_leaks_show_why(&l, &process, why);
	mu_leaks_end(&l);
	mu_process_close(&process);
	return 0;
}
