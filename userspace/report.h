/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parsed model of a raw report, docs/ABI/debugfs-memleak_user: targets,
 * their stacks with frames, and the mappings that frames lie in. It owns all
 * its strings. Names stay escaped as they came, so they may be printed; only
 * a mapping's path is kept unescaped too, to be opened.
 */
#ifndef MU_REPORT_H
#define MU_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mu_mapping {
	uint64_t id;
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	char *build_id; /* hexadecimal, "-" for none */
	char *path;	/* the target's own bytes: to open, not to print */
	bool unmapped;
};

struct mu_frame {
	uint64_t pc;
	uint64_t address; /* inside the ELF file */
	uint64_t mapping_id;
	bool has_mapping_id; /* its address alone does not tell the mapping */
	bool unmapped;
	bool interrupted; /* by a signal: the pc is its own, not behind a call */
	char *object;
	char *note; /* how the walk ended, NULL if it went on */
};

struct mu_stack {
	uint64_t id;
	uint64_t bytes;
	uint64_t count;
	uint64_t age_min;
	uint64_t age_max;
	uint64_t made;
	uint64_t freed;
	char *kind; /* "heap" where the report leaves it out */
	struct mu_frame *frames;
	size_t nr_frames;
	size_t room;
};

/* A counter of the events line. */
struct mu_count {
	char *name;
	uint64_t value;
};

struct mu_target {
	uint64_t id;
	uint64_t pid;
	uint64_t ms;
	uint64_t bytes;
	uint64_t count;
	uint64_t lost;
	uint64_t stacks_told; /* what the head line says, to see what is missing */
	char *comm;
	char *state;
	struct mu_stack *stacks;
	size_t nr_stacks;
	size_t stacks_room;
	struct mu_mapping *mappings;
	size_t nr_mappings;
	size_t mappings_room;
	bool has_events; /* older modules print no events line */
	uint64_t allocated;
	uint64_t freed;
	struct mu_count *counts; /* the others that are not 0 */
	size_t nr_counts;
	size_t counts_room;
	char **unseen; /* sentences */
	size_t nr_unseen;
	size_t unseen_room;
};

struct mu_report {
	struct mu_target *targets;
	size_t nr_targets;
	size_t room;
	size_t errors; /* lines that are malformed, cut short or missing */
};

/*
 * Reads in to its end; name is what messages call it. NULL: it is no report,
 * said why. A report with errors keeps what was understood and has said
 * what was not.
 */
struct mu_report *mu_report_read(FILE *in, const char *name);
void mu_report_free(struct mu_report *report);

/* The mapping a frame lay in, or NULL: it was in no file. */
const struct mu_mapping *mu_report_mapping(const struct mu_target *target,
					   const struct mu_frame *frame);

/* Orders stacks as memleak shows them, the biggest last. */
enum mu_sort { MU_SORT_SIZE, MU_SORT_COUNT };
void mu_report_sort(struct mu_target *target, enum mu_sort sort);

#endif
