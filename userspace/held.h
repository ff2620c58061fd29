/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files that a live process has mapped executable, opened while it has them mapped.
 *
 * A build-id proves that a file is the one that was mapped. For a file without one the proof is
 * that it was seen at the mapping's place both before and after a report that shows the mapping, or
 * that it has been at the mapping's path, unchanged, since before the process was attached.
 */
#ifndef MLU_HELD_H
#define MLU_HELD_H

#include "report.h"

struct mlu_held_files;

/**
 * mlu_held_new() - hold nothing yet
 * @proc: /proc/PID, stays with the caller
 */
struct mlu_held_files *mlu_held_new(int proc);
void mlu_held_free(struct mlu_held_files *held);

/* Opens what is mapped executable now. The first call has to be made before the attach. */
void mlu_held_look(struct mlu_held_files *held);

/**
 * mlu_held_bind() - tie each mapping without a build-id to the file that was seen there
 * @target: of a report that was read after the last mlu_held_look()
 *
 * Looks again, so it must be called soon after the report was read.
 */
void mlu_held_bind(struct mlu_held_files *held, const struct mlu_target *target);

/**
 * mlu_held_open() - get the file of a mapping
 * @why: set where there is no file and the reason is known, to be freed
 *
 * Return: an open file, or -1.
 */
int mlu_held_open(const struct mlu_held_files *held, const struct mlu_mapping *mapping, char **why);

#endif
