/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_SCREEN_H
#define MU_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct mu_top_screen - the terminal that tables are shown on
 * @rows: its lines
 * @columns: its columns
 */
struct mu_top_screen {
	size_t rows, columns;
};

bool mu_top_screen_is_there(void);
struct mu_top_screen mu_top_screen_size(void);
void mu_top_screen_start(void);
void mu_top_screen_show(const char *text);

#endif
