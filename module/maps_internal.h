/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the maps_*.c files: each uses only those that are below it here, in reverse order. */
#ifndef MLU_MAPS_INTERNAL_H
#define MLU_MAPS_INTERNAL_H

#include "maps.h"

/* maps.c */
void mlu_maps_append(struct mlu_maps *maps, struct mlu_mapping *m);
int mlu_maps_publish_all(struct mlu_maps *maps);
struct mlu_mapping *mlu_maps_add(struct mlu_maps *maps, struct mlu_mapping *m);

/* maps_learn.c */
struct mlu_mapping *mlu_maps_learn(struct mlu_maps *maps, const struct vm_area_struct *vma,
				   gfp_t gfp);

/* maps_held.c */
void mlu_maps_hold_locked(struct mlu_maps *maps, struct mlu_mapping *m, struct file *file);
void mlu_maps_release_locked(struct mlu_maps *maps, struct mlu_mapping *m);
void mlu_maps_inherit_probed_locked(struct mlu_maps *maps, struct mlu_mapping *m);

/* maps_resolve.c */
void mlu_maps_name_all(struct mlu_maps *maps, struct mm_struct *mm);
void mlu_maps_resolve_work(struct work_struct *work);

#endif /* MLU_MAPS_INTERNAL_H */
