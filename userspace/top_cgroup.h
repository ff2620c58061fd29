/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_CGROUP_H
#define MU_TOP_CGROUP_H

#include <stdint.h>

/**
 * struct mu_top_cgroups - the mount of cgroup v2
 * @dir: its directory, -1 if it is not mounted
 * @above: path of the cgroup that is mounted there, without a slash at its end
 */
struct mu_top_cgroups {
	int dir;
	char *above;
};

void mu_top_cgroups_open(struct mu_top_cgroups *c, int root);
void mu_top_cgroups_close(struct mu_top_cgroups *c);
uint64_t mu_top_cgroups_left(const struct mu_top_cgroups *c, const char *path, uint64_t swap_free);

#endif
