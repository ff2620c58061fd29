/* SPDX-License-Identifier: GPL-2.0-only */
/* From frames to names, by libdwfl. */
#ifndef MU_SYMBOLIZE_H
#define MU_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mapped_file.h"
#include "report.h"
#include "srcline.h"

struct mu_symbolizer;

/* All it points to lives as the symbolizer. */
struct mu_name {
	const char *symbol; /* safe to print, NULL if there is none */
	uint64_t offset;    /* from the symbol's start, else the address in the object */
	const struct mu_srcline *source;
	size_t nr_sources; /* 0: not asked for, or there is no debug information */
};

/* with_source: look for lines and inlined functions as well, which takes its time. */
struct mu_symbolizer *mu_symbolizer_new(const struct mu_search_dirs *places, bool with_source);
void mu_symbolizer_free(struct mu_symbolizer *sym);

/* Keeps what a live process has mapped by now, see mu_mapped_files_hold(). */
void mu_symbolizer_hold(struct mu_symbolizer *sym);

struct mu_name mu_symbolize(struct mu_symbolizer *sym, const struct mu_target *target,
			    const struct mu_frame *frame);

/* How many objects had no file to take names from; each has been named on stderr once. */
size_t mu_symbolizer_errors(const struct mu_symbolizer *sym);

#endif
