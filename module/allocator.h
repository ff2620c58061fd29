/* SPDX-License-Identifier: GPL-2.0-only */
/* The allocator in an ELF image: its functions, and where in them the breakpoints may go. */
#ifndef MLU_ALLOCATOR_H
#define MLU_ALLOCATOR_H

#include <linux/uprobes.h>

#include "lib/prototypes.h"
#include "image.h"
#include "lib/place.h"

/* Up to the place of the breakpoint (place.h), and what the uprobe core copies from there. */
#define MLU_CODE_HEAD (MLU_PLACE_MAX + MAX_UINSN_BYTES)

/* The first bytes of a function, as they are in the file. */
struct mlu_code_head {
	u8 len;
	u8 bytes[MLU_CODE_HEAD];
};

struct mlu_allocator_function {
	struct mlu_function function;
	u64 offset; /* in the file, of its first byte */
	struct mlu_places places;
	struct mlu_code_head head;
};

struct mlu_allocator {
	unsigned int nr; /* 0: the image is none */
	bool own_new;	 /* its operator new allocates without calling malloc */
	struct mlu_allocator_function *function;
};

int mlu_allocator_find(struct mlu_allocator *allocator, struct mlu_image *image);
void mlu_allocator_release(struct mlu_allocator *allocator);

#endif /* MLU_ALLOCATOR_H */
