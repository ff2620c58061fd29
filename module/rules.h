/* SPDX-License-Identifier: GPL-2.0-only */
/* The unwind data of one object, and the rules found in it so far. */
#ifndef MLU_RULES_H
#define MLU_RULES_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "lib/cfi.h"

struct mlu_elf;
struct mlu_rule;

/**
 * struct mlu_rules - the unwind data of one object, and the rules found in it
 * @cfi: the section, for lib/cfi.c
 * @data: the copy of .eh_frame
 * @table: the table of its entries
 * @lock: orders the insertion of rules
 * @nr_rules: rules in the buckets
 * @bytes_rules: their memory
 * @bucket_bits: there are 2^@bucket_bits buckets
 * @buckets: the rules, hashed by offset
 *
 * Constant but for the buckets: rules are added, never changed, and freed with the object.
 */
struct mlu_rules {
	struct mlu_cfi cfi;
	u8 *data;
	struct mlu_cfi_entry *table;
	spinlock_t lock; /* a leaf */
	unsigned int nr_rules;
	size_t bytes_rules;
	unsigned int bucket_bits;
	struct mlu_rule **buckets;
};

/**
 * struct mlu_rule_found - the result of looking up a rule
 * @refusal: MLU_CFI_OK, or why there is no rule
 * @rule: the rule; if none was found, only its @behind is valid
 */
struct mlu_rule_found {
	enum mlu_cfi_refusal refusal;
	const struct mlu_cfi_rule *rule;
};

/**
 * struct mlu_rules_scratch - memory for interpreting a rule
 * @cfi: for lib/cfi.c
 * @rule: the rule
 *
 * Too large for a handler's stack.
 */
struct mlu_rules_scratch {
	struct mlu_cfi_scratch cfi;
	struct mlu_cfi_rule rule;
};

struct mlu_rules *mlu_rules_read(struct mlu_elf *elf);
struct mlu_rules *mlu_rules_of_memory(const void *data, size_t size);
void mlu_rules_free(struct mlu_rules *rules);
size_t mlu_rules_bytes(const struct mlu_rules *rules);

bool mlu_rules_recall(const struct mlu_rules *rules, u64 offset, struct mlu_rule_found *found);
void mlu_rules_learn(struct mlu_rules *rules, u64 offset, u64 vaddr,
		     struct mlu_rules_scratch *scratch, struct mlu_rule_found *found);

#endif /* MLU_RULES_H */
