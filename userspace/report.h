/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_REPORT_H
#define MU_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "amount.h"

/**
 * struct mu_origin - where a mapping in a sum of targets comes from
 * @target: id of its target, 0 if the mapping is not in a sum
 * @mapping: its id in that target
 */
struct mu_origin {
	uint64_t target;
	uint64_t mapping;
};

/**
 * struct mu_mapping - a mapping of a target
 * @id: its id, unique within the target
 * @start: first address
 * @end: first address behind it
 * @offset: of @start in the mapped file
 * @build_id: of the mapped file, in hexadecimal, "-" if it has none
 * @path: of the mapped file, unescaped: to be opened, not to be printed
 * @file: what identifies a file without a build-id in a live process, NULL if it is not known
 * @origin: the mapping that this one stands for, in a sum of targets
 * @unmapped: it is not mapped any more
 */
struct mu_mapping {
	uint64_t id;
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	char *build_id;
	char *path;
	char *file;
	struct mu_origin origin;
	bool unmapped;
};

/**
 * struct mu_frame - a frame of a stack
 * @pc: its address in the process
 * @address: its address in the ELF file of @object
 * @mapping_id: the mapping that @pc is in, if @has_mapping_id
 * @has_mapping_id: several mappings have had this address
 * @unmapped: its mapping, or the part of it that @pc is in, is not mapped any more
 * @interrupted: by a signal, so that @pc is not a return address
 * @object: name of the object, escaped, or a name in brackets for memory that is no file's
 * @note: why the walk ended here, NULL if it did not
 */
struct mu_frame {
	uint64_t pc;
	uint64_t address;
	uint64_t mapping_id;
	bool has_mapping_id;
	bool unmapped;
	bool interrupted;
	char *object;
	char *note;
};

/**
 * struct mu_estimate - how good the numbers of a sampled target are
 * @is_set: the target is sampled; without this, its numbers are exact
 * @samples: recorded allocations that the numbers are made of
 * @error: their standard errors
 */
struct mu_estimate {
	bool is_set;
	uint64_t samples;
	struct mu_amount error;
};

/**
 * struct mu_share - what one process has of a stack, in a sum of targets
 * @target: id of its target
 * @pid: its PID
 * @bytes: its outstanding bytes
 */
struct mu_share {
	uint64_t target;
	uint64_t pid;
	uint64_t bytes;
};

/**
 * struct mu_stack - a stack with outstanding allocations
 * @id: its id, unique within the target
 * @bytes: outstanding bytes
 * @count: outstanding allocations
 * @age_min: age of the youngest one, in milliseconds
 * @age_max: age of the oldest one, in milliseconds
 * @made: allocations since the attach
 * @freed: those of them that were freed
 * @estimate: how good @bytes and @count are
 * @has_mark: @marked is known
 * @marked: what was outstanding at the last mark
 * @last: what was outstanding in the last table, if the target has one
 * @start: what was outstanding at the start, if the target has one
 * @key: of its group of stacks, NULL without groups
 * @nr_merged: number of stacks that were merged into this one
 * @shares: in a sum of targets, what each process has that has any
 * @nr_shares: number of @shares
 * @shares_capacity: allocated elements of @shares
 * @kind: "heap", "mmap", "stack", "shm" or "brk"
 * @frames: the frames, innermost first
 * @nr_frames: number of @frames
 * @capacity: allocated elements of @frames
 */
struct mu_stack {
	uint64_t id;
	uint64_t bytes;
	uint64_t count;
	uint64_t age_min;
	uint64_t age_max;
	uint64_t made;
	uint64_t freed;
	struct mu_estimate estimate;
	bool has_mark;
	struct mu_amount marked;
	struct mu_amount last;
	struct mu_amount start;
	char *key;
	size_t nr_merged;
	struct mu_share *shares;
	size_t nr_shares;
	size_t shares_capacity;
	char *kind;
	struct mu_frame *frames;
	size_t nr_frames;
	size_t capacity;
};

/**
 * struct mu_count - a counter of the events line
 * @name: its name
 * @value: its value
 */
struct mu_count {
	char *name;
	uint64_t value;
};

/**
 * struct mu_left_out - stacks that were left out of a table
 * @amount: what they had
 * @ids: their ids, sorted
 * @nr: number of @ids
 * @capacity: allocated elements of @ids
 */
