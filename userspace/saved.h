/* SPDX-License-Identifier: GPL-2.0-only */
/* memleak-user symbolize: names for a report that was saved, here or elsewhere. */
#ifndef MLU_SAVED_H
#define MLU_SAVED_H

#include "options.h"

/* Gives the exit status. */
int mlu_saved(const struct mlu_options *o);

#endif
