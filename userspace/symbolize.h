/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SYMBOLIZE_H
#define MU_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mapped_file.h"
#include "report.h"
#include "srcline.h"

struct mu_symbolizer;

/**
 * struct mu_name - the name of a frame; valid until mu_symbolizer_hold()
 * @object: name of its object to print: that of the frame, or "[jit]" for generated code
 * @moved: it is in code that the process has moved out of the file of @object
 * @symbol: its symbol, safe to print, NULL if it is not known
 * @offset: distance from the symbol, without a symbol the address in the object
 * @source: lines and inlined functions
 * @nr_sources: number of @source, 0 if lines are not requested or not known
 */
struct mu_name {
	const char *object;
	bool moved;
	const char *symbol;
	uint64_t offset;
	const struct mu_srcline *source;
	size_t nr_sources;
};

struct mu_symbolizer *mu_symbolizer_new(const struct mu_search_dirs *dirs, bool with_source);
void mu_symbolizer_free(struct mu_symbolizer *sym);
void mu_symbolizer_add(struct mu_symbolizer *sym, uint64_t target, int proc);
void mu_symbolizer_remove(struct mu_symbolizer *sym, uint64_t target);
void mu_symbolizer_hold(struct mu_symbolizer *sym);
void mu_symbolizer_bind(struct mu_symbolizer *sym, struct mu_target *target);
size_t mu_symbolizer_errors(const struct mu_symbolizer *sym);
struct mu_name mu_symbolize(struct mu_symbolizer *sym, const struct mu_target *target,
			    const struct mu_frame *frame);

#endif
