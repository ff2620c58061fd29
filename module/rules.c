// SPDX-License-Identifier: GPL-2.0-only
/*
 * The unwind data of one object, in the module's memory, and the rules found in it so far.
 *
 * The data is read once, by the work that reads the object's file (dso.c): a copy of .eh_frame and
 * a table of its entries. After that handlers look up rules without I/O. The result, also that
 * there is no rule, is stored under its offset in the file, so that a call site is interpreted
 * once.
 *
 * Context: Reading is called from the work of the object and may sleep. Freeing is called with the
 * last reference on the object and may sleep. Looking up is called from handlers and works and does
 * not sleep.
 * Locking: rules->lock, a leaf, orders the insertion of rules. Looking up takes no lock: a bucket
 * is a list that is only pushed to, with release, and its elements do not change.
 *
 * Memory: All of it is charged and bounded by the limit, as the target determines its size. An
 * object whose data exceeds the limit has no unwind data; a rule that exceeds it is not stored.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "lib/elf.h"
#include "mem.h"
#include "rules.h"

/* Positions in the section have 32 bits, of which 31 are used; the memory limit is lower. */
#define MAX_DATA (S32_MAX - PAGE_SIZE)
/* Bytes per read of the file; the work can be rescheduled between two reads. */
#define READ_CHUNK (256 * 1024UL)
/* Chromium has one million. */
#define MAX_ENTRIES (8 * 1024 * 1024U)
#define MIN_BUCKET_BITS 4
#define MAX_BUCKET_BITS 14
/* Average length; further rules are not stored but interpreted each time. */
#define MAX_CHAIN 16

static size_t rule_size(const struct mlu_cfi_rule *rule)
{
	return offsetof(struct mlu_rule, rule.saved) + rule->nr * sizeof(rule->saved[0]);
}

static size_t table_size(const struct mlu_rules *rules)
{
	return rules->cfi.nr * sizeof(*rules->table);
}

static size_t buckets_size(const struct mlu_rules *rules)
{
	return sizeof(*rules->buckets) << rules->bucket_bits;
}

/* === Reading === */

/* Bound by the limit, unlike mlu_mem_zalloc() with GFP_KERNEL. */
static void *zalloc_limited(size_t size)
{
	void *p;

	if (!mlu_mem_charge(MLU_MEM_UNWIND, size))
		return NULL;
	p = kvzalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!p)
		mlu_mem_uncharge(MLU_MEM_UNWIND, size);
	return p;
}

static int read_data(struct mlu_rules *rules, const struct mlu_elf_source *source, u64 offset)
{
	u32 pos, len;
	int err = 0;

	for (pos = 0; pos < rules->cfi.size && !err; pos += len) {
		len = min_t(u32, rules->cfi.size - pos, READ_CHUNK);
		err = source->read(source, offset + pos, rules->data + pos, len);
		cond_resched();
	}
	return err;
}

static int fill_table(struct mlu_rules *rules, u32 nr)
{
	struct mlu_cfi_entry *spare;

	if (!nr)
		return 0;
	rules->table = zalloc_limited(nr * sizeof(*rules->table));
	spare = zalloc_limited(nr * sizeof(*spare));
	if (rules->table && spare)
		mlu_cfi_index(&rules->cfi, rules->table, spare, nr);
	mlu_mem_free(MLU_MEM_UNWIND, spare, nr * sizeof(*spare));
	if (!rules->table)
		return -ENOMEM;
	/* cfi.nr entries are uncharged at the free; the table may be shorter than its memory. */
	mlu_mem_uncharge(MLU_MEM_UNWIND, (nr - rules->cfi.nr) * sizeof(*rules->table));
	return spare ? 0 : -ENOMEM;
}

static int make_table(struct mlu_rules *rules)
{
	u32 nr = mlu_cfi_count(&rules->cfi, MAX_ENTRIES);
	int err;

	/* If entries could not be read, the rules of their code are unknown, not absent. */
	if (!nr && !rules->cfi.hole)
		return -ENOENT;
	err = fill_table(rules, nr);
	if (err)
		return err;
	rules->bucket_bits = clamp_t(unsigned int, order_base_2(rules->cfi.nr / 2 + 1),
				     MIN_BUCKET_BITS, MAX_BUCKET_BITS);
	rules->buckets = zalloc_limited(buckets_size(rules));
	return rules->buckets ? 0 : -ENOMEM;
}

