// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk frames with few instructions: those whose rule is known and simple.
 *
 * The rule of nearly each frame gives the CFA as the stack pointer or the frame pointer plus a
 * constant, and the return address lies below it. Such frames need no other register, so only these
 * two are followed. All words are read within one user_access_begin(). Any other frame is left to
 * unwind.c, which continues with the registers that are known here.
 *
 * Context: Called from handlers, at the entry of a call, within rcu_read_lock(). Does not sleep.
 * Page faults are off: a page that is not present is left to unwind.c, too. Takes no locks.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "dso.h"
#include "unwind.h"

/* The part of the stack that is read: further out it is left to unwind.c. */
#define WINDOW (1024UL * 1024)

/* The two registers that are followed, as struct mlu_registers has them. */
struct position {
	u64 pc;
	u64 sp;
	u64 fp; /* or its address, if it is saved */
	bool fp_known;
	bool fp_saved;
};

/* The words that are read, within user_access_begin(). */
struct window {
	u64 base;
	u64 size;
};

/* Code of one mapping that has rules. */
struct region {
	struct mlu_mapping *mapping;
	const struct mlu_rules *rules;
	u64 start;
	u64 len;
	u64 bias; /* from an address to its offset in the file */
};

/* Begin to read. Return: false if the stack pointer is too far up, or the window cannot be read. */
static __always_inline bool begin_reading(struct window *w, u64 sp)
{
	/* No stack reaches into the last page. */
	if (sp >= TASK_SIZE_MAX - 2 * PAGE_SIZE)
		return false;
	w->base = sp;
	w->size = min_t(u64, WINDOW, TASK_SIZE_MAX - PAGE_SIZE - sp);
	return user_access_begin((void __user *)w->base, w->size);
}

/*
 * Read a word between user_access_begin() and _end(). The mask keeps the CPU from reading elsewhere
 * speculatively. Return: false if the word is not in the window or cannot be read.
 */
static __always_inline bool read_word(const struct window *w, u64 addr, u64 *value)
{
	unsigned long offset = addr - w->base;

	if (offset > w->size - sizeof(*value))
		return false;
	offset = array_index_nospec(offset, w->size - sizeof(*value) + 1);
	unsafe_get_user(*value, (u64 __user *)(w->base + offset), failed);
	return true;
failed:
	return false;
}

static __always_inline bool read_fp(const struct window *w, struct position *p)
{
	if (!p->fp_known || (p->fp_saved && !read_word(w, p->fp, &p->fp)))
		return false;
	p->fp_saved = false;
	return true;
}

/* Return: false if the code at @pc has no rules, or none that can be used without unwind.c. */
static bool find_region(struct mlu_maps *maps, u64 pc, struct region *r)
{
	struct mlu_mapping *m = mlu_maps_find(maps, pc);
	struct mlu_dso *dso;

	if (!m || READ_ONCE(m->holes.nr) || mlu_mapping_rules(m, &dso) != MLU_RULES_THERE)
		return false;
	r->mapping = m;
	r->rules = dso->rules;
	r->start = m->start;
	r->len = m->end - m->start;
	r->bias = m->offset - m->start;
	return true;
}

/*
 * Go to the caller by a rule that is neither slow nor the end.
 *
 * Return: false if that is left to unwind.c; @p is that of the frame then.
 */
static __always_inline bool leave_frame(const struct window *w, const struct mlu_rule *rule,
					struct mlu_step *step, struct position *p)
{
	u64 cfa = p->sp, next;

	if (rule->step == MLU_STEP_FP) {
		if (!read_fp(w, p))
			return false;
		step->uses_fp = true;
		step->fp = p->fp;
		cfa = p->fp;
	}
	cfa += (s64)rule->rule.cfa_value;
	if (!read_word(w, cfa + MLU_CFI_RA_OFFSET, &next) || !next ||
	    (next == p->pc && cfa == p->sp))
		return false;
	if (rule->saves_fp) {
		p->fp = cfa + rule->fp_at;
		p->fp_known = true;
		p->fp_saved = true;
		step->saves_fp = true;
		step->fp_slot = p->fp;
	}
	p->pc = next;
	p->sp = cfa;
	return true;
}

