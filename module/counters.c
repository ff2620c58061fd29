// SPDX-License-Identifier: GPL-2.0-only
/* Counters of events: their names and sums.  Entered from readers; needs no lock. */
#include "counters.h"

const char *const mlu_counter_names[MLU_NR_COUNTERS] = {
#define X(name) #name,
	MLU_COUNTERS(X)
#undef X
};

/** mlu_counters_add() - add what all CPUs have counted to @sum */
void mlu_counters_add(struct mlu_counters *sum, struct mlu_counters __percpu *counters)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < MLU_NR_COUNTERS; i++)
			sum->n[i] += READ_ONCE(per_cpu_ptr(counters, cpu)->n[i]);
}

/** mlu_counters_lost() - the events that should have made a record and did not */
u64 mlu_counters_lost(const struct mlu_counters *sum)
{
	u64 lost = 0;
	unsigned int i;

	for (i = MLU_COUNT_lost_memory; i <= MLU_COUNT_lost_fault; i++)
		lost += sum->n[i];
	return lost;
}
