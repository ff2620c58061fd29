/* SPDX-License-Identifier: GPL-2.0-only */
/* Files whose dsos are known before a process maps them. */
#ifndef MLU_KNOWN_FILES_H
#define MLU_KNOWN_FILES_H

#include "file_id.h"

struct mlu_dso;
struct mlu_mapping;

#define MLU_MAX_KNOWN_FILES 256

/**
 * struct mlu_known_file - one file
 * @id: its identity
 * @dso: its dso, with a reference and a use
 * @allocator: it has probes
 */
struct mlu_known_file {
	struct mlu_file_id id;
	struct mlu_dso *dso;
	bool allocator;
};

/**
 * struct mlu_known_files - the files that the processes of a group have mapped
 * @needs_uses: a process that has them gets uses of their probes of its own; constant
 * @nr: number of @file; read with acquire
 * @file: the files; constant once they are counted
 *
 * A process that was forked has the mappings of its parent. With the dsos at hand, the stack of its
 * first event can be walked at once.
 */
struct mlu_known_files {
	bool needs_uses;
	unsigned int nr;
	struct mlu_known_file file[MLU_MAX_KNOWN_FILES];
};

void mlu_known_files_add(struct mlu_known_files *files, const struct mlu_mapping *mapping);
void mlu_known_files_apply(const struct mlu_known_files *files, struct mlu_mapping *mapping);
void mlu_known_files_exit(struct mlu_known_files *files);

#endif /* MLU_KNOWN_FILES_H */
