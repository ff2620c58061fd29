// SPDX-License-Identifier: GPL-2.0-only
/*
 * The unwind data of one object, in the module's memory, and the rules found in it so far.
 *
 * Read once, by the work that reads the object's file (dso.c): a copy of .eh_frame, and a table of
 * its entries.  From then on handlers look rules up without I/O.  What is found is remembered by
 * its place in the file, so that a call site is interpreted once; so is that there is none.
 *
 * Entered from: the reader's work (read, may sleep), whoever lets go of the object last (free),
 * handlers and works (find; does not sleep).
 * Locks: rules->lock, a leaf, orders the adding of rules.  Looking up takes none: a bucket is a
 * list that is only ever pushed to, with release, and nothing on it changes.
 *
 * Memory: all of it is charged and bound by the limit, as it is the target that says how much there
 * is.  An object whose data does not fit has none; a rule that does not fit is not remembered.
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

/* Positions in the section have 32 bits, of which we use 31; the memory limit comes earlier. */
#define MAX_DATA (S32_MAX - PAGE_SIZE)
/* One read of the file: between two the work can be made to give up the processor. */
#define READ_CHUNK (256 * 1024UL)
/* Chromium has a million. */
#define MAX_ENTRIES (8 * 1024 * 1024U)
#define MIN_BUCKET_BITS 4
#define MAX_BUCKET_BITS 14
/* On the average: what is more is interpreted each time. */
#define MAX_CHAIN 16

/* One address's rule, only as long as it has registers to tell of. */
struct mlu_rule {
	struct mlu_rule *next;
	u64 offset; /* in the file */
	u32 refusal;
	struct mlu_cfi_rule rule;
};

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

/* At the limit there is none, unlike for what commands need. */
static void *zalloc(size_t size)
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
	rules->table = zalloc(nr * sizeof(*rules->table));
	spare = zalloc(nr * sizeof(*spare));
	if (rules->table && spare)
		mlu_cfi_index(&rules->cfi, rules->table, spare, nr);
	mlu_mem_free(MLU_MEM_UNWIND, spare, nr * sizeof(*spare));
	if (!rules->table)
		return -ENOMEM;
	/* What stands in cfi.nr is what is freed: a table may turn out shorter than its room. */
	mlu_mem_uncharge(MLU_MEM_UNWIND, (nr - rules->cfi.nr) * sizeof(*rules->table));
	return spare ? 0 : -ENOMEM;
}

static int make_table(struct mlu_rules *rules)
{
	u32 nr = mlu_cfi_count(&rules->cfi, MAX_ENTRIES);
	int err;

	/* Where nothing can be read nothing is known, but it is not as if there were nothing. */
	if (!nr && !rules->cfi.hole)
		return -ENOENT;
	err = fill_table(rules, nr);
	if (err)
		return err;
	rules->bucket_bits = clamp_t(unsigned int, order_base_2(rules->cfi.nr / 2 + 1),
				     MIN_BUCKET_BITS, MAX_BUCKET_BITS);
	rules->buckets = zalloc(buckets_size(rules));
	return rules->buckets ? 0 : -ENOMEM;
}

static struct mlu_rules *rules_new(const struct mlu_elf_unwind *unwind)
{
	struct mlu_rules *rules;

	if (!unwind->size)
		return NULL;
	rules = zalloc(sizeof(*rules));
	if (!rules)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&rules->lock);
	rules->cfi.size = min_t(u64, unwind->size, MAX_DATA);
	rules->data = zalloc(rules->cfi.size);
	if (rules->data) {
		mlu_cfi_init(&rules->cfi, rules->data, rules->cfi.size, unwind->vaddr);
		return rules;
	}
	mlu_rules_free(rules);
	return ERR_PTR(-ENOMEM);
}

/*
 * mlu_rules_read() - the unwind data of an opened image
 *
 * Context: may sleep, does file I/O.
 * Return: NULL if it has none; -ENOMEM, also at the limit, or what reading the file said.
 */
struct mlu_rules *mlu_rules_read(struct mlu_elf *elf)
{
	struct mlu_elf_unwind unwind;
	struct mlu_rules *rules;
	int err = mlu_elf_unwind(elf, &unwind);

