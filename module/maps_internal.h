/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the maps_*.c files: maps_learn.c uses maps.c and maps_resolve.c, maps.c the latter. */
#ifndef MLU_MAPS_INTERNAL_H
#define MLU_MAPS_INTERNAL_H

#include "maps.h"

/* maps.c */
void mlu_maps_append(struct mlu_maps *maps, struct mlu_mapping *m);
int mlu_maps_publish_all(struct mlu_maps *maps);
struct mlu_mapping *mlu_maps_add(struct mlu_maps *maps, struct mlu_mapping *m);

/* maps_resolve.c */
void mlu_maps_name_all(struct mlu_maps *maps, struct mm_struct *mm);
void mlu_maps_resolve_work(struct work_struct *work);

#endif /* MLU_MAPS_INTERNAL_H */
