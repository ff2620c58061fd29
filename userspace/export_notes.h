/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_NOTES_H
#define MU_EXPORT_NOTES_H

#include <stddef.h>

#include "profile.h"

/**
 * struct mu_notes - what a reader of the numbers has to consider
 * @text: the notes, each one is a line of text as in a profile
 * @nr: number of @text
 * @capacity: allocated elements of @text
 */
struct mu_notes {
	char **text;
	size_t nr;
	size_t capacity;
};

struct mu_notes mu_notes_of(const struct mu_profile *profile);
void mu_notes_free(struct mu_notes *notes);
char *mu_notes_heading(const struct mu_profile *profile);
char *mu_notes_summary(const struct mu_profile *profile, struct mu_amount sum);

#endif
