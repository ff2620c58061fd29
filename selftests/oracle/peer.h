/* SPDX-License-Identifier: GPL-2.0-only */
/* peer: the same stack, walked by elfutils' libdwfl. */
#ifndef MLU_ORACLE_PEER_H
#define MLU_ORACLE_PEER_H

#include "walk.h"

struct peer;

struct peer *peer_new(pid_t pid);
void peer_free(struct peer *peer);

/* Where the address @offset of the mapped ELF file with the name @object is, 0 if there is none. */
u64 peer_address(struct peer *peer, const char *object, u64 offset);

/* Makes both anew where the process's mappings are no longer those; both NULL at first. */
void peer_follow(pid_t pid, struct process **ours, struct peer **theirs);

/* The thread @tid of the process, which is stopped by us. */
void peer_walk(struct peer *peer, pid_t tid, struct frames *frames);

#endif /* MLU_ORACLE_PEER_H */