/**
 * mlu_rules_read() - read the unwind data of an opened image
 * @elf: the image
 *
 * Context: Process context. May sleep, does file I/O.
 * Return: the rules; NULL if it has no unwind data; ERR_PTR(-ENOMEM) without memory or at the
 * limit, or the error of reading the file.
 */
struct mlu_rules *mlu_rules_read(struct mlu_elf *elf)
{
	struct mlu_elf_unwind unwind;
	struct mlu_rules *rules;
	int err = mlu_elf_unwind(elf, &unwind);

	if (err)
		return ERR_PTR(err);
	if (!unwind.size)
		return NULL;
	rules = zalloc_limited(sizeof(*rules));
	if (!rules)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&rules->lock);
	rules->cfi.size = min_t(u64, unwind.size, MAX_DATA);
	err = -ENOMEM;
	rules->data = zalloc_limited(rules->cfi.size);
	if (!rules->data)
		goto err_free;
	mlu_cfi_init(&rules->cfi, rules->data, rules->cfi.size, unwind.vaddr);
	err = read_data(rules, elf->src, unwind.offset);
	if (!err)
		err = make_table(rules);
	if (err)
		goto err_free;
	return rules;

err_free:
	mlu_rules_free(rules);
	return err == -ENOENT ? NULL : ERR_PTR(err);
}

struct memory_source {
	struct mlu_elf_source source;
	const void *data;
};

static int memory_read(const struct mlu_elf_source *source, u64 off, void *buf, size_t len)
{
	memcpy(buf, container_of(source, struct memory_source, source)->data + off, len);
	return 0;
}

/**
 * mlu_rules_of_memory() - read the unwind data of an image in the kernel's memory
 * @data: the image
 * @size: its bytes
 *
 * Context: Process context. May sleep.
 * Return: the rules, or NULL if it has no unwind data or without memory.
 */
struct mlu_rules *mlu_rules_of_memory(const void *data, size_t size)
{
	struct memory_source memory = {
		.source = { .read = memory_read, .size = size },
		.data = data,
	};
	struct mlu_elf *elf = kvmalloc(sizeof(*elf), GFP_KERNEL);
	void *scratch = kmalloc(PAGE_SIZE, GFP_KERNEL);
	struct mlu_rules *rules = NULL;

	if (elf && scratch && !mlu_elf_open(elf, &memory.source, scratch, PAGE_SIZE))
		rules = mlu_rules_read(elf);
	kfree(scratch);
	kvfree(elf);
	return IS_ERR(rules) ? NULL : rules;
}

/**
 * mlu_rules_free() - free the unwind data of an object
 * @rules: the rules, which have no users any more; may be NULL
 *
 * Context: Process context. May sleep.
 */
void mlu_rules_free(struct mlu_rules *rules)
{
	struct mlu_rule *rule, *next;
	unsigned int i;

	if (!rules)
		return;
	for (i = 0; rules->buckets && i < 1U << rules->bucket_bits; i++) {
		for (rule = rules->buckets[i]; rule; rule = next) {
			next = rule->next;
			mlu_mem_free(MLU_MEM_UNWIND, rule, rule_size(&rule->rule));
		}
		cond_resched();
	}
	mlu_mem_free(MLU_MEM_UNWIND, rules->buckets, buckets_size(rules));
	mlu_mem_free(MLU_MEM_UNWIND, rules->table, table_size(rules));
	mlu_mem_free(MLU_MEM_UNWIND, rules->data, rules->cfi.size);
	mlu_mem_free(MLU_MEM_UNWIND, rules, sizeof(*rules));
}

/**
 * mlu_rules_bytes() - get the memory of an object's unwind data
 * @rules: the rules
 *
 * Context: Any.
 * Return: bytes.
 */
size_t mlu_rules_bytes(const struct mlu_rules *rules)
{
	return sizeof(*rules) + rules->cfi.size + table_size(rules) + buckets_size(rules) +
	       READ_ONCE(rules->bytes_rules);
}

