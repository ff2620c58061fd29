/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_ROOTS_H
#define MU_ROOTS_H

#include "areas.h"
#include "remote.h"
#include "stop.h"

struct mu_ranges mu_roots_dead_stack(const struct mu_stop *stop, const struct mu_areas *areas,
				     struct mu_remote *remote);

typedef void mu_kernel_taker(void *context, uint64_t value, int fd);

bool mu_roots_epoll(int proc, mu_kernel_taker *take, void *context);
bool mu_roots_timers(int proc, mu_kernel_taker *take, void *context);

#endif
