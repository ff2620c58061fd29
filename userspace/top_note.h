/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_NOTE_H
#define MU_TOP_NOTE_H

#include "top_print.h"

char *mu_top_note_machine(const struct mu_top_table *t);
char *mu_top_note_unreadable(const struct mu_top_table *t);
char *mu_top_note_next(const struct mu_top_table *t);

#endif
