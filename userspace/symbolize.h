/* SPDX-License-Identifier: GPL-2.0-only */
/* From frames to names, by libdwfl. */
#ifndef MLU_SYMBOLIZE_H
#define MLU_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files.h"
#include "report.h"
#include "source.h"

struct mlu_symbolizer;

/* All it points to lives as the symbolizer. */
struct mlu_name {
	const char *symbol; /* safe to print, NULL if there is none */
	uint64_t offset;    /* from the symbol's start, else the address in the object */
	const struct mlu_source *source;
	size_t nr_sources; /* 0: not asked for, or there is no debug information */
};

/* with_source: look for lines and inlined functions as well, which takes its time. */
struct mlu_symbolizer *mlu_symbolizer_new(const struct mlu_places *places, bool with_source);
void mlu_symbolizer_free(struct mlu_symbolizer *sym);

/* Keeps what a live process has mapped by now, see mlu_files_hold(). */
void mlu_symbolizer_hold(struct mlu_symbolizer *sym);

struct mlu_name mlu_symbolize(struct mlu_symbolizer *sym, const struct mlu_target *target,
			      const struct mlu_frame *frame);

/* How many objects had no file to take names from; each has been named on stderr once. */
size_t mlu_symbolizer_errors(const struct mlu_symbolizer *sym);

#endif
