/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, read and checked. */
#ifndef MU_OPTIONS_H
#define MU_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "pids.h"
#include "print.h"

enum mu_mode { MU_TRACE, MU_SYMBOLIZE, MU_HELP, MU_VERSION_ONLY };

struct mu_options {
	enum mu_mode mode;
	struct mu_pids pids;
	const char *command;
	bool show_allocations;
	bool combined;
	struct mu_filter filter; /* -o, -z, -Z */
	const char *object;
	const char *module;
	uint64_t depth; /* of stacks; 0: the kernel side's default */
	uint64_t interval_ms;
	uint64_t count; /* of tables; 0: no limit */
	struct mu_view view;
	const char *sysroot;
	char *debug_path; /* absolute, with colons between */
	const char *file; /* symbolize: NULL is stdin */
};

/* 0, or the exit status, having said what is wrong. */
int mu_options_read(struct mu_options *o, int argc, char **argv);
void mu_options_free(struct mu_options *o);

/* The text of --help, on stdout. */
void mu_help(void);

#endif
