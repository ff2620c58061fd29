/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, read and checked. */
#ifndef MLU_OPTIONS_H
#define MLU_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "pids.h"
#include "print.h"

enum mlu_mode { MLU_TRACE, MLU_SYMBOLIZE, MLU_HELP, MLU_VERSION_ONLY };

struct mlu_options {
	enum mlu_mode mode;
	struct mlu_pids pids;
	const char *command;
	bool show_allocations;
	bool combined;
	struct mlu_filter filter; /* -o, -z, -Z */
	const char *object;
	const char *module;
	uint64_t depth; /* of stacks; 0: the kernel side's default */
	uint64_t interval_ms;
	uint64_t count; /* of tables; 0: no limit */
	struct mlu_view view;
	const char *sysroot;
	char *debug_path; /* absolute, with colons between */
	const char *file; /* symbolize: NULL is stdin */
};

/* 0, or the exit status, having said what is wrong. */
int mlu_options_read(struct mlu_options *o, int argc, char **argv);
void mlu_options_free(struct mlu_options *o);

/* The text of --help, on stdout. */
void mlu_help(void);

#endif
