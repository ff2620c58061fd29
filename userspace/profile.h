/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PROFILE_H
#define MU_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"
#include "symbolize.h"

/*
 * All names and paths of a profile are text, see utf8.c: valid UTF-8 without control characters, in
 * which a backslash begins the three octal digits of a byte. A format need only escape what is
 * special in its own syntax.
 */

/**
 * struct mu_profile_function - a function at a location
 * @name: its demangled name; "OBJECT+0xADDRESS", as in the report, if that is not known
 * @file: path of the source file, NULL if it is not known
 * @line: the line, 0 if it is not known
 * @is_inlined: it is inlined into the next function of the location
 */
struct mu_profile_function {
	char *name;
	char *file;
	uint64_t line;
	bool is_inlined;
};

/**
 * struct mu_profile_object - an ELF file, or memory that is no file's
 * @name: last component of the path; a name in brackets for memory that is no file's
 * @path: the path; @name if it is not known
 * @build_id: in hexadecimal, "" if it has none
 * @is_file: it is a file
 * @has_unnamed: a location in it has no name
 * @identity: distinguishes files without build-id at the same path, NULL if they are the same
 */
struct mu_profile_object {
	char *name;
	char *path;
	char *build_id;
	bool is_file;
	bool has_unnamed;
	char *identity;
};

/**
 * struct mu_profile_location - a place in the code; equal places are one location
 * @object: index of its object
 * @address: its address in the ELF file, as in the report; in the process if it is in no file
 * @interrupted: by a signal, so that @address is not a return address
 * @has_name: the name of its function is known
 * @functions: its functions, the innermost first; at least one
 * @nr_functions: number of @functions; more than one only with -l
 */
struct mu_profile_location {
	size_t object;
	uint64_t address;
	bool interrupted;
	bool has_name;
	struct mu_profile_function *functions;
	size_t nr_functions;
};

/**
 * struct mu_profile_stack - a stack with outstanding allocations
 * @stack: its numbers, id, kind and raw frames
 * @target: index of its target
 * @locations: for each of its frames the index of the location, innermost first
 * @end: why the walk ended, "end" if it reached the outermost frame, "" if there is no frame
 */
struct mu_profile_stack {
	const struct mu_stack *stack;
	size_t target;
	size_t *locations;
	char *end;
};

/**
 * struct mu_profile_target - a traced process
 * @target: its numbers, counters and mappings; those of the module, for all of its stacks
 * @comm: its name
 * @first_stack: index of its first stack
 * @nr_stacks: number of its stacks, which follow each other
 */
struct mu_profile_target {
	const struct mu_target *target;
	char *comm;
	size_t first_stack;
	size_t nr_stacks;
};

/**
 * struct mu_profile - targets with resolved frames, which exporters write
 * @time_ns: when the report was made, in nanoseconds since 1970
 * @targets: the targets
 * @nr_targets: number of @targets
 * @targets_capacity: allocated elements of @targets
 * @stacks: all stacks, by target, the largest first
 * @nr_stacks: number of @stacks
 * @stacks_capacity: allocated elements of @stacks
 * @locations: the locations
 * @nr_locations: number of @locations
 * @locations_capacity: allocated elements of @locations
 * @objects: the objects
 * @nr_objects: number of @objects
 * @objects_capacity: allocated elements of @objects
 * @object_index: finds objects, a tree
 * @location_index: finds locations, a tree
 */
struct mu_profile {
	uint64_t time_ns;
	struct mu_profile_target *targets;
	size_t nr_targets;
	size_t targets_capacity;
	struct mu_profile_stack *stacks;
	size_t nr_stacks;
	size_t stacks_capacity;
	struct mu_profile_location *locations;
	size_t nr_locations;
	size_t locations_capacity;
	struct mu_profile_object *objects;
	size_t nr_objects;
	size_t objects_capacity;
	void *object_index;
	void *location_index;
};

struct mu_profile *mu_profile_new(uint64_t time_ns);
void mu_profile_add(struct mu_profile *profile, struct mu_target *target,
		    struct mu_symbolizer *sym);
void mu_profile_free(struct mu_profile *profile);
const char *mu_profile_early_end(const struct mu_profile_stack *stack);
char *mu_profile_process_name(const struct mu_profile_target *target);
uint64_t mu_profile_longest_ms(const struct mu_profile *profile);
const struct mu_profile_stack **mu_profile_sort_stacks(const struct mu_profile *profile);
uint64_t mu_profile_lookup_address(const struct mu_profile_location *location);

#endif
