/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames of recent walks: where the next walk meets one whose stack is unchanged, it ends there. */
#ifndef MLU_WALK_CACHE_H
#define MLU_WALK_CACHE_H

#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct mlu_mapping;
struct mlu_stack;
struct mlu_walk;

/**
 * struct mlu_cached_frame - a frame of a walk that ended at the outermost frame
 * @sp: its stack pointer
 * @pc: its pc, a return address
 * @version: mlu_maps_version() of its walk
 * @up: its caller's frame; NULL: it is the outermost
 * @serial: changed when the entry is replaced
 * @up_serial: @serial of @up when this one was added
 * @linked_at: serial number of the cache when all entries from here on were checked to be there
 * @slot: where the return address is, if there is a caller
 * @ret: the return address: the caller's pc
 * @checks: bits MLU_CHECK_*
 * @needs_fp: the frames from here on depend on the frame pointer, which was @fp
 * @kind: enum mlu_kind of @stack
 * @nr: frames from here on, this one included
 * @nr_by_pointer: how many of them were left by the frame pointer
 * @walk: number of the walk that has added it
 * @end: the first address behind all memory that mlu_walk_cache checks from here on
 * @fp: see @needs_fp
 * @word_at: address of a word, if MLU_CHECK_WORD is set
 * @word: its value
 * @code: the word at @pc, if MLU_CHECK_CODE is set
 * @hash: mlu_stack_hash() of the frames from here on
 * @mapping: of @pc
 * @stack: the stored stack from here on, in the epoch @epoch; NULL: not known
 * @epoch: its id
 */
struct mlu_cached_frame {
	u64 sp;
	u64 pc;
	u64 version;
	struct mlu_cached_frame *up;
	u32 serial;
	u32 up_serial;
	u32 linked_at;
	u64 slot;
	u64 ret;
	u8 checks;
	bool needs_fp;
	u8 kind;
	u8 nr;
	u8 nr_by_pointer;
	u32 walk;
	u64 end;
	u64 fp;
	u64 word_at;
	u64 word;
	u64 code;
	u64 hash;
	struct mlu_mapping *mapping;
	struct mlu_stack *stack;
	u64 epoch;
};

#define MLU_CHECK_WORD BIT(0)
#define MLU_CHECK_CODE BIT(1)
#define MLU_CHECK_END BIT(2) /* nothing else: it is the outermost frame */

/**
 * struct mlu_step - what a walk has read to leave one frame, besides the return address
 * @sp: the stack pointer
 * @fp: the frame pointer, if @uses_fp
 * @fp_slot: where the frame has saved its caller's frame pointer, if @saves_fp
 * @code: the word at the pc, if @checks_code
 * @uses_fp: the frame pointer was read
 * @saves_fp: see @fp_slot
 * @by_pointer: the frame was left by the frame pointer
 * @checks_code: that depended on the code at the pc, which may change
 */
struct mlu_step {
	u64 sp;
	u64 fp;
	u64 fp_slot;
	u64 code;
	bool uses_fp;
	bool saves_fp;
	bool by_pointer;
	bool checks_code;
};

#define MLU_CACHE_BITS 7
#define MLU_CACHE_SETS BIT(MLU_CACHE_BITS)
#define MLU_CACHE_WAYS 4

/**
 * struct mlu_walk_cache - the frames that one CPU has cached
 * @serial: the last serial number of an entry
 * @walk: the number of the last walk that was added
 * @frame: the frames, in sets by their stack pointer and pc
 *
 * Used by its own CPU only, with preemption disabled.
 */
struct mlu_walk_cache {
	u32 serial;
	u32 walk;
	struct mlu_cached_frame frame[MLU_CACHE_SETS][MLU_CACHE_WAYS];
};

static inline struct mlu_cached_frame *mlu_cached_frames(struct mlu_walk_cache *cache, u64 sp,
							 u64 pc)
{
	return cache->frame[hash_64(sp + (pc << 16), MLU_CACHE_BITS)];
}

/**
 * mlu_cached_frame_find() - find a frame in the cache
 * @cache: the CPU's cache
 * @version: mlu_maps_version() of the target
 * @sp: its stack pointer
 * @pc: its pc
 *
 * Context: Preemption is disabled.
 * Return: the frame, or NULL.
 */
static __always_inline struct mlu_cached_frame *mlu_cached_frame_find(struct mlu_walk_cache *cache,
								      u64 version, u64 sp, u64 pc)
{
	struct mlu_cached_frame *f = mlu_cached_frames(cache, sp, pc);
	const struct mlu_cached_frame *end = f + MLU_CACHE_WAYS;

	for (; f < end; f++)
		if (f->sp == sp && f->pc == pc && f->version == version)
			return f;
	return NULL;
}

DECLARE_PER_CPU(struct mlu_walk_cache *, mlu_walk_caches);

/**
 * mlu_walk_cache_get() - get this CPU's cache and disable preemption
 *
 * Return: the cache, or NULL if this CPU has none; preemption is disabled in both cases.
 */
static inline struct mlu_walk_cache *mlu_walk_cache_get(void)
{
	return get_cpu_var(mlu_walk_caches);
}

/**
 * mlu_walk_cache_put() - enable preemption after mlu_walk_cache_get()
 */
static inline void mlu_walk_cache_put(void)
{
	put_cpu_var(mlu_walk_caches);
}

bool mlu_walk_cache_is_linked(struct mlu_cached_frame *f, u32 serial);

/**
 * mlu_cached_frame_is_linked() - are all outer frames of an entry still in the cache?
 * @cache: the cache
 * @f: the entry
 *
 * Context: Preemption is disabled.
 * Return: true if they are.
 */
static inline bool mlu_cached_frame_is_linked(const struct mlu_walk_cache *cache,
					      struct mlu_cached_frame *f)
{
	return f->linked_at == cache->serial || mlu_walk_cache_is_linked(f, cache->serial);
}

int mlu_walk_cache_init(void);
void mlu_walk_cache_exit(void);
const struct mlu_cached_frame *mlu_cached_frame_changed(const struct mlu_cached_frame *f);
bool mlu_walk_cache_join(struct mlu_walk *walk, struct mlu_cached_frame *frame, u64 *changed_sp);
void mlu_walk_cache_add(struct mlu_walk *walk, u64 epoch, struct mlu_stack *stack);

#endif /* MLU_WALK_CACHE_H */
