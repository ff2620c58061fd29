/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files that a live process has mapped executable, opened while it has them mapped.
 *
 * A build-id proves that a file is the one that was mapped. For a file without one the proof is
 * that it was seen at the mapping's place both before and after a report that shows the mapping, or
 * that it has been at the mapping's path, unchanged, since before the process was attached.
 */
#ifndef MU_HELD_FILES_H
#define MU_HELD_FILES_H

#include "report.h"

struct mu_held_files;

/**
 * mu_held_files_new() - hold nothing yet
 * @proc: /proc/PID, stays with the caller
 */
struct mu_held_files *mu_held_files_new(int proc);
void mu_held_files_free(struct mu_held_files *held);

/* Opens what is mapped executable now. The first call has to be made before the attach. */
void mu_held_files_scan(struct mu_held_files *held);

/**
 * mu_held_files_bind() - tie each mapping without a build-id to the file that was seen there
 * @target: of a report that was read after the last mu_held_files_scan()
 *
 * Looks again, so it must be called soon after the report was read.
 */
void mu_held_files_bind(struct mu_held_files *held, const struct mu_target *target);

/**
 * mu_held_files_open() - get the file of a mapping
 * @why: set where there is no file and the reason is known, to be freed
 *
 * Return: an open file, or -1.
 */
int mu_held_files_open(const struct mu_held_files *held, const struct mu_mapping *mapping,
		       char **why);

#endif