	if (err)
		return ERR_PTR(err);
	rules = rules_new(&unwind);
	if (IS_ERR_OR_NULL(rules))
		return rules;
	err = read_data(rules, elf->src, unwind.offset);
	if (!err)
		err = make_table(rules);
	if (!err)
		return rules;
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

/** mlu_rules_of_memory() - the same of an image in the kernel's memory. Context: may sleep. */
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

static void free_chain(struct mlu_rule *rule)
{
	while (rule) {
		struct mlu_rule *next = rule->next;

		mlu_mem_free(MLU_MEM_UNWIND, rule, rule_size(&rule->rule));
		rule = next;
	}
}

/** mlu_rules_free() - nobody looks rules up any more. Context: may sleep. */
void mlu_rules_free(struct mlu_rules *rules)
{
	unsigned int i;

	if (!rules)
		return;
	for (i = 0; rules->buckets && i < 1U << rules->bucket_bits; i++) {
		free_chain(rules->buckets[i]);
		cond_resched();
	}
	mlu_mem_free(MLU_MEM_UNWIND, rules->buckets, buckets_size(rules));
	mlu_mem_free(MLU_MEM_UNWIND, rules->table, table_size(rules));
	mlu_mem_free(MLU_MEM_UNWIND, rules->data, rules->cfi.size);
	mlu_mem_free(MLU_MEM_UNWIND, rules, sizeof(*rules));
}

/** mlu_rules_bytes() - what they hold of the kernel's memory. Context: any. */
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

static const struct mlu_rule *recall(struct mlu_rule *const *bucket, u64 offset)
{
	/* Pairs with remember(). */
	const struct mlu_rule *rule = smp_load_acquire(bucket);

	while (rule && rule->offset != offset)
		rule = rule->next;
	return rule;
}

/* False: another one was faster, or there are so many that looking them up would take long. */
static bool push(struct mlu_rules *rules, struct mlu_rule *rule)
{
	struct mlu_rule **bucket = bucket_of(rules, rule->offset);
	bool pushed = false;

	spin_lock(&rules->lock);
	if (rules->nr_rules >> rules->bucket_bits < MAX_CHAIN && !recall(bucket, rule->offset)) {
		rule->next = *bucket;
		/* Pairs with recall(). */
		smp_store_release(bucket, rule);
		rules->nr_rules++;
		WRITE_ONCE(rules->bytes_rules, rules->bytes_rules + rule_size(&rule->rule));
		pushed = true;
	}
	spin_unlock(&rules->lock);
	return pushed;
}

static void remember(struct mlu_rules *rules, u64 offset, enum mlu_cfi_refusal refusal,
		     const struct mlu_cfi_rule *found)
{
	struct mlu_rule *rule = mlu_mem_zalloc(MLU_MEM_UNWIND, rule_size(found), MLU_GFP);

	if (!rule)
		return;
	rule->offset = offset;
	rule->refusal = refusal;
	memcpy(&rule->rule, found, rule_size(found) - offsetof(struct mlu_rule, rule));
	if (!push(rules, rule))
		mlu_mem_free(MLU_MEM_UNWIND, rule, rule_size(found));
}

/*
 * mlu_rules_recall() - the rule of the code at an offset in the file, if it was looked up before
 *
 * Context: any, does not sleep.
 */
bool mlu_rules_recall(const struct mlu_rules *rules, u64 offset, struct mlu_rule_found *found)
{
	const struct mlu_rule *known = recall(bucket_of(rules, offset), offset);

	if (!known)
		return false;
	found->refusal = known->refusal;
	found->rule = &known->rule;
	return true;
}

/*
 * mlu_rules_learn() - look it up, and remember it
 * @vaddr: the same code's address in the ELF file
 * @scratch: the result points into it
 *
 * Context: any, does not sleep.
 */
void mlu_rules_learn(struct mlu_rules *rules, u64 offset, u64 vaddr,
		     struct mlu_rules_scratch *scratch, struct mlu_rule_found *found)
{
	found->rule = &scratch->rule;
	found->refusal = mlu_cfi_rule(&rules->cfi, vaddr, &scratch->cfi, &scratch->rule);
	if (found->refusal != MLU_CFI_OK)
		scratch->rule.nr = 0;
	remember(rules, offset, found->refusal, &scratch->rule);
}
