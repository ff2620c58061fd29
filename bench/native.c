// SPDX-License-Identifier: GPL-2.0-only
/*
 * native: measures the module's unwinder on this machine: its source files, built for the host.
 *
 *	native [OBJECT...]
 *
 * Prints "bench native/NAME VALUE UNIT" lines:
 *
 *	frame-known		time to look up a cached rule and step to the caller
 *	rule-first-OBJECT	time to interpret the rule of an address of the object, uncached
 *	read-OBJECT		time to copy the object's unwind data and index it
 *	bytes-OBJECT		memory that the copy and the index take
 *	worst-rule		time to interpret the longest rule that is not refused
 *
 * The stack is this program's own, and reading a word of it costs almost nothing; in the kernel it
 * costs some nanoseconds more.
 */
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "lib/elf.h"
#include "lib/frame.h"
#include "mem.h"
#include "rules.h"

#define ROUNDS 9
#define DEPTH 32
#define WALKS 20000
#define SITES 200000

struct object {
	struct mlu_elf_source source;
	const char *name;
	u8 *bytes;
	u8 scratch[4096];
	struct mlu_elf elf;
	struct mlu_rules *rules;
};

static long charged;
static volatile u64 sink;

/* === Functions that the module's files call === */

/**
 * mlu_mem_charge() - count memory that is allocated; see mem.h
 * @kind: unused
 * @size: bytes
 *
 * Return: true
 */
bool mlu_mem_charge(enum mlu_mem_kind kind, size_t size)
{
	(void)kind;
	charged += size;
	return true;
}

/**
 * mlu_mem_uncharge() - count memory that is freed; see mem.h
 * @kind: unused
 * @size: bytes
 */
void mlu_mem_uncharge(enum mlu_mem_kind kind, size_t size)
{
	(void)kind;
	charged -= size;
}

/**
 * mlu_mem_zalloc() - allocate and count zeroed memory; see mem.h
 * @kind: unused
 * @size: bytes
 * @gfp: unused
 *
 * Return: the memory, or NULL
 */
void *mlu_mem_zalloc(enum mlu_mem_kind kind, size_t size, gfp_t gfp)
{
	(void)gfp;
	return mlu_mem_charge(kind, size) ? calloc(1, size) : NULL;
}

/**
 * mlu_mem_free() - free memory of mlu_mem_zalloc(); see mem.h
 * @kind: unused
 * @p: the memory; may be NULL
 * @size: bytes
 */
void mlu_mem_free(enum mlu_mem_kind kind, void *p, size_t size)
{
	if (p)
		mlu_mem_uncharge(kind, size);
	free(p);
}

/**
 * mlu_memory_read() - read a word of this program's memory; see frame.h
 * @memory: unused
 * @addr: address of the word
 * @word: is set to the word
 *
 * Return: true
 */
bool mlu_memory_read(const struct mlu_memory *memory, u64 addr, u64 *word)
{
	(void)memory;
	*word = *(const u64 *)(uintptr_t)addr;
	return true;
}

/* === Objects === */

static void die_errno(const char *what)
{
	perror(what);
	exit(1);
}

static int read_bytes(const struct mlu_elf_source *source, u64 offset, void *to, size_t len)
{
	memcpy(to, ((const struct object *)source)->bytes + offset, len);
	return 0;
}

static struct object *open_object(const char *path)
{
	struct object *o = calloc(1, sizeof(*o));
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die_errno(path);
	o->name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	o->bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	o->source = (struct mlu_elf_source){ .read = read_bytes, .size = st.st_size };
	close(fd);
	if (o->bytes == MAP_FAILED ||
	    mlu_elf_open(&o->elf, &o->source, o->scratch, sizeof(o->scratch)))
		die_errno(path);
	o->rules = mlu_rules_read(&o->elf);
	if (!o->rules || (long)o->rules < 0)
		die_errno(path);
	return o;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double find_median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare_doubles);
	return values[ROUNDS / 2];
}

static void print_result(const char *what, const char *name, double value, const char *unit)
{
	printf("bench native/%s%s%s %.0f %s\n", what, *name ? "-" : "", name, value, unit);
}

static void bench_read(struct object *o)
{
	double times[ROUNDS], begin;
	long before;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		mlu_rules_free(o->rules);
		before = charged;
		begin = now_ns();
		o->rules = mlu_rules_read(&o->elf);
		times[i] = (now_ns() - begin) / 1000;
	}
	printf("# %s: %u bytes of .eh_frame, %u entries\n", o->name, o->rules->cfi.size,
	       o->rules->cfi.nr);
	print_result("read", o->name, find_median(times), "us");
	print_result("bytes", o->name, charged - before, "bytes");
}

/* Look up addresses near the start of entries chosen at random. */
static void bench_first(struct object *o)
{
	static struct mlu_rules_scratch scratch;
	static u64 site[SITES];
	struct mlu_cfi *cfi = &o->rules->cfi;
	double times[ROUNDS], begin;
	int i, round;

	for (i = 0; i < SITES; i++)
		site[i] = cfi->base + cfi->table[rand() % cfi->nr].start + rand() % 64;
	for (round = 0; round < ROUNDS; round++) {
		begin = now_ns();
		for (i = 0; i < SITES; i++)
			sink += mlu_cfi_rule(cfi, site[i], &scratch.cfi, &scratch.rule);
		times[round] = (now_ns() - begin) / SITES;
	}
	print_result("rule-first", o->name, find_median(times), "ns");
}

