/* SPDX-License-Identifier: GPL-2.0-only */
/* The time stamp counter, which counts instructions in a machine started with MLU_ICOUNT=1. */
#ifndef BENCH_TSC_H
#define BENCH_TSC_H

typedef unsigned long long u64;

static inline u64 tsc_read(void)
{
	unsigned int low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

#endif
