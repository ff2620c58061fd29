/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_H
#define MU_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"
#include "output.h"
#include "profile.h"

/**
 * struct mu_export_format - a format of another program
 * @name: its name on the command line
 * @write: writes a profile; returns 0, or a negative errno. Errors of the stream are found
 *         by the caller.
 * @is_binary: it is not for a terminal
 * @purpose: what reads it, for --help; at most 55 columns
 */
struct mu_export_format {
	const char *name;
	int (*write)(const struct mu_profile *profile, FILE *out);
	bool is_binary;
	const char *purpose;
};

/* Each is in a file of its own, export_NAME.c. */
int mu_export_folded(const struct mu_profile *profile, FILE *out);
int mu_export_heaptrack(const struct mu_profile *profile, FILE *out);
int mu_export_html(const struct mu_profile *profile, FILE *out);
int mu_export_json(const struct mu_profile *profile, FILE *out);
int mu_export_pprof(const struct mu_profile *profile, FILE *out);
int mu_export_prometheus(const struct mu_profile *profile, FILE *out);
int mu_export_svg(const struct mu_profile *profile, FILE *out);

const struct mu_export_format *mu_export_find(const char *name);
char *mu_export_names(void);
void mu_export_help(void);
void mu_export_prepare(const struct mu_options *o, struct mu_target *target,
		       struct mu_symbolizer *sym, struct mu_history *history);
bool mu_export_write(const struct mu_export_format *format, const struct mu_profile *profile,
		     struct mu_output *output);

#endif
