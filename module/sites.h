/* SPDX-License-Identifier: GPL-2.0-only */
/* The sites of a target: the allocator functions to probe. */
#ifndef MLU_SITES_H
#define MLU_SITES_H

#include "probes.h"

#define MLU_MAX_SITES 1024

struct mlu_dso;
struct mlu_request;

/**
 * struct mlu_sites - sites of a target, found at its attach or in what it has mapped since
 * @nr: number of @site
 * @max: how many there may be
 * @too_many: more than @max were found
 * @untraced: the functions that are not traced
 * @has_prefixed: an object defines malloc and free with prefix=
 * @found: two bits for each pair: an object defines its first, its second function
 * @whole: the same bits: an object defines both
 * @object_seen: an object with the name of object= is mapped
 * @unread: the mapping whose file was not read before the deadline, or NULL
 * @failed: the first mapping whose file could not be read, or NULL
 * @failure: the error of @failed
 * @site: the sites
 */
struct mlu_sites {
	unsigned int nr;
	unsigned int max;
	bool too_many;
	struct list_head untraced;
	bool has_prefixed;
	u16 found;
	u16 whole;
	bool object_seen;
	const struct mlu_mapping *unread;
	const struct mlu_mapping *failed;
	int failure;
	struct mlu_site site[MLU_MAX_SITES];
};

struct mlu_sites *mlu_sites_new(const struct mlu_target *target);
void mlu_sites_free(struct mlu_sites *sites);
void mlu_sites_note_untraced(struct mlu_target *target, struct mlu_sites *sites);
int mlu_sites_find(struct mlu_request *request, struct mlu_target *target, struct mlu_sites *sites,
		   unsigned long deadline);
int mlu_sites_check(struct mlu_request *request, struct mlu_target *target,
		    const struct mlu_sites *sites, int err, unsigned long deadline);
bool mlu_sites_is_wanted(const struct mlu_target *target, const struct mlu_mapping *mapping);
int mlu_sites_find_in(struct mlu_target *target, const struct mlu_dso *dso,
		      struct mlu_sites *sites);
bool mlu_sites_find_exits(struct mlu_target *target, struct mlu_sites *sites);

#endif /* MLU_SITES_H */
