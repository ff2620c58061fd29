// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format prometheus, of a report that is hostile to it. selftests/peers reads it with promtool,
 * node_exporter and Prometheus.
 */
#include "exported.h"

#include <inttypes.h>

#include "mem.h"
#include "tap.h"

static char *metrics;

static void expect_text(const char *text, const char *claim)
{
	if (!tap_ok(metrics && strstr(metrics, text), claim))
		printf("# wanted: %s\n#    got: %s\n", text, metrics);
}

static size_t count_text(const char *text)
{
	size_t nr = 0;

	for (const char *p = metrics; (p = strstr(p, text)); p += strlen(text))
		nr++;
	return nr;
}

/* The sum of the values of the series that begin with a text. */
static uint64_t sum_of(const char *start)
{
	uint64_t sum = 0;

	for (const char *p = metrics; (p = strstr(p, start)); p += strlen(start))
		if (p == metrics || p[-1] == '\n')
			sum += strtoull(strchr(strchr(p, '}'), ' '), NULL, 10);
	return sum;
}

static void take_text(const char *report)
{
	size_t size;

	free(metrics);
	metrics = export_text("prometheus", report, &size);
}

static void test_stacks(void)
{
	expect_text("# HELP memleak_user_outstanding_bytes Bytes that were allocated and not freed, of "
		    "the largest stacks.\n# TYPE memleak_user_outstanding_bytes gauge\n"
		    "memleak_user_outstanding_bytes{pid=\"12\",comm=\"a; b\",stack=\"1\","
		    "function=\"q\\\"x;\\\\012\\\\377.so+0x1000\"} 9223372036854775808\n",
		    "a stack has its bytes, and names are escaped");
	expect_text("memleak_user_outstanding_blocks{pid=\"12\",comm=\"a; b\",stack=\"2\","
		    "function=\"app+0x1198\"} 3\n",
		    "and its blocks");
	expect_text("stack=\"9\",function=\"[no frames]\"} 50\n", "a stack may have no frames");
	is_number(sum_of("memleak_user_outstanding_bytes{pid=\"12\""), 9223372036854775978ull,
		  "the stacks of a process have its bytes");
	is_number(sum_of("memleak_user_outstanding_blocks"), 36, "all stacks have all blocks");
}

static void test_targets(void)
{
	expect_text("memleak_user_target_outstanding_bytes{pid=\"12\",comm=\"a; b\"} "
		    "9223372036854775978\n",
		    "a process has its bytes");
	expect_text("memleak_user_target_outstanding_blocks{pid=\"14\",comm=\"idle\"} 0\n",
		    "one without any has 0 blocks");
	expect_text("# TYPE memleak_user_target_error_bytes gauge\n"
		    "memleak_user_target_error_bytes{pid=\"13\",comm=\"a; b\"} 11\n#",
		    "only a sampled one has errors");
	expect_text("memleak_user_target_error_blocks{pid=\"13\",comm=\"a; b\"} 2\n",
		    "of bytes and of blocks");
	expect_text("memleak_user_target_traced_seconds{pid=\"12\",comm=\"a; b\"} 2\n",
		    "the time is in seconds");
	expect_text("# TYPE memleak_user_allocated_total counter\n"
		    "memleak_user_allocated_total{pid=\"12\",comm=\"a; b\"} 20\n",
		    "allocations are a counter");
	expect_text("memleak_user_freed_total{pid=\"12\",comm=\"a; b\"} 14\n", "and those freed");
	expect_text("memleak_user_lost_total{pid=\"12\",comm=\"a; b\",reason=\"limit\"} 3\n",
		    "losses have their reasons");
	expect_text("memleak_user_lost_total{pid=\"12\",comm=\"a; b\",reason=\"fault\"} 0\n",
		    "also those that have not occurred");
	is_number(sum_of("memleak_user_lost_total{pid=\"12\""), 7,
		  "their sum is that of the report");
}

static void test_rare_targets(void)
{
	static const char text[] =
		"memleak_user report 1\n"
		"target 3 pid 12 old exec 1 ms: 5 bytes in 1 allocations from 1 stack, lost 2\n"
		"5 bytes in 1 allocations from stack 1 (age 1..1 ms, 1 made, 0 freed)\n"
		"\t0x0000000000000010 [anon]+0x10 (end)\n"
		"target 4 pid 12 old tracing 1 ms: 7 bytes in 1 allocations from 1 stack, lost 4\n"
		"events allocated=1 freed=0 lost_later=4\n"
		"7 bytes in 1 allocations from stack 1 (age 1..1 ms, 1 made, 0 freed)\n"
		"\t0x0000000000000010 [anon]+0x10 (end)\n";

	take_text(text);
	expect_text("{pid=\"12\",comm=\"old\",target=\"3\",stack=\"1\",function=\"[anon]+0x10\"} 5\n",
		    "targets with the same PID are distinguished");
	expect_text("{pid=\"12\",comm=\"old\",target=\"4\",stack=\"1\",function=\"[anon]+0x10\"} 7\n",
		    "both of them");
	expect_text("memleak_user_lost_total{pid=\"12\",comm=\"old\",target=\"3\",reason=\"unknown\"} 2\n",
		    "an older module has no reasons of losses");
	expect_text("memleak_user_lost_total{pid=\"12\",comm=\"old\",target=\"4\",reason=\"later\"} 4\n",
		    "a later one may have others");
	is_number(count_text("memleak_user_allocated_total{"), 1,
		  "counters that are not known are left out");
}

/* Two processes with 100 stacks of 1 to 100 bytes each. */
static char *many_stacks(void)
{
	char *text = mu_format("memleak_user report 1\n");

	for (int pid = 1; pid <= 2; pid++) {
		char *longer = mu_format("%starget %d pid %d p tracing 1 ms: 5050 bytes in 100 "
					 "allocations from 100 stacks, lost 0\n",
					 text, pid, pid);

		free(text);
		text = longer;
		for (int i = 1; i <= 100; i++) {
			longer =
				mu_format("%s%d bytes in 1 allocations from stack %d (age 1..1 ms, "
					  "1 made, 0 freed)\n\t0x0000000000000010 [anon]+0x%x (end)\n",
					  text, i, i, i);
			free(text);
			text = longer;
		}
	}
	return text;
}

static void test_many_stacks(void)
{
	char *text = many_stacks();

	take_text(text);
	free(text);
	is_number(count_text("memleak_user_outstanding_bytes{"), 22,
		  "20 stacks are series, and the others of two processes");
	is_number(count_text("memleak_user_outstanding_blocks{"), 22, "so it is with blocks");
	expect_text("memleak_user_outstanding_bytes{pid=\"2\",comm=\"p\",stack=\"91\",",
		    "the largest of all processes");
	tap_ok(!strstr(metrics, "stack=\"90\""), "and not the next one");
	expect_text("memleak_user_outstanding_bytes{pid=\"1\",comm=\"p\",stack=\"other\","
		    "function=\"other\"} 4095\n",
		    "the others are one series");
	is_number(sum_of("memleak_user_outstanding_bytes{"), 10100, "so that nothing is missing");
	is_number(sum_of("memleak_user_outstanding_blocks{"), 200, "nor of the blocks");
}

int main(void)
{
	take_text(hostile_report);
	test_stacks();
	test_targets();
	test_rare_targets();
	test_many_stacks();
	take_text(empty_report);
	is_number(count_text("{"), 0, "an empty report has no series");
	is_number(count_text("# TYPE memleak_user_"), 10, "but the types of all metrics");
	free(metrics);
	return done_testing();
}
