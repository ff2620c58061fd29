// SPDX-License-Identifier: GPL-2.0-only
/*
 * An allocator whose calls may be abandoned at any instruction, by a longjmp out of a signal
 * handler or by the exit of the thread. Only the block that the call was about is lost then.
 *
 * There are no locks: new blocks are cut from an arena by an atomic addition. Free blocks are on a
 * stack for each size, whose top is changed by a single compare-and-swap; a count of all changes
 * beside the top makes the swap fail if the same block has been popped and pushed meanwhile (ABA).
 *
 * Linked into torture_jump, and built as a library for torture_jump_apart.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA (1ul << 30)
#define UNIT 16ul
#define SMALLEST 5 /* as a power of two */
#define SIZES 20

#define ALLOCATED 0x6e767267
#define FREED 0x64656572

/*
 * Precedes each block. An aligned block, which starts in the middle of another one, has a head of
 * its own, of which first and mark are used only.
 */
struct head {
	uint32_t next;	/* the block below it on the stack, in units; 0: none */
	uint32_t size;	/* index of the stack */
	uint32_t first; /* the block itself, or the one that contains it, in units */
	uint32_t mark;	/* ALLOCATED or FREED */
};

static _Alignas(4096) char arena[ARENA];
static uint64_t used = UNIT;
static uint64_t tops[SIZES];

static struct head *head_at(uint32_t unit)
{
	return (struct head *)(arena + unit * UNIT);
}

static uint32_t pop_block(int size)
{
	uint64_t top = __atomic_load_n(&tops[size], __ATOMIC_ACQUIRE), below;

	do {
		if (!(uint32_t)top)
			return 0;
		below = __atomic_load_n(&head_at(top)->next, __ATOMIC_RELAXED);
		below |= ((top >> 32) + 1) << 32;
	} while (!__atomic_compare_exchange_n(&tops[size], &top, below, 0, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return top;
}

static void push_block(struct head *head)
{
	uint64_t top = __atomic_load_n(&tops[head->size], __ATOMIC_ACQUIRE), above;

	do {
		__atomic_store_n(&head->next, (uint32_t)top, __ATOMIC_RELAXED);
		above = head->first | ((top >> 32) + 1) << 32;
	} while (!__atomic_compare_exchange_n(&tops[head->size], &top, above, 0, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
}

static uint32_t cut_block(int size)
{
	uint64_t at = __atomic_fetch_add(&used, 1ul << (size + SMALLEST), __ATOMIC_RELAXED);

	return at + (1ul << (size + SMALLEST)) > ARENA ? 0 : at / UNIT;
}

static struct head *take_block(size_t bytes)
{
	struct head *head;
	uint32_t unit;
	int size = 0;

	while (size < SIZES && (1ul << (size + SMALLEST)) < bytes + sizeof(*head))
		size++;
	if (size == SIZES || bytes > ARENA)
		return NULL;
	unit = pop_block(size);
	if (!unit)
		unit = cut_block(size);
	if (!unit)
		return NULL;
	head = head_at(unit);
	head->size = size;
	head->first = unit;
	head->mark = ALLOCATED;
	return head;
}

static void die_of(const char *what)
{
	ssize_t n = write(STDERR_FILENO, what, strlen(what));

	(void)n;
	_exit(1);
}

static struct head *head_of(void *p)
{
	struct head *head = (struct head *)p - 1;

	if ((char *)p < arena || (char *)p > arena + ARENA || head->mark != ALLOCATED)
		die_of("not a block, or a free one\n");
	return head;
}

static size_t room_of(const struct head *head, const void *p)
{
	const struct head *first = head_at(head->first);

	return (char *)first + (1ul << (first->size + SMALLEST)) - (char *)p;
}

void *malloc(size_t bytes)
{
	struct head *head = take_block(bytes);

	if (head)
		return head + 1;
	errno = ENOMEM;
	return NULL;
}

void free(void *p)
{
	struct head *head;

	if (!p)
		return;
	head = head_of(p);
	head->mark = FREED;
	push_block(head_at(head->first));
}

void *calloc(size_t n, size_t bytes)
{
	void *p = malloc(n * bytes);

	return p ? memset(p, 0, n * bytes) : NULL;
}

/* Moves one of three blocks although it could remain at its address. */
void *realloc(void *p, size_t bytes)
{
	struct head *head;
	size_t room;
	void *q;

	if (!p)
		return malloc(bytes);
	head = head_of(p);
	room = room_of(head, p);
	if (bytes <= room && bytes % 3)
		return p;
	q = malloc(bytes);
	if (!q)
		return NULL;
	memcpy(q, p, room < bytes ? room : bytes);
	head->mark = FREED;
	push_block(head_at(head->first));
	return q;
}

void *memalign(size_t align, size_t bytes)
{
	struct head *first = take_block(bytes + align), *head;
	uintptr_t p;

	if (!first) {
		errno = ENOMEM;
		return NULL;
	}
	p = ((uintptr_t)(first + 1) + align - 1) & -align;
	head = (struct head *)p - 1;
	head->first = first->first;
	head->mark = ALLOCATED;
	return (void *)p;
}

void *aligned_alloc(size_t align, size_t bytes)
{
	return memalign(align < UNIT ? UNIT : align, bytes);
}

int posix_memalign(void **p, size_t align, size_t bytes)
{
	void *q = aligned_alloc(align, bytes);

	if (q)
		*p = q;
	return q ? 0 : ENOMEM;
}
