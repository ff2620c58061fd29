/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a target that are not traced or have no names, for its readers. */
#ifndef MLU_UNSEEN_H
#define MLU_UNSEEN_H

#include <linux/seq_file.h>

struct mlu_mapping;
struct mlu_target;

/* Lines of one target. */
#define MLU_UNSEEN_MAX 32

/**
 * enum mlu_unseen_kind - the kind of an unseen line
 * @MLU_UNSEEN_FUNCTION: a function is not traced
 * @MLU_UNSEEN_GO: a Go runtime is not traced
 * @MLU_UNSEEN_ALLOCATOR: a malloc and free are not traced
 * @MLU_UNSEEN_LATE: a malloc and free are traced, but not since the library was mapped
 * @MLU_UNSEEN_UNREADABLE: a file cannot be read
 * @MLU_UNSEEN_JIT: code was made at run time
 * @MLU_NR_UNSEEN: the number of kinds
 */
enum mlu_unseen_kind {
	MLU_UNSEEN_FUNCTION,
	MLU_UNSEEN_GO,
	MLU_UNSEEN_ALLOCATOR,
	MLU_UNSEEN_LATE,
	MLU_UNSEEN_UNREADABLE,
	MLU_UNSEEN_JIT,
	MLU_NR_UNSEEN
};

/**
 * struct mlu_unseen - the unseen lines of a target at one moment
 * @nr: the number of lines
 * @cut: there are more than MLU_UNSEEN_MAX
 * @line: the lines; the mappings live as long as their target
 * @line.function: the function that is not traced, or NULL
 */
struct mlu_unseen {
	unsigned int nr;
	bool cut;
	struct mlu_unseen_line {
		enum mlu_unseen_kind kind;
		const struct mlu_mapping *mapping;
		const struct mlu_untraced *function;
	} line[MLU_UNSEEN_MAX];
};

void mlu_unseen_collect(struct mlu_unseen *unseen, struct mlu_target *target);
void mlu_unseen_show(struct seq_file *m, const struct mlu_unseen *unseen,
		     const struct mlu_target *target);

#endif /* MLU_UNSEEN_H */
