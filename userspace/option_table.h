/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OPTION_TABLE_H
#define MU_OPTION_TABLE_H

#include <getopt.h>
#include <stdbool.h>

#include "options.h"

/* Options without a letter. */
enum mu_option {
	OPT_COMBINED = 256,
	OPT_DEPTH,
	OPT_SYMBOLS_PREFIX,
	OPT_PAIR,
	OPT_SAMPLE,
	OPT_EXITS,
	OPT_FREEZE,
	OPT_SORT,
	OPT_GROUP,
	OPT_IGNORE,
	OPT_IGNORE_FILE,
	OPT_CHILDREN,
	OPT_ALL,
	OPT_SUM,
	OPT_EACH,
	OPT_MODULE,
	OPT_OUTPUT,
	OPT_PROMETHEUS,
	OPT_SYSROOT,
	OPT_DEBUG_PATH,
	OPT_MAX_STOP,
	OPT_EXACT,
	OPT_WHY,
	OPT_HELP,
	OPT_VERSION
};

#define MU_OPTION_LETTERS ":p:n:c:alo:T:gz:Z:O:s:h"

extern const struct option mu_long_options[];

bool mu_option_find_mode(const char *word, enum mu_mode *mode);
bool mu_option_is_of_mode(int option, enum mu_mode mode);
const char *mu_option_name_of(int option);
int mu_option_refuse_mode(enum mu_mode mode, int option);

#endif
