/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a target's allocators are, and where in them the breakpoints go. */
#ifndef MLU_SITES_H
#define MLU_SITES_H

#include "probes.h"

#define MLU_MAX_SITES 512

struct mlu_request;

struct mlu_sites {
	unsigned int nr;
	bool too_many;			  /* there are more than fit */
	bool object_seen;		  /* an object of the wanted name is mapped */
	const struct mlu_mapping *unread; /* its file was not read in time */
	const struct mlu_mapping *failed; /* the first with a file that cannot be read, or NULL */
	int failure;			  /* the error */
	struct mlu_site site[MLU_MAX_SITES];
};

int mlu_sites_find(struct mlu_request *request, struct mlu_target *target, struct mlu_sites *sites,
		   unsigned long deadline);

#endif /* MLU_SITES_H */
