// SPDX-License-Identifier: GPL-2.0-only
/*
 * handlers: measures the machine code of the module's handlers on this machine.
 *
 * The module's object file, as the kernel's build has made it, is linked into this program, with
 * what it needs of the kernel (kernel.c) and a target (target.c). The program calls the probes'
 * handlers as the kernel would, for a malloc that returns a block and for the free of it: one pair.
 * The stack is the program's own: 8 frames with unwind data.
 *
 *	native/pair				time of a pair
 *	native/pair-two-cpus-same-stack		the same while another thread makes pairs on another
 *						CPU, from the same stack
 *	native/pair-two-cpus-other-stacks	the same, from another stack
 *	native/pair-cold-SIZE			the same when that much other memory has been
 *						written to since the last pair
 *	host/bare-pair				a malloc and its free with probes of this machine's
 *						kernel that no one handles (host.c)
 *	composed/eh-8				how many times a bare pair it would take with our
 *						handlers: (host/bare-pair + native/pair) divided by
 *						host/bare-pair; composed of the two, not measured
 *
 * What differs from the kernel:
 *  - A program cannot execute stac and clac: three of each are missing in a pair.
 *  - Returns and calls through pointers are not protected, as on a processor that needs no
 *    protection. (The fences before reads of user memory are there.)
 *  - What the kernel executes around the handlers, exceptions and the uprobes' own code, is not
 *    there: caches and branch predictors are warmer than after that.
 *  - jiffies stand still, and no interrupt handler or other task uses the module's per-CPU data.
 *
 * Each round measures each kind once, in an order that rotates from round to round. A result is the
 * median of the rounds, and that of a round the median of its slices. Fails unless the counters
 * show that each pair was recorded and freed, with 8 frames, and that there were two stacks.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../tsc.h"
#include "handlers.h"
#include "user.h"

#define ROUNDS 15
#define FRAMES 8
#define MAX_SLICES 501
#define MAX_TRIES 20

enum { ALONE, SAME, OTHER, COLD_64K, COLD_1M, COLD_8M, BARE, NR_KINDS };

/* A kind of pairs, measured in slices of some pairs. */
struct kind {
	const char *name;
	unsigned int slices;
	unsigned int pairs;
	size_t cold; /* bytes that are written to before each slice */
	bool two_cpus;
	bool elsewhere; /* the second CPU has another stack */
};

static const struct kind kinds[NR_KINDS] = {
	[ALONE] = { .name = "native/pair", .slices = 301, .pairs = 400 },
	[SAME] = {
		.name = "native/pair-two-cpus-same-stack",
		.slices = 301,
		.pairs = 400,
		.two_cpus = true,
	},
	[OTHER] = {
		.name = "native/pair-two-cpus-other-stacks",
		.slices = 301,
		.pairs = 400,
		.two_cpus = true,
		.elsewhere = true,
	},
	[COLD_64K] = { .name = "native/pair-cold-64k", .slices = 501, .pairs = 1, .cold = 1 << 16 },
	[COLD_1M] = { .name = "native/pair-cold-1m", .slices = 201, .pairs = 1, .cold = 1 << 20 },
	[COLD_8M] = { .name = "native/pair-cold-8m", .slices = 51, .pairs = 1, .cold = 8 << 20 },
	[BARE] = { .name = "host/bare-pair", .slices = 301, .pairs = 50 },
};

/* A thread that makes pairs on its CPU; @pairs is read by the other one. */
struct worker {
	volatile unsigned long pairs;
	unsigned long block;
	unsigned int number;
	int cpu;
	pthread_t thread;
} __attribute__((aligned(128)));

static struct worker workers[HANDLERS_CPUS];
static unsigned int nr_workers;
static pthread_barrier_t barrier;
static const struct kind *kind; /* NULL: the workers end */
static volatile bool is_over;
static unsigned int levels;
static double ns_per_tick;
static u64 empty_ticks;
static double measured; /* by the last call of measure(); 0: failed */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double find_median(double *values, int nr)
{
	qsort(values, nr, sizeof(*values), compare_doubles);
	return values[nr / 2];
}