/* === Walking this program's own stack === */

static struct object *self;
static u64 bias;

static int first_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	bias = info->dlpi_addr;
	return 1;
}

static void registers_here(struct mlu_registers *regs, const ucontext_t *context)
{
	const greg_t *from = context->uc_mcontext.gregs;

	memset(regs, 0, sizeof(*regs));
	regs->value[MLU_CFI_RBX] = from[REG_RBX];
	regs->value[MLU_CFI_RBP] = from[REG_RBP];
	regs->value[MLU_CFI_RSP] = from[REG_RSP];
	regs->value[12] = from[REG_R12];
	regs->value[13] = from[REG_R13];
	regs->value[14] = from[REG_R14];
	regs->value[15] = from[REG_R15];
	regs->known = 0xffff;
	regs->pc = from[REG_RIP];
	regs->interrupted = true;
}

/* Walk up to @depth frames of this program's code. Return: the number of frames */
static unsigned int walk_stack(const struct mlu_registers *begin, unsigned int depth)
{
	static const struct mlu_memory memory;
	static struct mlu_rules_scratch scratch;
	struct mlu_registers regs = *begin;
	struct mlu_rule_found found;
	unsigned int n;
	u64 at;

	for (n = 0; n < depth; n++) {
		at = mlu_frame_lookup(&regs) - bias;
		if (!mlu_rules_recall(self->rules, at, &found))
			mlu_rules_learn(self->rules, at, at, &scratch, &found);
		if (found.refusal ||
		    mlu_frame_by_rule(&self->rules->cfi, found.rule, &memory, &regs))
			break;
	}
	return n;
}

static void bench_walk(void)
{
	struct mlu_registers regs;
	double times[ROUNDS], begin;
	ucontext_t context;
	int i, round;

	getcontext(&context);
	registers_here(&regs, &context);
	if (walk_stack(&regs, DEPTH) != DEPTH)
		die_errno("the walk of this program's own stack");
	for (round = 0; round < ROUNDS; round++) {
		begin = now_ns();
		for (i = 0; i < WALKS; i++)
			sink += walk_stack(&regs, DEPTH);
		times[round] = (now_ns() - begin) / WALKS / DEPTH;
	}
	print_result("frame-known", "", find_median(times), "ns");
}

static noinline void call_loop_frame(int depth);

/* Two functions whose frames differ and that save registers call each other. */
static noinline void call_array_frame(int depth)
{
	volatile char array[100];

	array[depth] = depth;
	call_loop_frame(depth - array[depth] + array[depth] - 1);
	array[depth] = 0;
}

static noinline void call_loop_frame(int depth)
{
	int i;

	if (!depth) {
		bench_walk();
		return;
	}
	for (i = depth; i < depth + 1; i++)
		call_array_frame(depth - (i > 1000));
	sink += i;
}

/* === The longest rule === */

/* A CIE, and an FDE with about the maximum number of operations, of two bytes each. */
static void bench_worst(void)
{
	static const u8 cie[] = { 16, 0,    0,	0,    0, 0, 0,	  0, 1, 0,
				  1,  0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0 };
	static u8 data[2 * MLU_CFI_MAX_OPS + 64];
	static struct mlu_rules_scratch scratch;
	u32 ops = MLU_CFI_MAX_OPS - 8, len = 4 + 16 + 2 * ops;
	struct mlu_cfi_entry table[1], spare[1];
	double times[ROUNDS], begin;
	struct mlu_cfi cfi;
	u64 range[2] = { 16, 1000 };
	u32 back = sizeof(cie) + 4, i;

	memcpy(data, cie, sizeof(cie));
	memcpy(data + sizeof(cie), &len, 4);
	memcpy(data + sizeof(cie) + 4, &back, 4);
	memcpy(data + sizeof(cie) + 8, range, 16);
	for (i = 0; i < ops; i++)
		memcpy(data + sizeof(cie) + 24 + 2 * i, "\x0e\x10", 2);
	mlu_cfi_init(&cfi, data, sizeof(cie) + 4 + len, 0);
	if (mlu_cfi_count(&cfi, 1) != 1)
		die_errno("the longest rule");
	mlu_cfi_index(&cfi, table, spare, 1);
	for (i = 0; i < ROUNDS; i++) {
		begin = now_ns();
		if (mlu_cfi_rule(&cfi, 500, &scratch.cfi, &scratch.rule))
			die_errno("the longest rule");
		times[i] = now_ns() - begin;
	}
	print_result("worst-rule", "", find_median(times), "ns");
}

int main(int argc, char **argv)
{
	int i;

	dl_iterate_phdr(first_object, NULL);
	self = open_object("/proc/self/exe");
	call_loop_frame(DEPTH);
	bench_worst();
	for (i = 1; i < argc; i++) {
		struct object *o = open_object(argv[i]);

		bench_first(o);
		bench_read(o);
	}
	return 0;
}
