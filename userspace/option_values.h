/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OPTION_VALUES_H
#define MU_OPTION_VALUES_H

#include "options.h"

int mu_option_number(const char *option, const char *text, uint64_t min, uint64_t max,
		     uint64_t *value);
int mu_option_size(const char *option, const char *text, uint64_t *bytes);
int mu_option_sample(struct mu_options *o, const char *text);
int mu_option_exits(struct mu_options *o, const char *text);
int mu_option_older(struct mu_options *o, const char *text);
int mu_option_freeze(struct mu_options *o, const char *text);
int mu_option_prefix(struct mu_options *o, const char *prefix);
int mu_option_pair(struct mu_options *o, const char *pair);
int mu_option_sort(struct mu_options *o, const char *word);
int mu_option_group(struct mu_view *view, const char *word);
int mu_option_debug_path(struct mu_options *o, const char *dir);
int mu_option_why(struct mu_options *o, const char *text);
int mu_option_file(struct mu_options *o, char **words);
int mu_option_files(struct mu_options *o, char **words);
bool mu_option_is_stdin(const char *word);
int mu_option_two_files(struct mu_options *o, char **words);
int mu_options_check_freeze(struct mu_options *o);

#endif
