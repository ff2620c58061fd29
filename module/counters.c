// SPDX-License-Identifier: GPL-2.0-only
/* Counters of events: their names and sums. Called from readers; takes no lock. */
#include "counters.h"

const char *const mlu_counter_names[MLU_NR_COUNTERS] = {
#define X(name) #name,
	MLU_COUNTERS(X)
#undef X
};

/**
 * mlu_counters_add() - add the counters of all CPUs to a sum
 * @sum: the sum
 * @counters: the counters
 *
 * Context: Any. Handlers may run meanwhile.
 */
void mlu_counters_add(struct mlu_counters *sum, struct mlu_counters __percpu *counters)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < MLU_NR_COUNTERS; i++)
			sum->n[i] += READ_ONCE(per_cpu_ptr(counters, cpu)->n[i]);
}

/**
 * mlu_counters_lost() - sum up the events that should have been recorded and were not
 * @sum: the counters
 *
 * Return: their number.
 */
u64 mlu_counters_lost(const struct mlu_counters *sum)
{
	u64 lost = 0;
	unsigned int i;

	for (i = MLU_COUNT_lost_memory; i <= MLU_COUNT_lost_split; i++)
		lost += sum->n[i];
	return lost;
}
