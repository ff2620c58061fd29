/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a target cannot be seen, for its readers. */
#ifndef MLU_UNSEEN_H
#define MLU_UNSEEN_H

#include <linux/seq_file.h>

struct mlu_mapping;
struct mlu_target;

/* Lines of one target: real ones have none to three. */
#define MLU_UNSEEN_MAX 32

enum mlu_unseen_what {
	MLU_UNSEEN_NEW,	       /* an operator new that is not traced */
	MLU_UNSEEN_GO,	       /* a Go runtime */
	MLU_UNSEEN_ALLOCATOR,  /* malloc and free that are not traced */
	MLU_UNSEEN_UNREADABLE, /* a file that cannot be read */
	MLU_UNSEEN_JIT,	       /* code that was made at run time */
	MLU_NR_UNSEEN
};

/**
 * struct mlu_unseen - what of a target cannot be seen, at one moment
 * @nr: the number of lines
 * @cut: there are more than MLU_UNSEEN_MAX
 * @line: the mappings live as long as their target
 */
struct mlu_unseen {
	unsigned int nr;
	bool cut;
	struct mlu_unseen_line {
		enum mlu_unseen_what what;
		const struct mlu_mapping *mapping;
	} line[MLU_UNSEEN_MAX];
};

void mlu_unseen_collect(struct mlu_unseen *unseen, struct mlu_target *target);
void mlu_unseen_show(struct seq_file *m, const struct mlu_unseen *unseen,
		     const struct mlu_target *target);

#endif /* MLU_UNSEEN_H */
