/* SPDX-License-Identifier: GPL-2.0-only */
/* From frames to names, by libdwfl. */
#ifndef MLU_SYMBOLIZE_H
#define MLU_SYMBOLIZE_H

#include <stddef.h>
#include <stdint.h>

#include "files.h"
#include "report.h"

struct mlu_symbolizer;

struct mlu_name {
	const char *symbol; /* safe to print, NULL if there is none; lives as the symbolizer */
	uint64_t offset;    /* from the symbol's start, else the address in the object */
};

struct mlu_symbolizer *mlu_symbolizer_new(const struct mlu_places *places);
void mlu_symbolizer_free(struct mlu_symbolizer *sym);

/* Keeps what a live process has mapped by now, see mlu_files_hold(). */
void mlu_symbolizer_hold(struct mlu_symbolizer *sym);

struct mlu_name mlu_symbolize(struct mlu_symbolizer *sym, const struct mlu_target *target,
			      const struct mlu_frame *frame);

/* How many objects had no file to take names from; each has been named on stderr once. */
size_t mlu_symbolizer_errors(const struct mlu_symbolizer *sym);

#endif
