/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel side's files in debugfs. Nothing else of the tool knows where they are. */
#ifndef MU_DEBUGFS_H
#define MU_DEBUGFS_H

#include <stdint.h>
#include <stdio.h>

struct mu_debugfs;

/*
 * Opens the kernel side, loading the module if it must: from module_file, or by
 * name if that is NULL. NULL: it has said what is missing.
 *
 * A target attached with bound=1 lives until mu_debugfs_close(), or until the
 * tool dies of whatever.
 */
struct mu_debugfs *mu_debugfs_open(const char *module_file);
void mu_debugfs_close(struct mu_debugfs *debugfs);

/* Writes one command. 0, or an errno with *sentence, to be freed, saying why it was refused. */
int mu_debugfs_command(struct mu_debugfs *debugfs, const char *command, char **sentence);

/* The text of control, and of a target's "report", "allocations" or "stats"; NULL with errno. */
FILE *mu_debugfs_open_control(struct mu_debugfs *debugfs);
FILE *mu_debugfs_open_target(struct mu_debugfs *debugfs, uint64_t id, const char *name);

/* The stats of all targets. */
FILE *mu_debugfs_open_stats(struct mu_debugfs *debugfs);

/* For its tests: the same with the files in dir, nothing loaded. */
struct mu_debugfs *mu_debugfs_open_in(const char *dir);

#endif
