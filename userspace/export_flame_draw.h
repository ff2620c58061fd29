/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_FLAME_DRAW_H
#define MU_EXPORT_FLAME_DRAW_H

#include <stdio.h>

#include "export_flame.h"

/* Width and margins of the picture, in pixels. */
#define MU_FLAME_WIDTH 1200
#define MU_FLAME_MARGIN 10

unsigned int mu_flame_height(const struct mu_flame *flame);
void mu_flame_draw(FILE *out, const struct mu_flame *flame, unsigned int top);

#endif
