/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OPTION_EXPORT_H
#define MU_OPTION_EXPORT_H

#include "options.h"

/**
 * struct mu_seen_options - the options of a command line
 * @option: the options
 * @nr: number of @option
 * @capacity: allocated elements of @option
 */
struct mu_seen_options {
	int *option;
	size_t nr;
	size_t capacity;
};

void mu_seen_options_add(struct mu_seen_options *seen, int option);
int mu_option_export(struct mu_options *o, const struct mu_seen_options *seen, char ***words);
int mu_option_prometheus(struct mu_options *o, const struct mu_seen_options *seen);
int mu_options_check_export(struct mu_options *o);

#endif