struct mu_left_out {
	struct mu_amount amount;
	uint64_t *ids;
	size_t nr;
	size_t capacity;
};

/**
 * struct mu_target - a traced process in a report, or the sum of several
 * @id: its id, never reused
 * @pid: its PID
 * @nr_processes: number of processes of a sum, else 0
 * @ms: for how long it has been traced, in milliseconds
 * @bytes: outstanding bytes
 * @count: outstanding allocations
 * @lost: allocations that could not be recorded
 * @stacks_expected: number of stacks according to the target line
 * @comm: its name, escaped
 * @state: "tracing", "detaching", "detached", "exited" or "exec"
 * @stacks: the stacks
 * @nr_stacks: number of @stacks
 * @stacks_capacity: allocated elements of @stacks
 * @mappings: the mappings that frames are in
 * @nr_mappings: number of @mappings
 * @mappings_capacity: allocated elements of @mappings
 * @has_events: there is an events line; older modules print none
 * @allocated: allocations since the attach, from the events line
 * @freed: those of them that were freed, from the events line
 * @counts: the other counters of the events line, those that are not 0
 * @nr_counts: number of @counts
 * @counts_capacity: allocated elements of @counts
 * @sampling: the key and the value of the sampling, NULL if the target is not sampled
 * @estimate: how good @bytes and @count are
 * @has_mark: @mark_ms and @marked are known
 * @mark_ms: the time since the last mark, in milliseconds
 * @marked: what was outstanding at the last mark
 * @has_mapped: @mapped is valid: the report has a line "mapped"
 * @mapped: the outstanding allocations that are mappings
 * @is_frozen: no new blocks are recorded
 * @frozen_ms: the time since the freeze, in milliseconds
 * @has_last: there was a table before this one
 * @has_start: there was a start: a mark, or a first table
 * @last: what was outstanding in the last table
 * @start: what was outstanding at the start
 * @left_out: stacks that were removed from @stacks
 * @unseen: messages about what cannot be traced
 * @nr_unseen: number of @unseen
 * @unseen_capacity: allocated elements of @unseen
 */
struct mu_target {
	uint64_t id;
	uint64_t pid;
	size_t nr_processes;
	uint64_t ms;
	uint64_t bytes;
	uint64_t count;
	uint64_t lost;
	uint64_t stacks_expected;
	char *comm;
	char *state;
	struct mu_stack *stacks;
	size_t nr_stacks;
	size_t stacks_capacity;
	struct mu_mapping *mappings;
	size_t nr_mappings;
	size_t mappings_capacity;
	bool has_events;
	uint64_t allocated;
	uint64_t freed;
	struct mu_count *counts;
	size_t nr_counts;
	size_t counts_capacity;
	char *sampling;
	struct mu_estimate estimate;
	bool has_mark;
	uint64_t mark_ms;
	struct mu_amount marked;
	bool has_mapped;
	struct mu_amount mapped;
	bool is_frozen;
	uint64_t frozen_ms;
	bool has_last;
	bool has_start;
	struct mu_amount last;
	struct mu_amount start;
	struct mu_left_out left_out;
	char **unseen;
	size_t nr_unseen;
	size_t unseen_capacity;
};

/**
 * struct mu_report - a parsed report
 * @targets: the targets
 * @nr_targets: number of @targets
 * @capacity: allocated elements of @targets
 * @errors: number of lines that are malformed, truncated or missing
 */
struct mu_report {
	struct mu_target *targets;
	size_t nr_targets;
	size_t capacity;
	size_t errors;
};

/**
 * enum mu_sort - what stacks are sorted by
 * @MU_SORT_SIZE: outstanding bytes
 * @MU_SORT_COUNT: outstanding allocations
 * @MU_SORT_GROWTH: change since the start, then since the last table
 */
enum mu_sort { MU_SORT_SIZE, MU_SORT_COUNT, MU_SORT_GROWTH };

struct mu_report *mu_report_read(FILE *in, const char *name);
void mu_stack_free(struct mu_stack *stack);
void mu_target_free(struct mu_target *target);
void mu_report_free(struct mu_report *report);
const struct mu_mapping *mu_report_mapping(const struct mu_target *target,
					   const struct mu_frame *frame);
const char *mu_count_loss(const struct mu_count *count);
void mu_report_sort(struct mu_target *target, enum mu_sort sort);

#endif
