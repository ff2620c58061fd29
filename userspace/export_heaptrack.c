// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format heaptrack: the text format 3 of heaptrack, compressed with gzip, for heaptrack_print
 * and heaptrack_gui.
 *
 * It is a log of events, in which each allocation is a line, so that a stack is written as the
 * allocations that it has outstanding. The module reports their sum only: they have all the same
 * size, or sizes that differ by one byte. All numbers are hexadecimal; strings, code locations
 * ("ip") and nodes of stacks ("trace") are numbered in the order in which they are written, from 1.
 * Depends on profile.c, gzip.c and export_strings.c.
 */
#include "export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_strings.h"
#include "gzip.h"
#include "mem.h"

/* Heaptrack 1.4, as in Debian 12, reads this, and so do later ones. */
#define HEAPTRACK_VERSION 0x10400
#define FILE_VERSION 3

/*
 * The most lines for one stack. Estimates and damaged reports may have any number of allocations;
 * more than this have larger sizes, so that the bytes stay what they are.
 */
#define MAX_ALLOCATIONS 10000000

/*
 * struct log - what has been written
 * @out: the stream
 * @strings: the strings, each of which is written once, as names are compared by their numbers
 * @nr_ips: number of code locations
 * @nr_traces: number of nodes of stacks
 * @nr_infos: number of kinds of allocations, which are numbered from 0
 */
struct log {
	FILE *out;
	struct mu_export_strings strings;
	uint64_t nr_ips;
	uint64_t nr_traces;
	uint64_t nr_infos;
};

/* Return: its number; 0 is no string. */
static uint64_t write_string(struct log *log, const char *text)
{
	size_t nr = log->strings.nr;
	size_t index = mu_export_string(&log->strings, text);

	if (index == nr)
		fprintf(log->out, "s %zx %s\n", strlen(text), text);
	return index + 1;
}

/* A place that is no code, but has a name. */
static uint64_t write_place(struct log *log, const char *name)
{
	uint64_t string = write_string(log, name);

	fprintf(log->out, "i 0 0 %" PRIx64 " 0 0\n", string);
	return ++log->nr_ips;
}

static uint64_t write_node(struct log *log, uint64_t ip, uint64_t parent)
{
	fprintf(log->out, "t %" PRIx64 " %" PRIx64 "\n", ip, parent);
	return ++log->nr_traces;
}

/* === Code === */

/* The strings of a line come before it. */
static uint64_t write_location(struct log *log, const struct mu_profile *p,
			       const struct mu_profile_location *l)
{
	uint64_t module = write_string(log, p->objects[l->object].path);
	uint64_t(*frames)[2] = mu_zalloc(l->nr_functions * sizeof(*frames));

	for (size_t i = 0; i < l->nr_functions; i++) {
		const struct mu_profile_function *f = &l->functions[i];

		frames[i][0] = write_string(log, f->name);
		frames[i][1] = f->file ? write_string(log, f->file) : 0;
	}
	fprintf(log->out, "i %" PRIx64 " %" PRIx64, mu_profile_lookup_address(l), module);
	for (size_t i = 0; i < l->nr_functions; i++)
		fprintf(log->out, " %" PRIx64 " %" PRIx64 " %" PRIx64, frames[i][0], frames[i][1],
			l->functions[i].line);
	putc('\n', log->out);
	free(frames);
	return ++log->nr_ips;
}

/* Locations are the first code locations, in their order. */
static void write_locations(struct log *log, const struct mu_profile *p)
{
	for (size_t i = 0; i < p->nr_locations; i++)
		write_location(log, p, &p->locations[i]);
}

static uint64_t ip_of(size_t location)
{
	return location + 1;
}

/* === Stacks === */

/* If the walk has ended early, the reason stands for the frames that are not known. */
static uint64_t write_end(struct log *log, const struct mu_profile_stack *s, uint64_t parent)
{
	const char *reason = s->stack->nr_frames ? mu_profile_early_end(s) : "no frames";
	uint64_t node;
	char *name;

	if (!reason)
		return parent;
	name = mu_format("[%s]", reason);
	node = write_node(log, write_place(log, name), parent);
	free(name);
	return node;
}

/* Return: the node of the innermost frame. Nodes are written from the outermost one on. */
static uint64_t write_nodes(struct log *log, const struct mu_profile_stack *s, uint64_t root)
{
	uint64_t node = write_end(log, s, root);

	for (size_t i = s->stack->nr_frames; i-- > 0;)
		node = write_node(log, ip_of(s->locations[i]), node);
	return node;
}

static void write_allocations(struct log *log, uint64_t size, uint64_t nr, uint64_t node)
{
	if (!nr)
		return;
	fprintf(log->out, "a %" PRIx64 " %" PRIx64 "\n", size, node);
	for (uint64_t i = 0; i < nr; i++)
		fprintf(log->out, "+ %" PRIx64 "\n", log->nr_infos);
	log->nr_infos++;
}

static void write_stack(struct log *log, const struct mu_profile_stack *s, uint64_t root)
{
	uint64_t nr = s->stack->count < MAX_ALLOCATIONS ? s->stack->count : MAX_ALLOCATIONS;
	uint64_t node = write_nodes(log, s, root);
	uint64_t size = s->stack->bytes / nr;
	uint64_t larger = s->stack->bytes % nr;

	write_allocations(log, size, nr - larger, node);
	write_allocations(log, size + 1, larger, node);
}

/* === Targets === */

/* A log has one process: several ones are the outermost frames of their stacks. */
static uint64_t write_root(struct log *log, const struct mu_profile *p, size_t target)
{
	uint64_t node;
	char *name;

	if (p->nr_targets == 1)
		return 0;
	name = mu_profile_process_name(&p->targets[target]);
	node = write_node(log, write_place(log, name), 0);
	free(name);
	return node;
}

static void write_program(struct log *log, const struct mu_profile *p)
{
	char *name = p->nr_targets == 1 ? mu_profile_process_name(&p->targets[0]) :
					  mu_format("%zu processes", p->nr_targets);

	fprintf(log->out, "v %x %x\nX %s\n", HEAPTRACK_VERSION, FILE_VERSION, name);
	free(name);
}

static void write_targets(struct log *log, const struct mu_profile *p)
{
	for (size_t i = 0; i < p->nr_targets; i++) {
		const struct mu_profile_target *t = &p->targets[i];
		uint64_t root = write_root(log, p, i);

		for (size_t j = t->first_stack; j < t->first_stack + t->nr_stacks; j++)
			write_stack(log, &p->stacks[j], root);
	}
}

/**
 * mu_export_heaptrack() - write a profile as a log of heaptrack
 * @profile: the profile
 * @out: the stream
 *
 * Return: 0, or a negative errno.
 */
int mu_export_heaptrack(const struct mu_profile *profile, FILE *out)
{
	struct log log = { .out = mu_gzip_open(out) };

	if (!log.out)
		return -ENOMEM;
	write_program(&log, profile);
	write_locations(&log, profile);
	write_targets(&log, profile);
	fprintf(log.out, "c %" PRIx64 "\n", mu_profile_longest_ms(profile));
	mu_export_strings_free(&log.strings);
	return fclose(log.out) ? -errno : 0;
}
