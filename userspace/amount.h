/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_AMOUNT_H
#define MU_AMOUNT_H

#include <stdint.h>

/* Size of the buffer of mu_format_change(). */
#define MU_CHANGE_MAX 64

/**
 * struct mu_amount - an amount of memory
 * @bytes: its bytes
 * @count: the number of allocations that have them
 */
struct mu_amount {
	uint64_t bytes;
	uint64_t count;
};

/**
 * struct mu_change - an amount at two times
 * @from: at the earlier one
 * @to: at the later one
 */
struct mu_change {
	struct mu_amount from;
	struct mu_amount to;
};

uint64_t mu_add_limited(uint64_t a, uint64_t b);
void mu_amount_add(struct mu_amount *sum, struct mu_amount more);
struct mu_amount mu_amount_combine_errors(struct mu_amount one, struct mu_amount other);
int mu_change_compare(const struct mu_change *x, const struct mu_change *y);
int mu_change_sign(const struct mu_change *change);
void mu_format_change(char *text, const struct mu_change *change);

#endif
