/* SPDX-License-Identifier: GPL-2.0-only */
/* The unwind data of one object, and the rules found in it so far. */
#ifndef MLU_RULES_H
#define MLU_RULES_H

#include <linux/hash.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "lib/cfi.h"

struct mlu_elf;

/**
 * enum mlu_step_kind - how a frame with this rule is left by unwind_fast.c
 * @MLU_STEP_SLOW: not at all
 * @MLU_STEP_SP: the CFA is the stack pointer plus a constant
 * @MLU_STEP_FP: the CFA is the frame pointer plus a constant
 * @MLU_STEP_END: it is the outermost frame
 *
 * With SP and FP the return address is where the call has pushed it, and the caller's frame pointer
 * is unchanged or saved at a constant distance from the CFA.
 */
enum mlu_step_kind {
	MLU_STEP_SLOW,
	MLU_STEP_SP,
	MLU_STEP_FP,
	MLU_STEP_END,
};

/**
 * struct mlu_rule - the rule of one address that was met before
 * @next: the next rule of its bucket
 * @offset: of the address in the file
 * @refusal: why there is no rule, or MLU_CFI_OK
 * @step: enum mlu_step_kind
 * @saves_fp: the caller's frame pointer is saved at CFA + @fp_at
 * @fp_at: see @saves_fp
 * @rule: the rule; its memory ends behind the registers that it lists
 */
struct mlu_rule {
	struct mlu_rule *next;
	u64 offset;
	u32 refusal;
	u8 step;
	bool saves_fp;
	s32 fp_at;
	struct mlu_cfi_rule rule;
};

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

/**
 * mlu_rules_find() - look up a rule that was met before
 * @rules: the unwind data of the object
 * @offset: the offset of the code in the file
 *
 * Context: Any, also within user_access_begin(). Does not sleep.
 * Return: the rule, or NULL if it was not met before or is not stored.
 */
static __always_inline const struct mlu_rule *mlu_rules_find(const struct mlu_rules *rules,
							     u64 offset)
{
	struct mlu_rule *const *bucket = &rules->buckets[hash_64(offset, rules->bucket_bits)];
	/* Pairs with push_rule() in rules.c. */
	const struct mlu_rule *rule = smp_load_acquire(bucket);

	while (rule && rule->offset != offset)
		rule = rule->next;
	return rule;
}

bool mlu_rules_recall(const struct mlu_rules *rules, u64 offset, struct mlu_rule_found *found);
void mlu_rules_learn(struct mlu_rules *rules, u64 offset, u64 vaddr,
		     struct mlu_rules_scratch *scratch, struct mlu_rule_found *found);

#endif /* MLU_RULES_H */