/* Find the entry of the frame at @p, by which the walk may be completed if it is linked. */
static __always_inline struct mlu_cached_frame *
find_entry(struct mlu_walk *walk, const struct window *w, struct position *p, unsigned int depth)
{
	struct mlu_cached_frame *f;

	if (!walk->cache)
		return NULL;
	f = mlu_cached_frame_find(walk->cache, walk->version, p->sp, p->pc);
	if (!f || f->nr > depth - walk->trace.nr ||
	    (f->needs_fp && (!read_fp(w, p) || p->fp != f->fp)))
		return NULL;
	return f;
}

/*
 * Walk frames, from @p on. Return: true if the walk is complete.
 *
 * Where a word has changed since the earlier walk, all its inner frames lead there: only frames
 * further out are looked up again.
 */
static __always_inline bool walk_frames(struct mlu_maps *maps, unsigned int depth,
					struct mlu_walk *walk, struct position *p)
{
	struct mlu_trace *trace = &walk->trace;
	struct region r = { .len = 0 };
	u64 changed_sp = 0, pc;
	const struct mlu_rule *rule;
	struct mlu_cached_frame *f;
	struct mlu_frame *frame;
	struct mlu_step *step;
	struct window w;

	if (!begin_reading(&w, p->sp))
		return false;
	while (trace->nr + 1 < depth) {
		f = p->sp > changed_sp ? find_entry(walk, &w, p, depth) : NULL;
		if (f) {
			user_access_end();
			if (mlu_cached_frame_is_linked(walk->cache, f) &&
			    mlu_walk_cache_join(walk, f, &changed_sp))
				return true;
			if (!user_access_begin((void __user *)w.base, w.size))
				return false;
		}
		pc = p->pc;
		if (pc - 1 - r.start >= r.len) {
			user_access_end();
			if (!find_region(maps, pc - 1, &r) ||
			    !user_access_begin((void __user *)w.base, w.size))
				return false;
		}
		rule = mlu_rules_find(r.rules, pc - 1 + r.bias);
		if (!rule || rule->step == MLU_STEP_SLOW)
			break;
		/* No subscripts: UBSAN's report would be called with access to user memory. */
		step = walk->steps + trace->nr;
		frame = trace->frames + trace->nr;
		*step = (struct mlu_step){ .sp = p->sp };
		if (rule->step != MLU_STEP_END && !leave_frame(&w, rule, step, p))
			break;
		frame->tagged_pc = pc;
		frame->mapping = r.mapping;
		trace->nr++;
		walk->nr_by_rule++;
		if (rule->step == MLU_STEP_END) {
			user_access_end();
			trace->end = MLU_WALK_END;
			return true;
		}
	}
	user_access_end();
	return false;
}

/**
 * mlu_unwind_fast() - walk as many frames as have simple rules, and join an earlier walk
 * @maps: the mappings of current's target
 * @depth: the largest number of frames
 * @regs: the registers of the first frame, then those of the first frame that was not walked: pc,
 *	stack pointer and frame pointer
 * @walk: the frames are appended to its trace
 *
 * Return: true if the walk is complete: it has ended at the outermost frame.
 */
bool mlu_unwind_fast(struct mlu_maps *maps, unsigned int depth, struct mlu_registers *regs,
		     struct mlu_walk *walk)
{
	const unsigned int first = walk->trace.nr;
	struct position p = {
		.pc = regs->pc,
		.sp = regs->value[MLU_CFI_SP],
		.fp = regs->value[MLU_CFI_FP],
		.fp_known = regs->known & BIT(MLU_CFI_FP),
		.fp_saved = regs->saved & BIT(MLU_CFI_FP),
	};
	bool is_complete;

	walk->cache = mlu_walk_cache_get();
	pagefault_disable();
	is_complete = walk_frames(maps, depth, walk, &p);
	pagefault_enable();
	mlu_walk_cache_put();
	if (is_complete || walk->trace.nr == first)
		return is_complete;
	regs->pc = p.pc;
	regs->slot = p.sp + MLU_CFI_RA_OFFSET;
	regs->interrupted = false;
	regs->value[MLU_CFI_SP] = p.sp;
	regs->value[MLU_CFI_FP] = p.fp;
	regs->known = BIT(MLU_CFI_SP) | (p.fp_known ? BIT(MLU_CFI_FP) : 0);
	regs->saved = p.fp_saved ? BIT(MLU_CFI_FP) : 0;
	return false;
}