/* === Looking up === */

static struct mlu_rule **bucket_of(const struct mlu_rules *rules, u64 offset)
{
	return &rules->buckets[hash_64(offset, rules->bucket_bits)];
}

/* Return: false if the rule is stored already, or if chains would become too long. */
static bool push_rule(struct mlu_rules *rules, struct mlu_rule *rule)
{
	struct mlu_rule **bucket = bucket_of(rules, rule->offset);
	bool pushed = false;

	spin_lock(&rules->lock);
	if (rules->nr_rules >> rules->bucket_bits < MAX_CHAIN &&
	    !mlu_rules_find(rules, rule->offset)) {
		rule->next = *bucket;
		/* Pairs with mlu_rules_find(). */
		smp_store_release(bucket, rule);
		rules->nr_rules++;
		WRITE_ONCE(rules->bytes_rules, rules->bytes_rules + rule_size(&rule->rule));
		pushed = true;
	}
	spin_unlock(&rules->lock);
	return pushed;
}

/* Find out how unwind_fast.c can leave a frame with this rule. */
static void set_step(struct mlu_rule *rule)
{
	const struct mlu_cfi_rule *r = &rule->rule;
	unsigned int i;
	u8 step = r->cfa_reg == MLU_CFI_SP ? MLU_STEP_SP : MLU_STEP_FP;

	if (rule->refusal != MLU_CFI_OK || r->signal || r->cfa_expression ||
	    r->behind != MLU_CFI_ANY_BYTE || (r->cfa_reg != MLU_CFI_SP && r->cfa_reg != MLU_CFI_FP))
		return;
	for (i = 0; i < r->nr; i++) {
		const struct mlu_cfi_saved *saved = &r->saved[i];

		if (saved->reg == MLU_CFI_RA && saved->how == MLU_CFI_UNDEFINED &&
		    r->cfa_reg == MLU_CFI_SP)
			step = MLU_STEP_END;
		else if (saved->reg == MLU_CFI_SP || saved->reg == MLU_CFI_RA)
			return;
		if (saved->reg != MLU_CFI_FP)
			continue;
		if (saved->how != MLU_CFI_AT_OFFSET)
			return;
		rule->saves_fp = true;
		rule->fp_at = saved->value;
	}
	rule->step = step;
}

/**
 * mlu_rules_recall() - look up a rule that was met before
 * @rules: the unwind data of the object
 * @offset: the offset of the code in the file
 * @found: set to the result
 *
 * Context: Any. Does not sleep.
 * Return: false if it was not met before, or is not stored.
 */
bool mlu_rules_recall(const struct mlu_rules *rules, u64 offset, struct mlu_rule_found *found)
{
	const struct mlu_rule *known = mlu_rules_find(rules, offset);

	if (!known)
		return false;
	found->refusal = known->refusal;
	found->rule = &known->rule;
	return true;
}

/**
 * mlu_rules_learn() - interpret a rule and store it
 * @rules: the unwind data of the object
 * @offset: the offset of the code in the file
 * @vaddr: the address of the same code in the ELF file
 * @scratch: memory for it
 * @found: set to the result, which points into @scratch
 *
 * Context: Any. Does not sleep.
 */
void mlu_rules_learn(struct mlu_rules *rules, u64 offset, u64 vaddr,
		     struct mlu_rules_scratch *scratch, struct mlu_rule_found *found)
{
	struct mlu_rule *rule;
	size_t size;

	found->rule = &scratch->rule;
	found->refusal = mlu_cfi_rule(&rules->cfi, vaddr, &scratch->cfi, &scratch->rule);
	if (found->refusal != MLU_CFI_OK)
		scratch->rule.nr = 0;
	size = rule_size(&scratch->rule);
	rule = mlu_mem_zalloc(MLU_MEM_UNWIND, size, MLU_GFP);
	if (!rule)
		return;
	rule->offset = offset;
	rule->refusal = found->refusal;
	memcpy(&rule->rule, &scratch->rule, size - offsetof(struct mlu_rule, rule));
	set_step(rule);
	if (!push_rule(rules, rule))
		mlu_mem_free(MLU_MEM_UNWIND, rule, size);
}
