/* SPDX-License-Identifier: GPL-2.0-only */
/* handlers: what its two halves call of each other; see main.c. */
#ifndef BENCH_HANDLERS_H
#define BENCH_HANDLERS_H

struct pt_regs;

#define HANDLERS_CPUS 2

/**
 * struct handlers_image - this program, as the module sees a mapped file
 * @bytes: its file
 * @size: bytes of the file
 * @start: the first address of its code
 * @end: the first address behind its code
 * @stack: where the process's stack began
 */
struct handlers_image {
	const void *bytes;
	unsigned long size;
	unsigned long start;
	unsigned long end;
	unsigned long stack;
};

/**
 * struct handlers_counts - sums of the counters of the target's epoch
 * @allocated: blocks that were recorded
 * @freed: records that were removed
 * @walks: stacks that were walked to their end
 * @frames: frames that were left by a rule
 * @stacks: distinct stacks
 * @others: the sum of all other counters: events that were lost, or not as expected
 */
struct handlers_counts {
	unsigned long allocated;
	unsigned long freed;
	unsigned long walks;
	unsigned long frames;
	unsigned long stacks;
	unsigned long others;
};

void handlers_patch(void);
void handlers_init_cpu(unsigned int cpu, unsigned long offset);
int handlers_init(const struct handlers_image *image);
void handlers_pair(struct pt_regs *regs, unsigned long block);
void handlers_read_counts(struct handlers_counts *counts);

#endif /* BENCH_HANDLERS_H */
