/* SPDX-License-Identifier: GPL-2.0-only */
/* peer: stack walks by elfutils' libdwfl, to compare ours with. */
#ifndef MLU_ORACLE_PEER_H
#define MLU_ORACLE_PEER_H

#include "walk.h"

struct peer;

struct peer *peer_new(pid_t pid);
void peer_free(struct peer *peer);
u64 peer_address(struct peer *peer, const char *object, u64 offset);
void peer_follow(pid_t pid, struct process **ours, struct peer **theirs);
void peer_walk(struct peer *peer, pid_t tid, struct frames *frames);

#endif /* MLU_ORACLE_PEER_H */
