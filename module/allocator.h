/* SPDX-License-Identifier: GPL-2.0-only */
/* The allocator of an ELF image: its functions, and where breakpoints may go. */
#ifndef MLU_ALLOCATOR_H
#define MLU_ALLOCATOR_H

#include <linux/uprobes.h>

#include "image.h"
#include "lib/exits.h"
#include "lib/place.h"
#include "lib/prototypes.h"
#include "names.h"

/* The bytes up to the place of the breakpoint (place.h), and those that the uprobe core copies. */
#define MLU_CODE_HEAD (MLU_PLACE_MAX + MAX_UINSN_BYTES)

/**
 * struct mlu_code_head - the first bytes of a function, as read from the file
 * @len: number of @bytes
 * @bytes: the bytes
 */
struct mlu_code_head {
	u8 len;
	u8 bytes[MLU_CODE_HEAD];
};

/**
 * struct mlu_allocator_function - a function to probe
 * @function: the function
 * @offset: offset of its first byte in the file
 * @places: where in it the breakpoint may go
 * @head: its first bytes
 * @names: the set of names that it was found by, or NULL
 * @exits_refusal: MLU_EXITS_OK, or why it has no @exits
 * @nr_exits: number of @exits
 * @exits: the instructions at which it returns
 * @exits_leave: some of them leave the result unknown
 */
struct mlu_allocator_function {
	struct mlu_function function;
	u64 offset;
	struct mlu_places places;
	struct mlu_code_head head;
	const struct mlu_names *names;
	enum mlu_exits_refusal exits_refusal;
	unsigned int nr_exits;
	struct mlu_exit *exits;
	bool exits_leave;
};

/**
 * struct mlu_allocator - the allocator of an image
 * @nr: number of @function; 0: the image has no allocator
 * @never_frees: it defines malloc and not free: it is an allocator only as the program itself
 * @takes_backtraces: it has the runtime of a sanitizer, or imports a function that walks stacks
 * @has_prefixed: it defines malloc and free with the prefix of its names
 * @found: for each pair of its names two bits: the first and the second function are defined
 * @function: the functions to probe
 */
struct mlu_allocator {
	unsigned int nr;
	bool never_frees;
	bool takes_backtraces;
	bool has_prefixed;
	u16 found;
	struct mlu_allocator_function *function;
};

int mlu_allocator_find(struct mlu_allocator *allocator, struct mlu_image *image,
		       const struct mlu_names *names);
void mlu_allocator_release(struct mlu_allocator *allocator);

#endif /* MLU_ALLOCATOR_H */