static u64 ordered_ticks(void)
{
	u64 ticks;

	__asm__ volatile("lfence" : : : "memory");
	ticks = tsc_read();
	__asm__ volatile("lfence" : : : "memory");
	return ticks;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Determine the length of a tick, and how many pass between two reads. */
static void calibrate_ticks(void)
{
	double begin = now_ns(), end;
	u64 first = ordered_ticks(), one;
	int i;

	empty_ticks = -1;
	for (i = 0; i < 1000; i++) {
		one = ordered_ticks();
		one = ordered_ticks() - one;
		if (one < empty_ticks)
			empty_ticks = one;
	}
	do {
		end = now_ns();
	} while (end - begin < 2e8);
	ns_per_tick = (end - begin) / (ordered_ticks() - first);
}

/* === The workers, both of which execute the same code === */

static void spoil_caches(size_t bytes)
{
	static volatile char memory[8 << 20];
	size_t at;

	for (at = 0; at < bytes; at += 64)
		memory[at]++;
}

static __attribute__((noipa)) void make_pairs(struct worker *w, unsigned int nr)
{
	while (nr--) {
		if (kind == &kinds[BARE]) {
			host_pair();
			continue;
		}
		user_pair(w->block);
		w->pairs++;
	}
}

/* Return: ns per pair of one slice, or 0 if it does not count. */
static __attribute__((noipa)) double measure_slice(struct worker *w, const struct worker *other)
{
	unsigned long before;
	u64 start, ticks;

	spoil_caches(kind->cold);
	before = other ? other->pairs : 0;
	start = ordered_ticks();
	make_pairs(w, kind->pairs);
	ticks = ordered_ticks() - start - empty_ticks;
	if (other && other->pairs - before < kind->pairs / 2)
		return 0;
	return ticks * ns_per_tick / kind->pairs;
}

/*
 * Measure, or make pairs until the other worker has measured. A slice does not count if the other
 * one has made few pairs meanwhile, as it had to leave its CPU to another program.
 */
static __attribute__((noipa)) void measure(struct worker *w)
{
	static double times[MAX_SLICES];
	const struct worker *other = kind->two_cpus && !w->number ? &workers[1] : NULL;
	unsigned int tries, nr = 0;
	double ns;

	/* One loop for both, so that their stacks are the same. */
	for (tries = 0; tries < MAX_TRIES * kind->slices || w->number; tries++) {
		if (w->number ? is_over : nr == kind->slices)
			break;
		ns = measure_slice(w, other);
		if (ns && !w->number)
			times[nr++] = ns;
	}
	if (w->number)
		return;
	is_over = true;
	measured = nr == kind->slices ? find_median(times, nr) : 0;
}

static __attribute__((noipa)) void descend(struct worker *w, unsigned int depth)
{
	if (depth)
		descend(w, depth - 1);
	else
		measure(w);
	__asm__ volatile("");
}

static __attribute__((noipa)) void descend_elsewhere(struct worker *w, unsigned int depth)
{
	if (depth)
		descend_elsewhere(w, depth - 1);
	else
		measure(w);
	__asm__ volatile("");
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		user_die("cannot stay on a CPU");
	user_set_cpu(w->number);
	for (;;) {
		pthread_barrier_wait(&barrier);
		if (!kind)
			return NULL;
		if (w->number && kind->elsewhere)
			descend_elsewhere(w, levels);
		else if (!w->number || kind->two_cpus)
			descend(w, levels);
		pthread_barrier_wait(&barrier);
	}
}

static void start_workers(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		user_die("cannot get the CPUs");
	for (cpu = 0; cpu < CPU_SETSIZE && nr_workers < HANDLERS_CPUS; cpu++)
		if (CPU_ISSET(cpu, &set))
			workers[nr_workers++].cpu = cpu;
	pthread_barrier_init(&barrier, NULL, nr_workers + 1);
	for (cpu = 0; cpu < (int)nr_workers; cpu++) {
		workers[cpu].number = cpu;
		if (pthread_create(&workers[cpu].thread, NULL, run_worker, &workers[cpu]))
			user_die("cannot start a thread");
	}
}

/* Return: ns per pair, or 0 if many slices do not count. */
static double run_kind(const struct kind *next, unsigned int round)
{
	unsigned int i;

	/* Another block each time, as two may share a bucket or its cache line by chance. */
	for (i = 0; i < nr_workers; i++)
		workers[i].block = 0x7f0000001000 + ((unsigned long)i << 20) + round * 80;
	is_over = false;
	measured = 0;
	kind = next;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return measured;
}

static void stop_workers(void)
{
	unsigned int i;

	kind = NULL;
	pthread_barrier_wait(&barrier);
	for (i = 0; i < nr_workers; i++)
		pthread_join(workers[i].thread, NULL);
}

/* === The counters, which prove that the pairs were pairs === */

/* Find the number of levels with which the stack has FRAMES frames. */
static void choose_levels(struct handlers_counts *before)
{
	static const struct kind one = { .slices = 1, .pairs = 1 };

	run_kind(&one, 0);
	handlers_read_counts(before);
	if (!before->frames || before->frames > FRAMES)
		user_die("the stack cannot have the wanted number of frames");
	levels = FRAMES - before->frames;
}

static void check_counts(const struct handlers_counts *before)
{
	unsigned long pairs = workers[0].pairs + workers[1].pairs;
	struct handlers_counts now;

	handlers_read_counts(&now);
	printf("# %lu pairs, %lu recorded, %lu freed, %lu walks, %lu frames, %lu stacks\n", pairs,
	       now.allocated, now.freed, now.walks, now.frames, now.stacks - before->stacks);
	if (now.allocated != pairs || now.freed != pairs || now.walks != pairs || now.others ||
	    now.frames - before->frames != (pairs - before->walks) * FRAMES ||
	    now.stacks - before->stacks != nr_workers)
		user_die("the counters do not match the pairs");
}

/* === Output === */

static void print_ratio(const double *medians, int one, int other)
{
	if (medians[one] && medians[other])
		printf("# %s is %.2f times %s\n", kinds[one].name, medians[one] / medians[other],
		       kinds[other].name);
}

/* The results of one kind. */
struct series {
	const char *missing; /* why it has not been measured, or NULL */
	unsigned int nr;
	double ns[ROUNDS];
};

static void print_results(struct series *series)
{
	double medians[NR_KINDS] = {};
	struct series *s = series;
	int i;

	for (i = 0; i < NR_KINDS; i++, s++) {
		if (!s->missing && s->nr < ROUNDS / 2)
			s->missing = "other programs used the CPUs";
		if (s->missing) {
			printf("# %s: not measured: %s\n", kinds[i].name, s->missing);
			continue;
		}
		medians[i] = find_median(s->ns, s->nr);
		printf("bench %s %.0f ns\n", kinds[i].name, medians[i]);
		printf("# %s: %.0f to %.0f ns in %u rounds\n", kinds[i].name, s->ns[0],
		       s->ns[s->nr - 1], s->nr);
	}
	for (i = SAME; i <= COLD_8M; i++)
		print_ratio(medians, i, ALONE);
	if (medians[BARE] && medians[ALONE])
		printf("bench composed/eh-8 %.2f x bare\n", 1 + medians[ALONE] / medians[BARE]);
	else
		puts("# composed/eh-8: not measured: one of its parts is missing");
}

int main(void)
{
	static struct series series[NR_KINDS];
	struct handlers_counts before;
	int round, i, k;
	double ns;

	calibrate_ticks();
	user_init();
	series[BARE].missing = host_init();
	start_workers();
	if (nr_workers < HANDLERS_CPUS)
		series[SAME].missing = "only one CPU";
	series[OTHER].missing = series[SAME].missing;
	choose_levels(&before);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < NR_KINDS; i++) {
			k = (i + round) % NR_KINDS;
			if (series[k].missing)
				continue;
			ns = run_kind(&kinds[k], round);
			if (ns)
				series[k].ns[series[k].nr++] = ns;
		}
	}
	stop_workers();
	check_counts(&before);
	print_results(series);
	return 0;
}
